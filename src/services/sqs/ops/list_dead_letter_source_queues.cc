// ListDeadLetterSourceQueues: the queues whose redrive policy names this queue.
// IAM: sqs:ListDeadLetterSourceQueues. Source: SQS API Reference. O(queues of the account and
// region).
#include "codec/base64.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

constexpr int kResultsMax = 1000;

}  // namespace

Result<void> ListDeadLetterSourceQueues::check(const Input& input) {
    if (input.max_results && (*input.max_results < 1 || *input.max_results > kResultsMax)) {
        return errors::invalid_value(std::to_string(*input.max_results), "MaxResults",
                                     "MaxResults must be an integer between 1 and 1000.");
    }
    return {};
}

Result<void> ListDeadLetterSourceQueues::authorize(SqsService& service, OpContext& context,
                                                   const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:ListDeadLetterSourceQueues",
                           requests);
}

Outcome<ListDeadLetterSourceQueues::Output> ListDeadLetterSourceQueues::run(SqsService& service,
                                                                            OpContext& context,
                                                                            const Input& input) {
    MR_TRY(const QueueRef target, service.find_by_url(context, input.queue_url));
    const std::string arn = target.queue->arn();
    std::string from;
    if (input.next_token) {
        const auto last = codec::base64_decode(*input.next_token);
        if (!last) return errors::invalid_parameter("Invalid or expired next token.");
        from = *last + '\0';
    }
    const auto count_max = static_cast<size_t>(input.max_results.value_or(kResultsMax));
    Output output;
    output.queue_urls.emplace();
    std::string last;
    context.txn().scan({store::Space::kQueues,
                        queue_partition(target.queue->account, target.queue->region), from, ""},
                       [&](std::string_view name, std::string_view row) {
                           const Queue queue = decode_queue(row);
                           if (!queue.redrive || queue.redrive->dead_letter_arn != arn) return true;
                           if (output.queue_urls->size() == count_max) {
                               if (input.max_results)
                                   output.next_token = codec::base64_encode(last);
                               return false;
                           }
                           last = name;
                           output.queue_urls->push_back(queue_url(context, queue));
                           return true;
                       });
    return output;
}

}  // namespace millrace::sqs
