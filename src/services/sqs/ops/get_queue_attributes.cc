// GetQueueAttributes: the asked attributes, all with "All", none when none is asked.
// The three approximate counts are exact here. IAM: sqs:GetQueueAttributes.
// Source: SQS API Reference, GetQueueAttributes.
#include <set>

#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

const std::set<std::string_view>& known_names() {
    static const std::set<std::string_view> kNames = {"All",
                                                      "Policy",
                                                      "VisibilityTimeout",
                                                      "MaximumMessageSize",
                                                      "MessageRetentionPeriod",
                                                      "ApproximateNumberOfMessages",
                                                      "ApproximateNumberOfMessagesNotVisible",
                                                      "CreatedTimestamp",
                                                      "LastModifiedTimestamp",
                                                      "QueueArn",
                                                      "ApproximateNumberOfMessagesDelayed",
                                                      "DelaySeconds",
                                                      "ReceiveMessageWaitTimeSeconds",
                                                      "RedrivePolicy",
                                                      "FifoQueue",
                                                      "ContentBasedDeduplication",
                                                      "KmsMasterKeyId",
                                                      "KmsDataKeyReusePeriodSeconds",
                                                      "DeduplicationScope",
                                                      "FifoThroughputLimit",
                                                      "RedriveAllowPolicy",
                                                      "SqsManagedSseEnabled"};
    return kNames;
}

}  // namespace

Result<void> GetQueueAttributes::check(const Input& input) {
    if (!input.attribute_names) return {};
    for (const std::string& name : *input.attribute_names) {
        if (!known_names().contains(name)) return errors::unknown_attribute(name);
    }
    return {};
}

Result<void> GetQueueAttributes::authorize(SqsService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:GetQueueAttributes", requests);
}

Outcome<GetQueueAttributes::Output> GetQueueAttributes::run(SqsService& service, OpContext& context,
                                                            const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    Output output;
    if (!input.attribute_names || input.attribute_names->empty()) return output;
    std::map<std::string, std::string> all = attributes_of(*queue.queue);
    const QueueIndex::Counts counts = queue.live->index.counts(epoch_ms(context.now()));
    all["ApproximateNumberOfMessages"] = std::to_string(counts.visible);
    all["ApproximateNumberOfMessagesNotVisible"] = std::to_string(counts.in_flight);
    all["ApproximateNumberOfMessagesDelayed"] = std::to_string(counts.delayed);
    const std::set<std::string> asked(input.attribute_names->begin(), input.attribute_names->end());
    if (!asked.contains("All"))
        std::erase_if(all, [&](const auto& attribute) { return !asked.contains(attribute.first); });
    if (!all.empty()) output.attributes = std::move(all);
    return output;
}

}  // namespace millrace::sqs
