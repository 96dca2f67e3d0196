#include "services/sqs/queue.h"

#include <algorithm>
#include <charconv>

#include "codec/json.h"
#include "core/bytes.h"
#include "core/check.h"
#include "core/http.h"
#include "services/sqs/errors.h"

namespace millrace::sqs {
namespace {

constexpr uint8_t kFormat = 1;

std::optional<int64_t> parse_int(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<int64_t> bounded(const std::string& name, const std::string& text, int64_t least,
                        int64_t most) {
    const auto value = parse_int(text);
    if (!value || *value < least || *value > most) return errors::invalid_attribute_value(name);
    return *value;
}

Result<bool> boolean(const std::string& name, const std::string& text) {
    if (equals_ignore_case(text, "true")) return true;
    if (equals_ignore_case(text, "false")) return false;
    return errors::invalid_attribute_value(name);
}

// An ARN that is one, and a count in its range are checked by check_redrive.
std::optional<RedrivePolicy> parse_redrive(std::string_view text) {
    const auto document = codec::parse_json(text);
    if (!document || !document->is_object()) return std::nullopt;
    const auto arn = document->find_string("deadLetterTargetArn");
    const codec::JsonValue* receives = document->find("maxReceiveCount");
    if (!arn || receives == nullptr) return std::nullopt;
    // The console and older SDKs send the number as a string.
    const auto count =
        receives->is_string() ? parse_int(receives->as_string()) : receives->as_int64();
    if (!count) return std::nullopt;
    return RedrivePolicy{std::string(*arn), static_cast<int>(std::clamp<int64_t>(*count, 0, 1001))};
}

Result<void> check_redrive(const Queue& queue, const std::string& text) {
    const auto redrive = parse_redrive(text);
    if (!redrive) return errors::invalid_attribute_value("RedrivePolicy");
    if (redrive->receives_max < 1 || redrive->receives_max > 1000) {
        return errors::bad_redrive_policy(
            text,
            "Invalid value for maxReceiveCount, valid values are from 1 to 1000 both "
            "inclusive.");
    }
    const auto target = parse_queue_arn(redrive->dead_letter_arn);
    if (!target || target->name.ends_with(".fifo") != queue.fifo) {
        return errors::bad_redrive_policy(
            text, "Dead-letter queue must be same type of queue as the source.");
    }
    return {};
}

Result<void> check_redrive_allow(const std::string& text) {
    const auto document = codec::parse_json(text);
    const auto permission = document ? document->find_string("redrivePermission") : std::nullopt;
    if (permission == "allowAll" || permission == "denyAll") return {};
    const codec::JsonValue* sources = document ? document->find("sourceQueueArns") : nullptr;
    if (permission == "byQueue" && sources != nullptr && sources->is_array() &&
        !sources->elements().empty() && sources->elements().size() <= 10) {
        return {};
    }
    return errors::invalid_attribute_value("RedriveAllowPolicy");
}

}  // namespace

bool allows_redrive_from(const Queue& target, std::string_view source_arn) {
    if (target.redrive_allow_policy.empty()) return true;
    const auto document = codec::parse_json(target.redrive_allow_policy);
    const auto permission = document ? document->find_string("redrivePermission") : std::nullopt;
    if (permission != "byQueue") return permission == "allowAll";
    const codec::JsonValue* sources = document->find("sourceQueueArns");
    return sources != nullptr && sources->is_array() &&
           std::any_of(sources->elements().begin(), sources->elements().end(),
                       [&](const codec::JsonValue& source) {
                           return source.is_string() && source.as_string() == source_arn;
                       });
}

std::string Queue::arn() const { return "arn:aws:sqs:" + region + ":" + account + ":" + name; }

std::string encode_queue(const Queue& queue) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text :
         {&queue.id, &queue.account, &queue.region, &queue.name, &queue.handle_key, &queue.policy,
          &queue.redrive_policy, &queue.redrive_allow_policy}) {
        append_bytes(out, *text);
    }
    for (const int64_t number :
         {queue.created_s, queue.modified_s, queue.purged_ms, int64_t{queue.delay_s},
          int64_t{queue.visibility_s}, int64_t{queue.retention_s}, int64_t{queue.receive_wait_s},
          queue.message_bytes_max}) {
        append_u64(out, static_cast<uint64_t>(number));
    }
    for (const bool flag :
         {queue.fifo, queue.content_based_deduplication, queue.deduplicate_per_group,
          queue.throughput_per_group, queue.managed_sse}) {
        append_u8(out, flag ? 1 : 0);
    }
    append_varint(out, queue.tags.size());
    for (const auto& [key, value] : queue.tags) {
        append_bytes(out, key);
        append_bytes(out, value);
    }
    return out;
}

