// A message as stored, its receive state, its receipt handle, and the digests that SDKs verify.
// Thread-safety: plain values and pure functions. Layout: docs/formats/sqs.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/generated/sqs.h"
#include "services/sqs/index.h"
#include "services/sqs/queue.h"

namespace millrace::sqs {

struct MessageAttribute {
    std::string name;
    std::string data_type;
    std::string value;  // raw bytes for Binary
    bool binary() const { return data_type.starts_with("Binary"); }
};

struct Message {
    std::string message_id;
    std::string sender_id;
    std::string body;
    std::string group_id;
    std::string deduplication_id;
    std::string trace_header;        // AWSTraceHeader, or empty
    std::string dead_letter_source;  // ARN of the queue it was moved from, or empty
    int64_t sent_ms = 0;
    int64_t visible_at_ms = 0;                 // when a delay ends
    std::vector<MessageAttribute> attributes;  // sorted by name
};

// What receives change; absent while a message was never received.
struct ReceiveState {
    int64_t visible_at_ms = 0;
    int64_t first_receive_ms = 0;
    int64_t received_ms = 0;  // the newest receive: 12 hours of visibility count from it
    uint32_t receive_count = 0;
    uint32_t nonce = 0;
};

std::string encode_message(const Message& message);
Message decode_message(std::string_view bytes);
std::string encode_receive_state(const ReceiveState& state);
ReceiveState decode_receive_state(std::string_view bytes);

// Keys in Space::kMessages, partition: the queue's id.
std::string message_sort(Sequence sequence);
std::string state_sort(Sequence sequence);

// Opaque to clients, authenticated with the queue's key: base64 of version, sequence, nonce, MAC.
struct Receipt {
    Sequence sequence = 0;
    uint32_t nonce = 0;
};
std::string make_receipt_handle(const Queue& queue, Receipt receipt);
std::optional<Receipt> parse_receipt_handle(const Queue& queue, std::string_view handle);

// MD5 over name, type and value of each attribute, sorted by name. Source: SQS Developer Guide,
// "Calculating the MD5 message digest for message attributes".
std::string md5_of_attributes(const std::vector<MessageAttribute>& attributes);

// Checked attributes of a request, sorted by name.
Result<std::vector<MessageAttribute>> read_attributes(
    const std::optional<std::map<std::string, model::sqs::MessageAttributeValue>>& attributes);
// Body plus, for every attribute, name, type and value.
size_t message_bytes(std::string_view body, const std::vector<MessageAttribute>& attributes);
// Only the characters that XML 1.0 has.
bool valid_body(std::string_view body);
// 1 to 128 letters, digits and punctuation of ASCII: message group and deduplication ids.
bool valid_fifo_id(std::string_view id);
// 20 digits.
std::string sequence_number(Sequence sequence);

}  // namespace millrace::sqs
