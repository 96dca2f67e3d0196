// DeleteMessageBatch: up to ten handles; each succeeds or fails by itself.
// IAM: sqs:DeleteMessage on the queue. Source: SQS API Reference, DeleteMessageBatch.
#include "services/sqs/delivery.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> DeleteMessageBatch::check(const Input& input) {
    std::vector<std::string> ids;
    if (input.entries) {
        for (const auto& entry : *input.entries) ids.push_back(entry.id.value_or(""));
    }
    return check_batch_ids(ids, "DeleteMessageBatchRequestEntry");
}

Result<void> DeleteMessageBatch::authorize(SqsService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:DeleteMessage", requests);
}

Outcome<DeleteMessageBatch::Output> DeleteMessageBatch::run(SqsService& service, OpContext& context,
                                                            const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    Output output;
    for (const auto& entry : *input.entries) {
        const auto result =
            delete_message(context.txn(), queue, entry.receipt_handle.value_or(""), context.now());
        if (result) {
            if (!output.successful) output.successful.emplace();
            output.successful->emplace_back().id = *entry.id;
        } else {
            if (!output.failed) output.failed.emplace();
            output.failed->push_back(failed_entry(*entry.id, result.error()));
        }
    }
    if (queue.queue->fifo) context.wake(wake_key(*queue.queue));
    return output;
}

}  // namespace millrace::sqs