Queue decode_queue(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Queue queue;
    for (std::string* text :
         {&queue.id, &queue.account, &queue.region, &queue.name, &queue.handle_key, &queue.policy,
          &queue.redrive_policy, &queue.redrive_allow_policy}) {
        *text = reader.bytes();
    }
    const auto number = [&] { return static_cast<int64_t>(reader.u64()); };
    queue.created_s = number();
    queue.modified_s = number();
    queue.purged_ms = number();
    queue.delay_s = static_cast<int>(number());
    queue.visibility_s = static_cast<int>(number());
    queue.retention_s = static_cast<int>(number());
    queue.receive_wait_s = static_cast<int>(number());
    queue.message_bytes_max = number();
    for (bool* flag :
         {&queue.fifo, &queue.content_based_deduplication, &queue.deduplicate_per_group,
          &queue.throughput_per_group, &queue.managed_sse}) {
        *flag = reader.u8() != 0;
    }
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        std::string key(reader.bytes());
        queue.tags[std::move(key)] = reader.bytes();
    }
    MR_ASSERT(reader.ok() && reader.at_end());
    parse_policies(queue);
    return queue;
}

void parse_policies(Queue& queue) {
    queue.parsed_policy =
        queue.policy.empty()
            ? nullptr
            : auth::parsed_or_deny(queue.policy, auth::PolicyKind::kResource, queue.arn());
    queue.redrive =
        queue.redrive_policy.empty() ? std::nullopt : parse_redrive(queue.redrive_policy);
}

