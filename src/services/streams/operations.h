// The operations of DynamoDB Streams; ops/ has their definitions.
#pragma once

#include "contracts/operation.h"
#include "model/generated/dynamodbstreams.h"
#include "services/streams/errors.h"
#include "services/streams/service.h"

namespace millrace::streams {

// clang-format off
#define MR_STREAMS_OPERATION(Name, cost_)                                                                    \
    struct Name {                                                                                            \
        using Service = StreamsService;                                                                      \
        using Input = model::dynamodbstreams::Name##Input;                                                   \
        using Output = model::dynamodbstreams::Name##Output;                                                 \
        static constexpr contracts::OpTraits kTraits{                                                        \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::kRead};              \
        static Result<void> check(const Input& input);                                                       \
        static Result<void> authorize(StreamsService& service, contracts::OpContext& context,                \
                                      const Input& input, contracts::AuthzRequests& requests);               \
        static contracts::Outcome<Output> run(StreamsService& service, contracts::OpContext& context,        \
                                              const Input& input);                                           \
    }
MR_STREAMS_OPERATION(DescribeStream, kPoint);
MR_STREAMS_OPERATION(GetRecords, kRange);
MR_STREAMS_OPERATION(GetShardIterator, kPoint);
MR_STREAMS_OPERATION(ListStreams, kRange);
// clang-format on

// "dynamodb:<action>" on a stream's (or "*") ARN, with the stream's own policy.
void ask(StreamsService& service, contracts::OpContext& context, std::string_view arn,
         std::string_view action, contracts::AuthzRequests& requests);

}  // namespace millrace::streams
