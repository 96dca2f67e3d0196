// ListQueues: URLs by name prefix; paged only when MaxResults is given.
// IAM: sqs:ListQueues on all queues. Source: SQS API Reference, ListQueues.
#include "codec/base64.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

constexpr int kResultsMax = 1000;

}  // namespace

Result<void> ListQueues::check(const Input& input) {
    if (input.max_results && (*input.max_results < 1 || *input.max_results > kResultsMax)) {
        return errors::invalid_value(std::to_string(*input.max_results), "MaxResults",
                                     "MaxResults must be an integer between 1 and 1000.");
    }
    return {};
}

Result<void> ListQueues::authorize(SqsService&, OpContext& context, const Input&,
                                   AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "sqs:ListQueues";
    request.resource_account = context.account();
    request.resource =
        "arn:aws:sqs:" + std::string(context.region()) + ":" + request.resource_account + ":";
    requests.push_back(std::move(request));
    return {};
}

Outcome<ListQueues::Output> ListQueues::run(SqsService&, OpContext& context, const Input& input) {
    const std::string prefix = input.queue_name_prefix.value_or("");
    std::string from = prefix;
    if (input.next_token) {
        const auto last = codec::base64_decode(*input.next_token);
        if (!last) return errors::invalid_parameter("Invalid or expired next token.");
        from = *last + '\0';
    }
    const auto count_max = static_cast<size_t>(input.max_results.value_or(kResultsMax));
    std::vector<std::string> names;
    bool more = false;
    context.txn().scan(
        {store::Space::kQueues, queue_partition(context.account(), context.region()), from, ""},
        [&](std::string_view name, std::string_view) {
            if (!name.starts_with(prefix)) return false;
            if (names.size() == count_max) {
                more = true;
                return false;
            }
            names.emplace_back(name);
            return true;
        });
    Output output;
    if (names.empty()) return output;
    output.queue_urls.emplace();
    for (const std::string& name : names) {
        output.queue_urls->push_back(context.request().endpoint_url + "/" +
                                     std::string(context.account()) + "/" + name);
    }
    if (more && input.max_results) output.next_token = codec::base64_encode(names.back());
    return output;
}

}  // namespace millrace::sqs
