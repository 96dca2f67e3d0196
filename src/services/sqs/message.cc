#include "services/sqs/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/utf8.h"
#include "core/bytes.h"
#include "core/check.h"
#include "services/sqs/errors.h"

namespace millrace::sqs {
namespace {

constexpr uint8_t kMessageFormat = 1;
constexpr uint8_t kStateFormat = 2;
constexpr uint8_t kHandleFormat = 1;
constexpr size_t kMacBytes = 10;
constexpr size_t kAttributesMax = 10;

std::string mac_of(const Queue& queue, std::string_view bytes) {
    return codec::hmac_sha256(queue.handle_key, bytes).substr(0, kMacBytes);
}

Error bad_attribute(std::string message) { return errors::invalid_parameter(std::move(message)); }

bool valid_attribute_name(std::string_view name) {
    if (name.empty() || name.size() > 256 || name.front() == '.' || name.back() == '.')
        return false;
    if (name.find("..") != std::string_view::npos) return false;
    return name.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") ==
           std::string_view::npos;
}

bool valid_number(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    const size_t exponent = text.find_first_of("eE");
    std::string_view digits = text.substr(0, exponent);
    if (exponent != std::string_view::npos) {
        std::string_view power = text.substr(exponent + 1);
        if (!power.empty() && (power.front() == '-' || power.front() == '+'))
            power.remove_prefix(1);
        if (power.empty() || power.size() > 3 ||
            power.find_first_not_of("0123456789") != std::string_view::npos)
            return false;
    }
    const size_t dots = static_cast<size_t>(std::count(digits.begin(), digits.end(), '.'));
    return digits.size() > dots && digits.size() <= 38 + dots && dots <= 1 &&
           digits.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<MessageAttribute> read_attribute(const std::string& name,
                                        const model::sqs::MessageAttributeValue& given) {
    if (!valid_attribute_name(name)) {
        return bad_attribute(fmt::format("Invalid message attribute name '{}'.", name));
    }
    std::string lower = name.substr(0, 7);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.starts_with("aws.") || lower == "amazon.") {
        return bad_attribute(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use.");
    }
    const std::string type = given.data_type.value_or("");
    const std::string base = type.substr(0, type.find('.'));
    if (type.empty()) {
        return bad_attribute(fmt::format(
            "The message attribute '{}' must contain a non-empty message attribute type.", name));
    }
    if (base != "String" && base != "Number" && base != "Binary") {
        return bad_attribute(fmt::format(
            "The message attribute '{}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String.",
            name));
    }
    if (base == "Binary") {
        if (given.binary_value.value_or("").empty()) {
            return bad_attribute(fmt::format(
                "Message (user) attribute '{}' must contain a non-empty value of type 'Binary'.",
                name));
        }
        return MessageAttribute{name, type, *given.binary_value};
    }
    const std::string value = given.string_value.value_or("");
    if (value.empty()) {
        return bad_attribute(fmt::format(
            "Message (user) attribute '{}' must contain a non-empty value of type '{}'.", name,
            base == "Number" ? "Number" : "String"));
    }
    if (!valid_body(value)) return errors::invalid_message_contents();
    if (base == "Number" && !valid_number(value)) {
        return bad_attribute(fmt::format(
            "Can't cast the value of message (user) attribute '{}' to a number.", name));
    }
    return MessageAttribute{name, type, value};
}

}  // namespace

std::string encode_message(const Message& message) {
    std::string out;
    out.reserve(message.body.size() + 160);
    append_u8(out, kMessageFormat);
    append_u64(out, static_cast<uint64_t>(message.sent_ms));
    append_u64(out, static_cast<uint64_t>(message.visible_at_ms));
    for (const std::string* text :
         {&message.message_id, &message.sender_id, &message.body, &message.group_id,
          &message.deduplication_id, &message.trace_header, &message.dead_letter_source}) {
        append_bytes(out, *text);
    }
    append_varint(out, message.attributes.size());
    for (const MessageAttribute& attribute : message.attributes) {
        append_bytes(out, attribute.name);
        append_bytes(out, attribute.data_type);
        append_bytes(out, attribute.value);
    }
    return out;
}

Message decode_message(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kMessageFormat);
    Message message;
    message.sent_ms = static_cast<int64_t>(reader.u64());
    message.visible_at_ms = static_cast<int64_t>(reader.u64());
    for (std::string* text :
         {&message.message_id, &message.sender_id, &message.body, &message.group_id,
          &message.deduplication_id, &message.trace_header, &message.dead_letter_source}) {
        *text = reader.bytes();
    }
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        MessageAttribute attribute;
        attribute.name = reader.bytes();
        attribute.data_type = reader.bytes();
        attribute.value = reader.bytes();
        message.attributes.push_back(std::move(attribute));
    }
    MR_ASSERT(reader.ok() && reader.at_end());
    return message;
}

