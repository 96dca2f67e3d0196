// ListQueueTags. IAM: sqs:ListQueueTags. Source: SQS API Reference, ListQueueTags.
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> ListQueueTags::check(const Input&) { return {}; }

Result<void> ListQueueTags::authorize(SqsService& service, OpContext& context, const Input& input,
                                      AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:ListQueueTags", requests);
}

Outcome<ListQueueTags::Output> ListQueueTags::run(SqsService& service, OpContext& context,
                                                  const Input& input) {
    MR_TRY(const QueueRef ref, service.find_by_url(context, input.queue_url));
    Output output;
    if (!ref.queue->tags.empty()) output.tags = ref.queue->tags;
    return output;
}

}  // namespace millrace::sqs
