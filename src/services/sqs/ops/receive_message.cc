// ReceiveMessage: up to ten visible messages, waiting up to 20 s for the first.
//
// IAM:     sqs:ReceiveMessage on the queue.
// Writes:  the messages' receive state, not waited for: losing it only means another delivery. What
//          is shown is durable, since the answer waits for what was read.
// Source:  SQS API Reference, ReceiveMessage.
#include <algorithm>
#include <charconv>

#include "codec/digest.h"
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

bool wanted(const std::vector<std::string>& names, const std::string& name) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& asked) {
        if (asked == "All" || asked == ".*" || asked == name) return true;
        return asked.ends_with(".*") &&
               name.starts_with(std::string_view(asked).substr(0, asked.size() - 2));
    });
}

model::sqs::Message to_model(const Queue& queue, Received& received,
                             const std::vector<std::string>& system_names,
                             const std::vector<std::string>& names) {
    model::sqs::Message message;
    message.message_id = received.message.message_id;
    message.receipt_handle = received.receipt_handle;
    message.md5_of_body = codec::md5_hex(received.message.body);
    if (!system_names.empty()) {
        for (auto& [name, value] : system_attributes(queue, received)) {
            if (!wanted(system_names, name)) continue;
            if (!message.attributes) message.attributes.emplace();
            message.attributes->emplace(name, std::move(value));
        }
    }
    std::vector<MessageAttribute> returned;
    for (MessageAttribute& attribute : received.message.attributes) {
        if (wanted(names, attribute.name)) returned.push_back(std::move(attribute));
    }
    if (!returned.empty()) {
        message.md5_of_message_attributes = md5_of_attributes(returned);
        message.message_attributes.emplace();
        for (MessageAttribute& attribute : returned) {
            model::sqs::MessageAttributeValue value;
            value.data_type = attribute.data_type;
            (attribute.binary() ? value.binary_value : value.string_value) =
                std::move(attribute.value);
            message.message_attributes->emplace(attribute.name, std::move(value));
        }
    }
    message.body = std::move(received.message.body);
    return message;
}

}  // namespace

Result<void> ReceiveMessage::check(const Input& input) {
    const auto bounded = [](std::optional<int32_t> value, int least, int most, const char* name,
                            const char* reason) -> Result<void> {
        if (!value || (*value >= least && *value <= most)) return {};
        return errors::invalid_value(std::to_string(*value), name, reason);
    };
    MR_CHECK_OK(bounded(input.max_number_of_messages, 1, 10, "MaxNumberOfMessages",
                        "Must be between 1 and 10, if provided."));
    MR_CHECK_OK(bounded(input.wait_time_seconds, 0, 20, "WaitTimeSeconds",
                        "Must be >= 0 and <= 20, if provided."));
    if (input.receive_request_attempt_id && !valid_fifo_id(*input.receive_request_attempt_id)) {
        return errors::invalid_value(
            *input.receive_request_attempt_id, "ReceiveRequestAttemptId",
            "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 "
            "to 128 in length.");
    }
    return bounded(input.visibility_timeout, 0, 43'200, "VisibilityTimeout",
                   "Must be between 0 and 43200, if provided.");
}

Result<void> ReceiveMessage::authorize(SqsService& service, OpContext& context, const Input& input,
                                       AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:ReceiveMessage", requests);
}

Outcome<ReceiveMessage::Output> ReceiveMessage::run(SqsService& service, OpContext& context,
                                                    const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    const Queue& definition = *queue.queue;
    // Before looking, so that a message that comes meanwhile wakes the wait.
    const uint64_t epoch = service.hub().epoch(wake_key(definition));
    std::vector<std::string> wakes;
    if (!definition.fifo &&
        queue.live->index.counts(epoch_ms(context.now())).in_flight >= kInFlightMax) {
        return errors::over_limit();
    }
    std::vector<Received> received =
        receive(service, context.txn(), queue,
                {input.max_number_of_messages.value_or(1),
                 input.visibility_timeout.value_or(definition.visibility_s),
                 input.receive_request_attempt_id.value_or("")},
                context.now(), wakes);
    for (std::string& key : wakes) context.wake(std::move(key));
    if (received.empty()) {
        // The token is the end of the wait, so that it does not start anew with each look.
        int64_t end_ms = 0;
        if (context.resume_token.empty()) {
            end_ms = epoch_ms(context.now()) +
                     int64_t{input.wait_time_seconds.value_or(definition.receive_wait_s)} * 1000;
        } else {
            std::from_chars(context.resume_token.data(),
                            context.resume_token.data() + context.resume_token.size(), end_ms);
        }
        if (epoch_ms(context.now()) < end_ms) {
            const auto next = queue.live->index.next_visible_ms(epoch_ms(context.now()));
            const int64_t look_again_ms = std::min(end_ms, next.value_or(end_ms));
            return contracts::Wait{wake_key(definition), epoch, from_epoch_ms(look_again_ms),
                                   std::to_string(end_ms)};
        }
    }
    std::vector<std::string> system_names =
        input.message_system_attribute_names.value_or(std::vector<std::string>());
    if (input.attribute_names)
        system_names.insert(system_names.end(), input.attribute_names->begin(),
                            input.attribute_names->end());
    Output output;
    for (Received& one : received) {
        if (!output.messages) output.messages.emplace();
        output.messages->push_back(
            to_model(definition, one, system_names,
                     input.message_attribute_names.value_or(std::vector<std::string>())));
    }
    return output;
}

}  // namespace millrace::sqs
