// PurgeQueue: drops every message that was sent before. Once a minute.
// IAM: sqs:PurgeQueue. Source: SQS API Reference, PurgeQueue.
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

constexpr int64_t kOnceEveryMs = 60'000;

}  // namespace

Result<void> PurgeQueue::check(const Input&) { return {}; }

Result<void> PurgeQueue::authorize(SqsService& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:PurgeQueue", requests);
}

Outcome<PurgeQueue::Output> PurgeQueue::run(SqsService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    const int64_t now_ms = epoch_ms(context.now());
    if (ref.queue->purged_ms + kOnceEveryMs > now_ms)
        return errors::purge_in_progress(ref.queue->name);
    Queue queue = *ref.queue;
    queue.purged_ms = now_ms;
    service.save(context.txn(), queue);
    service.purge(context.txn(), ref, next_sequence(context.txn(), ref, context.now()));
    return Output{};
}

}  // namespace millrace::sqs
