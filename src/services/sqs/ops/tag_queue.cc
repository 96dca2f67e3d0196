// TagQueue, at most 50 tags. IAM: sqs:TagQueue. Source: SQS API Reference, TagQueue.
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> TagQueue::check(const Input& input) {
    if (!input.tags || input.tags->empty()) return errors::missing_parameter("Tags");
    for (const auto& [key, value] : *input.tags) {
        if (key.empty() || key.size() > 128 || value.size() > 256 || key.starts_with("aws:")) {
            return errors::invalid_parameter(
                "Tag keys must be 1 to 128 characters long and not begin with aws:, tag "
                "values at most 256.");
        }
    }
    return {};
}

Result<void> TagQueue::authorize(SqsService& service, OpContext& context, const Input& input,
                                 AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:TagQueue", requests);
}

Outcome<TagQueue::Output> TagQueue::run(SqsService& service, OpContext& context,
                                        const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Queue queue = *ref.queue;
    for (const auto& [key, value] : *input.tags) queue.tags[key] = value;
    if (queue.tags.size() > 50)
        return errors::invalid_parameter("Too many tags added for queue " + queue.name + ".");
    service.save(context.txn(), queue);
    return Output{};
}

}  // namespace millrace::sqs
