// ChangeMessageVisibilityBatch: up to ten handles; each succeeds or fails by itself.
// IAM: sqs:ChangeMessageVisibility on the queue. Source: SQS API Reference,
// ChangeMessageVisibilityBatch.
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> ChangeMessageVisibilityBatch::check(const Input& input) {
    std::vector<std::string> ids;
    if (input.entries) {
        for (const auto& entry : *input.entries) ids.push_back(entry.id.value_or(""));
    }
    return check_batch_ids(ids, "ChangeMessageVisibilityBatchRequestEntry");
}

Result<void> ChangeMessageVisibilityBatch::authorize(SqsService& service, OpContext& context,
                                                     const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:ChangeMessageVisibility",
                           requests);
}

Outcome<ChangeMessageVisibilityBatch::Output> ChangeMessageVisibilityBatch::run(
    SqsService& service, OpContext& context, const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    Output output;
    for (const auto& entry : *input.entries) {
        const int seconds = entry.visibility_timeout.value_or(-1);
        const Result<void> result =
            seconds < 0 || seconds > 43'200
                ? errors::invalid_value(std::to_string(seconds), "VisibilityTimeout",
                                        "Must be between 0 and 43200, if provided.")
                : change_visibility(context.txn(), queue, entry.receipt_handle.value_or(""),
                                    seconds, context.now());
        if (result) {
            if (!output.successful) output.successful.emplace();
            output.successful->emplace_back().id = *entry.id;
        } else {
            if (!output.failed) output.failed.emplace();
            output.failed->push_back(failed_entry(*entry.id, result.error()));
        }
    }
    context.wake(wake_key(*queue.queue));
    return output;
}

}  // namespace millrace::sqs
