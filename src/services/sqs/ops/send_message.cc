// SendMessage: puts one message into a queue.
//
// IAM:     sqs:SendMessage on the queue, identity or queue policy.
// Writes:  the message; FIFO: the last sequence and the deduplication row. Answered when durable.
// Source:  SQS API Reference, SendMessage.
#include "codec/digest.h"
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/system_attribute.h"

namespace millrace::sqs {

Result<void> SendMessage::check(const Input&) { return {}; }

Result<void> SendMessage::authorize(SqsService& service, OpContext& context, const Input& input,
                                    AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:SendMessage", requests);
}

Outcome<SendMessage::Output> SendMessage::run(SqsService& service, OpContext& context,
                                              const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    MR_TRY(std::vector<MessageAttribute> attributes, read_attributes(input.message_attributes));
    MR_TRY(const std::string trace_header, read_trace_header(input.message_system_attributes));
    const std::string attributes_md5 = attributes.empty() ? "" : md5_of_attributes(attributes);
    MR_TRY(Draft draft, check_draft(*queue.queue, input.message_body.value_or(""),
                                    std::move(attributes), input.delay_seconds,
                                    input.message_group_id, input.message_deduplication_id));
    draft.sender_id = context.caller().user_id;
    draft.trace_header = trace_header;
    const Sent sent = send(service, context.txn(), queue, draft, context.now());
    context.wake(wake_key(*queue.queue));

    Output output;
    output.message_id = sent.message_id;
    output.md5_of_message_body = codec::md5_hex(draft.body);
    if (!attributes_md5.empty()) output.md5_of_message_attributes = attributes_md5;
    if (!trace_header.empty())
        output.md5_of_message_system_attributes = md5_of_trace_header(trace_header);
    if (queue.queue->fifo) output.sequence_number = sequence_number(sent.sequence);
    return output;
}

}  // namespace millrace::sqs
