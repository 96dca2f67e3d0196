// ChangeMessageVisibility: when a message in flight becomes visible again, counted from now.
// IAM: sqs:ChangeMessageVisibility on the queue. Source: SQS API Reference,
// ChangeMessageVisibility.
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> ChangeMessageVisibility::check(const Input& input) {
    if (!input.receipt_handle) return errors::missing_parameter("ReceiptHandle");
    if (!input.visibility_timeout) return errors::missing_parameter("VisibilityTimeout");
    if (*input.visibility_timeout < 0 || *input.visibility_timeout > 43'200) {
        return errors::invalid_value(std::to_string(*input.visibility_timeout), "VisibilityTimeout",
                                     "Must be between 0 and 43200, if provided.");
    }
    return {};
}

Result<void> ChangeMessageVisibility::authorize(SqsService& service, OpContext& context,
                                                const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:ChangeMessageVisibility",
                           requests);
}

Outcome<ChangeMessageVisibility::Output> ChangeMessageVisibility::run(SqsService& service,
                                                                      OpContext& context,
                                                                      const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    MR_CHECK_OK(change_visibility(context.txn(), queue, *input.receipt_handle,
                                  *input.visibility_timeout, context.now()));
    context.wake(wake_key(*queue.queue));
    return Output{};
}

}  // namespace millrace::sqs
