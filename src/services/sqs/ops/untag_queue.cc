// UntagQueue: keys that are not there are no error. IAM: sqs:UntagQueue. Source: SQS API Reference.
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> UntagQueue::check(const Input& input) {
    if (!input.tag_keys || input.tag_keys->empty()) return errors::missing_parameter("TagKeys");
    return {};
}

Result<void> UntagQueue::authorize(SqsService& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:UntagQueue", requests);
}

Outcome<UntagQueue::Output> UntagQueue::run(SqsService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Queue queue = *ref.queue;
    for (const std::string& key : *input.tag_keys) queue.tags.erase(key);
    service.save(context.txn(), queue);
    return Output{};
}

}  // namespace millrace::sqs
