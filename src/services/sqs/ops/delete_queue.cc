// DeleteQueue: deletes a queue with its messages. Waiting receives end. The name may be used again
// after 60 seconds. IAM: sqs:DeleteQueue. Source: SQS API Reference, DeleteQueue.
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> DeleteQueue::check(const Input&) { return {}; }

Result<void> DeleteQueue::authorize(SqsService& service, OpContext& context, const Input& input,
                                    AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:DeleteQueue", requests);
}

Outcome<DeleteQueue::Output> DeleteQueue::run(SqsService& service, OpContext& context,
                                              const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    service.remove(context.txn(), queue, context.now());
    context.wake(wake_key(*queue.queue));
    return Output{};
}

}  // namespace millrace::sqs
