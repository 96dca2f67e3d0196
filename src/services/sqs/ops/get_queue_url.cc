// GetQueueUrl: the URL of a queue by its name. IAM: sqs:GetQueueUrl.
// Source: SQS API Reference, GetQueueUrl.
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

QueueName name_of(const OpContext& context, const GetQueueUrl::Input& input) {
    return {std::string(context.region()),
            input.queue_owner_aws_account_id.value_or(std::string(context.account())),
            input.queue_name.value_or("")};
}

}  // namespace

Result<void> GetQueueUrl::check(const Input& input) {
    if (!input.queue_name || input.queue_name->empty())
        return errors::missing_parameter("QueueName");
    return {};
}

Result<void> GetQueueUrl::authorize(SqsService& service, OpContext& context, const Input& input,
                                    AuthzRequests& requests) {
    const QueueName name = name_of(context, input);
    contracts::AuthzRequest request;
    request.action = "sqs:GetQueueUrl";
    request.resource = "arn:aws:sqs:" + name.region + ":" + name.account + ":" + name.name;
    request.resource_account = name.account;
    if (const QueueRef queue = service.find(context.txn(), name))
        request.resource_policy = queue.queue->parsed_policy;
    requests.push_back(std::move(request));
    return {};
}

Outcome<GetQueueUrl::Output> GetQueueUrl::run(SqsService& service, OpContext& context,
                                              const Input& input) {
    const QueueRef queue = service.find(context.txn(), name_of(context, input));
    if (!queue) return errors::queue_does_not_exist();
    Output output;
    output.queue_url = queue_url(context, *queue.queue);
    return output;
}

}  // namespace millrace::sqs