std::string encode_receive_state(const ReceiveState& state) {
    std::string out;
    append_u8(out, kStateFormat);
    append_u64(out, static_cast<uint64_t>(state.visible_at_ms));
    append_u64(out, static_cast<uint64_t>(state.first_receive_ms));
    append_u64(out, static_cast<uint64_t>(state.received_ms));
    append_u32(out, state.receive_count);
    append_u32(out, state.nonce);
    return out;
}

ReceiveState decode_receive_state(std::string_view bytes) {
    ByteReader reader(bytes);
    const uint8_t format = reader.u8();
    MR_ASSERT(format == 1 || format == kStateFormat);
    ReceiveState state;
    state.visible_at_ms = static_cast<int64_t>(reader.u64());
    state.first_receive_ms = static_cast<int64_t>(reader.u64());
    // Format 1 did not say when the newest receive was.
    state.received_ms = format == 1 ? state.first_receive_ms : static_cast<int64_t>(reader.u64());
    state.receive_count = reader.u32();
    state.nonce = reader.u32();
    MR_ASSERT(reader.ok() && reader.at_end());
    return state;
}

std::string message_sort(Sequence sequence) {
    std::string out = "m";
    append_u64(out, sequence);
    return out;
}

std::string state_sort(Sequence sequence) {
    std::string out = "s";
    append_u64(out, sequence);
    return out;
}

std::string make_receipt_handle(const Queue& queue, Receipt receipt) {
    std::string bytes;
    append_u8(bytes, kHandleFormat);
    append_u64(bytes, receipt.sequence);
    append_u32(bytes, receipt.nonce);
    bytes += mac_of(queue, bytes);
    return codec::base64_encode(bytes);
}

std::optional<Receipt> parse_receipt_handle(const Queue& queue, std::string_view handle) {
    const auto bytes = codec::base64_decode(handle);
    if (!bytes || bytes->size() != 1 + 8 + 4 + kMacBytes) return std::nullopt;
    const std::string_view signed_part =
        std::string_view(*bytes).substr(0, bytes->size() - kMacBytes);
    if (!codec::constant_time_equal(mac_of(queue, signed_part),
                                    std::string_view(*bytes).substr(signed_part.size()))) {
        return std::nullopt;
    }
    ByteReader reader(signed_part);
    if (reader.u8() != kHandleFormat) return std::nullopt;
    Receipt receipt;
    receipt.sequence = reader.u64();
    receipt.nonce = reader.u32();
    return receipt;
}

std::string md5_of_attributes(const std::vector<MessageAttribute>& attributes) {
    std::string bytes;
    const auto append = [&](std::string_view text) {
        append_u32(bytes, static_cast<uint32_t>(text.size()));
        bytes += text;
    };
    for (const MessageAttribute& attribute : attributes) {
        append(attribute.name);
        append(attribute.data_type);
        append_u8(bytes, attribute.binary() ? 2 : 1);
        append(attribute.value);
    }
    return codec::md5_hex(bytes);
}

Result<std::vector<MessageAttribute>> read_attributes(
    const std::optional<std::map<std::string, model::sqs::MessageAttributeValue>>& attributes) {
    std::vector<MessageAttribute> read;
    if (!attributes) return read;
    if (attributes->size() > kAttributesMax) {
        return bad_attribute(
            fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].",
                        attributes->size(), kAttributesMax));
    }
    for (const auto& [name, value] : *attributes) {
        MR_TRY(MessageAttribute attribute, read_attribute(name, value));
        read.push_back(std::move(attribute));
    }
    return read;
}

size_t message_bytes(std::string_view body, const std::vector<MessageAttribute>& attributes) {
    size_t bytes = body.size();
    for (const MessageAttribute& attribute : attributes) {
        bytes += attribute.name.size() + attribute.data_type.size() + attribute.value.size();
    }
    return bytes;
}

bool valid_body(std::string_view body) {
    // Nearly all bodies are plain ASCII.
    if (std::all_of(body.begin(), body.end(), [](char c) { return c >= 0x20 && c != 0x7f; }))
        return true;
    if (!codec::is_valid_utf8(body)) return false;
    for (size_t position = 0; position < body.size();) {
        const uint32_t c = codec::next_code_point(body, position);
        const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
        if (control || c == 0xfffe || c == 0xffff) return false;
    }
    return true;
}

bool valid_fifo_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string sequence_number(Sequence sequence) { return fmt::format("{:020}", sequence); }

}  // namespace millrace::sqs
