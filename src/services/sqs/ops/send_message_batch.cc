// SendMessageBatch: up to ten messages in one transaction; each succeeds or fails by itself.
//
// IAM:     sqs:SendMessage on the queue.
// Errors:  of the whole request: ids, number of entries, 1 MiB in sum.
// Source:  SQS API Reference, SendMessageBatch.
#include "codec/digest.h"
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/system_attribute.h"

namespace millrace::sqs {
namespace {

using Entry = model::sqs::SendMessageBatchRequestEntry;

Result<model::sqs::SendMessageBatchResultEntry> send_entry(SqsService& service, OpContext& context,
                                                           const QueueRef& queue,
                                                           const Entry& entry) {
    MR_TRY(std::vector<MessageAttribute> attributes, read_attributes(entry.message_attributes));
    MR_TRY(const std::string trace_header, read_trace_header(entry.message_system_attributes));
    const std::string attributes_md5 = attributes.empty() ? "" : md5_of_attributes(attributes);
    MR_TRY(Draft draft, check_draft(*queue.queue, entry.message_body.value_or(""),
                                    std::move(attributes), entry.delay_seconds,
                                    entry.message_group_id, entry.message_deduplication_id));
    draft.sender_id = context.caller().user_id;
    draft.trace_header = trace_header;
    const Sent sent = send(service, context.txn(), queue, draft, context.now());
    model::sqs::SendMessageBatchResultEntry result;
    result.id = entry.id;
    result.message_id = sent.message_id;
    result.md5_of_message_body = codec::md5_hex(draft.body);
    if (!attributes_md5.empty()) result.md5_of_message_attributes = attributes_md5;
    if (!trace_header.empty())
        result.md5_of_message_system_attributes = md5_of_trace_header(trace_header);
    if (queue.queue->fifo) result.sequence_number = sequence_number(sent.sequence);
    return result;
}

size_t entry_bytes(const Entry& entry) {
    size_t bytes = entry.message_body.value_or("").size();
    if (!entry.message_attributes) return bytes;
    for (const auto& [name, value] : *entry.message_attributes) {
        bytes += name.size() + value.data_type.value_or("").size() +
                 value.string_value.value_or("").size() + value.binary_value.value_or("").size();
    }
    return bytes;
}

}  // namespace

Result<void> SendMessageBatch::check(const Input& input) {
    std::vector<std::string> ids;
    size_t bytes = 0;
    for (const Entry& entry : input.entries.value_or(std::vector<Entry>())) {
        ids.push_back(entry.id.value_or(""));
        bytes += entry_bytes(entry);
    }
    MR_CHECK_OK(check_batch_ids(ids, "SendMessageBatchRequestEntry"));
    if (bytes > static_cast<size_t>(kMessageBytesMax)) return errors::batch_too_long(bytes);
    return {};
}

Result<void> SendMessageBatch::authorize(SqsService& service, OpContext& context,
                                         const Input& input, AuthzRequests& requests) {
    return authorize_queue(service, context, input.queue_url, "sqs:SendMessage", requests);
}

Outcome<SendMessageBatch::Output> SendMessageBatch::run(SqsService& service, OpContext& context,
                                                        const Input& input) {
    MR_TRY(const QueueRef queue, service.find_by_url(context, input.queue_url));
    Output output;
    output.successful.emplace();
    output.failed.emplace();
    for (const Entry& entry : *input.entries) {
        auto result = send_entry(service, context, queue, entry);
        if (result) {
            output.successful->push_back(std::move(*result));
        } else {
            output.failed->push_back(failed_entry(*entry.id, result.error()));
        }
    }
    if (!output.successful->empty()) context.wake(wake_key(*queue.queue));
    if (output.successful->empty()) output.successful.reset();
    if (output.failed->empty()) output.failed.reset();
    return output;
}

}  // namespace millrace::sqs
