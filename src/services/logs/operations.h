// The operations of CloudWatch Logs; ops/ has their definitions by noun.
#pragma once

#include <fmt/format.h>

#include "contracts/operation.h"
#include "model/generated/logs.h"
#include "services/logs/keys.h"

namespace millrace::logs {

namespace errors {
inline Error make(std::string code, std::string message) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    return error;
}
inline Error group_exists() {
    return make("ResourceAlreadyExistsException", "The specified log group already exists");
}
inline Error stream_exists() {
    return make("ResourceAlreadyExistsException", "The specified log stream already exists");
}
inline Error no_group() {
    return make("ResourceNotFoundException", "The specified log group does not exist.");
}
inline Error no_stream() {
    return make("ResourceNotFoundException", "The specified log stream does not exist.");
}
inline Error invalid(std::string message) {
    return make("InvalidParameterException", std::move(message));
}
}  // namespace errors

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
#define MR_LOGS_OPERATIONS(X)           \
    X(CreateLogGroup, kPoint, kWrite)   \
    X(CreateLogStream, kPoint, kWrite)  \
    X(DeleteLogGroup, kRange, kWrite)   \
    X(DescribeLogGroups, kRange, kRead) \
    X(DescribeLogStreams, kRange, kRead)\
    X(FilterLogEvents, kRange, kRead)   \
    X(GetLogEvents, kRange, kRead)      \
    X(PutLogEvents, kPoint, kWrite)
// clang-format on
MR_LOGS_OPERATIONS(MR_LOGS_OPERATION)

}  // namespace millrace::logs
