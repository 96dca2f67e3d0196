// The operations of SQS: each is implemented in ops/<operation>.cc. See contracts/operation.h.
#pragma once

#include <string>
#include <vector>

#include "contracts/operation.h"
#include "model/generated/sqs.h"
#include "services/sqs/service.h"

namespace millrace::sqs {

using contracts::Access;
using contracts::AuthzRequests;
using contracts::Cost;
using contracts::OpContext;
using contracts::OpTraits;
using contracts::Outcome;

// clang-format off
#define MR_SQS_OPERATION(Name, ...)                                                                   \
    struct Name {                                                                                     \
        using Service = SqsService;                                                                   \
        using Input = model::sqs::Name##Input;                                                        \
        using Output = model::sqs::Name##Output;                                                      \
        static constexpr OpTraits kTraits{.name = #Name, __VA_ARGS__};                                \
        static Result<void> check(const Input& input);                                                \
        static Result<void> authorize(SqsService& service, OpContext& context, const Input& input,    \
                                      AuthzRequests& requests);                                       \
        static Outcome<Output> run(SqsService& service, OpContext& context, const Input& input);      \
    }

MR_SQS_OPERATION(AddPermission);
MR_SQS_OPERATION(CancelMessageMoveTask);
MR_SQS_OPERATION(ChangeMessageVisibility);
MR_SQS_OPERATION(ChangeMessageVisibilityBatch);
MR_SQS_OPERATION(CreateQueue);
MR_SQS_OPERATION(DeleteMessage);
MR_SQS_OPERATION(DeleteMessageBatch);
MR_SQS_OPERATION(DeleteQueue);
MR_SQS_OPERATION(GetQueueAttributes, .access = Access::kRead);
MR_SQS_OPERATION(GetQueueUrl, .access = Access::kRead);
MR_SQS_OPERATION(ListDeadLetterSourceQueues, .cost = Cost::kRange, .access = Access::kRead);
MR_SQS_OPERATION(ListMessageMoveTasks, .cost = Cost::kRange, .access = Access::kRead);
MR_SQS_OPERATION(ListQueueTags, .access = Access::kRead);
MR_SQS_OPERATION(ListQueues, .cost = Cost::kRange, .access = Access::kRead);
MR_SQS_OPERATION(PurgeQueue);
// A receive that is lost with the power only means another delivery.
MR_SQS_OPERATION(ReceiveMessage, .durable = false);
MR_SQS_OPERATION(RemovePermission);
MR_SQS_OPERATION(SendMessage);
MR_SQS_OPERATION(SendMessageBatch);
MR_SQS_OPERATION(SetQueueAttributes);
MR_SQS_OPERATION(StartMessageMoveTask, .cost = Cost::kRange);
MR_SQS_OPERATION(TagQueue);
MR_SQS_OPERATION(UntagQueue);
// clang-format on

// `action` ("sqs:SendMessage") on the queue that the URL names, whether there is one or not.
Result<void> authorize_queue(SqsService& service, OpContext& context,
                             const std::optional<std::string>& url, std::string_view action,
                             AuthzRequests& requests);
// The same for a queue that the parameter names by its ARN; what is no ARN of a queue is refused.
Result<void> authorize_arn(SqsService& service, OpContext& context, std::string_view parameter,
                           std::string_view arn, std::string_view action, AuthzRequests& requests);
// The rules for the ids of a batch's entries. `entry_name`: "SendMessageBatchRequestEntry".
Result<void> check_batch_ids(const std::vector<std::string>& ids, std::string_view entry_name);
// "http://localhost:4566/123456789012/name"
std::string queue_url(const OpContext& context, const Queue& queue);
// An entry of a batch's Failed list.
model::sqs::BatchResultErrorEntry failed_entry(const std::string& id, const Error& error);

}  // namespace millrace::sqs
