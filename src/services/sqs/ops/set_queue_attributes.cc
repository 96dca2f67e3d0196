// SetQueueAttributes: changes attributes; all or none. IAM: sqs:SetQueueAttributes.
// Source: SQS API Reference, SetQueueAttributes.
#include <algorithm>

#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> SetQueueAttributes::check(const Input& input) {
    if (!input.attributes) return errors::missing_parameter("Attribute.Name");
    return {};
}

Result<void> SetQueueAttributes::authorize(SqsService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:SetQueueAttributes", requests);
}

Outcome<SetQueueAttributes::Output> SetQueueAttributes::run(SqsService& service, OpContext& context,
                                                            const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Queue queue = *ref.queue;
    MR_CHECK_OK(apply_attributes(queue, *input.attributes, false));
    if (queue.redrive_policy != ref.queue->redrive_policy)
        MR_CHECK_OK(service.check_dead_letter_target(context.txn(), queue));
    queue.modified_s = epoch_seconds(context.now());
    service.save(context.txn(), queue);
    if (queue.fifo && queue.delay_s != ref.queue->delay_s) {
        // The delay of a FIFO queue also holds for what waits in it.
        const int64_t now_ms = epoch_ms(context.now());
        const int64_t since_ms =
            now_ms - int64_t{std::max(queue.delay_s, ref.queue->delay_s)} * 1000;
        context.txn().on_commit(
            [live = ref.live, since_ms, delay_s = queue.delay_s, now_ms](store::Version) {
                live->index.redelay(static_cast<Sequence>(since_ms) * 1000, int64_t{delay_s} * 1000,
                                    now_ms);
            });
        context.wake(wake_key(queue));
    }
    return Output{};
}

}  // namespace millrace::sqs
