// DeleteMessage: deletes a message by a receipt handle. Deleting what is gone is no error.
// IAM: sqs:DeleteMessage on the queue. Source: SQS API Reference, DeleteMessage.
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> DeleteMessage::check(const Input& input) {
    if (!input.receipt_handle) return errors::missing_parameter("ReceiptHandle");
    return {};
}

Result<void> DeleteMessage::authorize(SqsService& service, OpContext& context, const Input& input,
                                      AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:DeleteMessage", requests);
}

Outcome<DeleteMessage::Output> DeleteMessage::run(SqsService& service, OpContext& context,
                                                  const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    MR_CHECK_OK(delete_message(context.txn(), queue, *input.receipt_handle, context.now()));
    // The next message of a FIFO group may be received now.
    if (queue.queue->fifo) context.wake(wake_key(*queue.queue));
    return Output{};
}

}  // namespace millrace::sqs