Result<void> apply_attributes(Queue& queue, const std::map<std::string, std::string>& attributes,
                              bool creating) {
    Queue changed = queue;
    for (const auto& [name, text] : attributes) {
        const auto set_int = [&](auto& member, int64_t least, int64_t most) -> Result<void> {
            MR_TRY(const int64_t value, bounded(name, text, least, most));
            member = static_cast<std::remove_reference_t<decltype(member)>>(value);
            return {};
        };
        if (name == "DelaySeconds") {
            MR_CHECK_OK(set_int(changed.delay_s, 0, 900));
        } else if (name == "VisibilityTimeout") {
            MR_CHECK_OK(set_int(changed.visibility_s, 0, 43'200));
        } else if (name == "MessageRetentionPeriod") {
            MR_CHECK_OK(set_int(changed.retention_s, 60, 1'209'600));
        } else if (name == "ReceiveMessageWaitTimeSeconds") {
            MR_CHECK_OK(set_int(changed.receive_wait_s, 0, 20));
        } else if (name == "MaximumMessageSize") {
            MR_CHECK_OK(set_int(changed.message_bytes_max, 1024, kMessageBytesMax));
        } else if (name == "Policy") {
            if (!text.empty() && !auth::parse_policy(text, auth::PolicyKind::kResource)) {
                return errors::invalid_attribute_value("Policy");
            }
            changed.policy = text;
        } else if (name == "RedrivePolicy") {
            if (!text.empty()) MR_CHECK_OK(check_redrive(changed, text));
            changed.redrive_policy = text;
        } else if (name == "RedriveAllowPolicy") {
            if (!text.empty()) MR_CHECK_OK(check_redrive_allow(text));
            changed.redrive_allow_policy = text;
        } else if (name == "SqsManagedSseEnabled") {
            MR_TRY(changed.managed_sse, boolean(name, text));
        } else if (name == "FifoQueue") {
            // Only true, and only at creation: recorded answers for both refusals.
            MR_TRY(const bool fifo, boolean(name, text));
            if (!creating && fifo != queue.fifo) {
                return errors::invalid_attribute_value(name,
                                                       "Modifying queue type is not supported.");
            }
            if (!fifo || !queue.fifo) return errors::unknown_attribute(name);
        } else if (name == "ContentBasedDeduplication" || name == "DeduplicationScope" ||
                   name == "FifoThroughputLimit") {
            if (!queue.fifo) {
                if (name == "ContentBasedDeduplication") return errors::unknown_attribute(name);
                return errors::invalid_attribute_name(fmt::format(
                    "You can specify the {} only when FifoQueue is set to true.", name));
            }
            if (name == "ContentBasedDeduplication") {
                MR_TRY(changed.content_based_deduplication, boolean(name, text));
            } else if (name == "DeduplicationScope") {
                if (text != "queue" && text != "messageGroup")
                    return errors::invalid_attribute_value(name);
                changed.deduplicate_per_group = text == "messageGroup";
            } else {
                if (text != "perQueue" && text != "perMessageGroupId")
                    return errors::invalid_attribute_value(name);
                changed.throughput_per_group = text == "perMessageGroupId";
            }
        } else if (name == "KmsMasterKeyId" || name == "KmsDataKeyReusePeriodSeconds") {
            // There is no key service here: refused rather than stored and not obeyed.
            if (!text.empty()) {
                return errors::unsupported_operation(
                    "Encryption with a key of KMS is not supported.");
            }
        } else {
            return errors::unknown_attribute(name);
        }
    }
    if (changed.throughput_per_group && !changed.deduplicate_per_group) {
        return errors::invalid_attribute_value(
            "FifoThroughputLimit",
            "perMessageGroupId is allowed only when the DeduplicationScope is messageGroup.");
    }
    parse_policies(changed);
    queue = std::move(changed);
    return {};
}

std::map<std::string, std::string> attributes_of(const Queue& queue) {
    const auto text = [](bool flag) { return std::string(flag ? "true" : "false"); };
    std::map<std::string, std::string> all = {
        {"QueueArn", queue.arn()},
        {"CreatedTimestamp", std::to_string(queue.created_s)},
        {"LastModifiedTimestamp", std::to_string(queue.modified_s)},
        {"VisibilityTimeout", std::to_string(queue.visibility_s)},
        {"MaximumMessageSize", std::to_string(queue.message_bytes_max)},
        {"MessageRetentionPeriod", std::to_string(queue.retention_s)},
        {"DelaySeconds", std::to_string(queue.delay_s)},
        {"ReceiveMessageWaitTimeSeconds", std::to_string(queue.receive_wait_s)},
        {"SqsManagedSseEnabled", text(queue.managed_sse)},
    };
    if (!queue.policy.empty()) all["Policy"] = queue.policy;
    if (!queue.redrive_policy.empty()) all["RedrivePolicy"] = queue.redrive_policy;
    if (!queue.redrive_allow_policy.empty()) all["RedriveAllowPolicy"] = queue.redrive_allow_policy;
    if (queue.fifo) {
        all["FifoQueue"] = "true";
        all["ContentBasedDeduplication"] = text(queue.content_based_deduplication);
        all["DeduplicationScope"] = queue.deduplicate_per_group ? "messageGroup" : "queue";
        all["FifoThroughputLimit"] = queue.throughput_per_group ? "perMessageGroupId" : "perQueue";
    }
    return all;
}

std::optional<QueueName> parse_queue_arn(std::string_view arn) {
    constexpr std::string_view kPrefix = "arn:aws:sqs:";
    if (!arn.starts_with(kPrefix)) return std::nullopt;
    arn.remove_prefix(kPrefix.size());
    const size_t account = arn.find(':');
    const size_t name = account == std::string_view::npos ? account : arn.find(':', account + 1);
    if (name == std::string_view::npos || name + 1 == arn.size()) return std::nullopt;
    return QueueName{std::string(arn.substr(0, account)),
                     std::string(arn.substr(account + 1, name - account - 1)),
                     std::string(arn.substr(name + 1))};
}

std::optional<QueueName> parse_queue_url(std::string_view url, std::string_view region) {
    if (const size_t scheme = url.find("://"); scheme != std::string_view::npos) {
        const size_t path = url.find('/', scheme + 3);
        if (path == std::string_view::npos) return std::nullopt;
        url.remove_prefix(path);
    }
    while (url.ends_with('/')) url.remove_suffix(1);
    const size_t name = url.rfind('/');
    if (name == std::string_view::npos || name + 1 >= url.size()) return std::nullopt;
    const std::string_view before = url.substr(0, name);
    const size_t account = before.rfind('/');
    const std::string_view digits =
        account == std::string_view::npos ? before : before.substr(account + 1);
    return QueueName{std::string(region), std::string(digits), std::string(url.substr(name + 1))};
}

}  // namespace millrace::sqs
