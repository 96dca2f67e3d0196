// The operations of CloudWatch Logs; ops/ has their definitions by noun.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "model/generated/logs.h"
#include "services/logs/errors.h"
#include "services/logs/service.h"

namespace millrace::logs {

// clang-format off
#define MR_LOGS_OPERATION(Name, cost_, access_)                                                             \
    struct Name {                                                                                           \
        using Service = LogsService;                                                                        \
        using Input = model::logs::Name##Input;                                                             \
        using Output = model::logs::Name##Output;                                                           \
        static constexpr contracts::OpTraits kTraits{                                                       \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::access_};           \
        static Result<void> check(const Input& input);                                                      \
        static Result<void> authorize(LogsService& service, contracts::OpContext& context,                  \
                                      const Input& input, contracts::AuthzRequests& requests);              \
        static contracts::Outcome<Output> run(LogsService& service, contracts::OpContext& context,          \
                                              const Input& input);                                          \
    };
#define MR_LOGS_OPERATIONS(X)             \
    X(CreateLogGroup, kPoint, kWrite)     \
    X(CreateLogStream, kPoint, kWrite)    \
    X(DeleteLogGroup, kPoint, kWrite)     \
    X(DeleteLogStream, kRange, kWrite)    \
    X(DeleteRetentionPolicy, kPoint, kWrite) \
    X(DescribeLogGroups, kRange, kRead)   \
    X(DescribeLogStreams, kRange, kRead)  \
    X(FilterLogEvents, kRange, kRead)     \
    X(GetLogEvents, kRange, kRead)        \
    X(ListTagsForResource, kPoint, kRead) \
    X(ListTagsLogGroup, kPoint, kRead)    \
    X(PutLogEvents, kPoint, kWrite)       \
    X(PutRetentionPolicy, kPoint, kWrite) \
    X(TagLogGroup, kPoint, kWrite)        \
    X(TagResource, kPoint, kWrite)        \
    X(UntagLogGroup, kPoint, kWrite)      \
    X(UntagResource, kPoint, kWrite)
// clang-format on
MR_LOGS_OPERATIONS(MR_LOGS_OPERATION)

// A group of the caller's account and region.
GroupName name_of(const contracts::OpContext& context, const std::optional<std::string>& group);
// A group by its name or, for the operations that take one, its identifier: name or ARN. Never
// both.
Result<GroupName> group_of(const contracts::OpContext& context,
                           const std::optional<std::string>& group,
                           const std::optional<std::string>& identifier);
// Asks for "logs:<action>" on the resource. A group's events and streams are below
// `group_resource`; what concerns one stream names it.
Result<void> ask(const GroupName& name, std::string_view resource, std::string_view action,
                 contracts::AuthzRequests& requests);
std::string group_resource(const GroupName& name);
std::string stream_resource(const GroupName& name, const std::optional<std::string>& stream);

}  // namespace millrace::logs
