// SetQueueAttributes: changes attributes; all or none. IAM: sqs:SetQueueAttributes.
// Source: SQS API Reference, SetQueueAttributes.
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
    queue.modified_s = epoch_seconds(context.now());
    service.save(context.txn(), queue);
    return Output{};
}

}  // namespace millrace::sqs
