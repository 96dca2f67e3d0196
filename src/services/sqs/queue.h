// A queue's definition: its name and attributes, as stored. Thread-safety: immutable once shared.
// Layout: docs/formats/sqs.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/policy.h"
#include "core/result.h"
#include "core/time.h"

namespace millrace::sqs {

inline constexpr int64_t kMessageBytesMax = 1'048'576;

struct RedrivePolicy {
    std::string dead_letter_arn;
    int receives_max = 0;
};

struct Queue {
    std::string id;  // 8 bytes, never reused
    std::string account;
    std::string region;
    std::string name;
    std::string handle_key;  // 32 bytes: authenticates receipt handles
    int64_t created_s = 0;
    int64_t modified_s = 0;
    int64_t purged_ms = 0;

    int delay_s = 0;
    int visibility_s = 30;
    int retention_s = 345'600;
    int receive_wait_s = 0;
    int64_t message_bytes_max = kMessageBytesMax;
    bool fifo = false;
    bool content_based_deduplication = false;
    bool deduplicate_per_group = false;  // DeduplicationScope=messageGroup
    bool throughput_per_group = false;   // FifoThroughputLimit=perMessageGroupId
    bool managed_sse = true;             // SqsManagedSseEnabled, told back as it was set
    std::string policy;                  // JSON or empty
    std::string redrive_policy;          // JSON or empty
    std::string redrive_allow_policy;    // JSON or empty
    std::map<std::string, std::string> tags;

    // Parsed from the texts above when loaded.
    std::shared_ptr<const contracts::PolicyDocument> parsed_policy;
    std::optional<RedrivePolicy> redrive;

    std::string arn() const;
};

// The row, and back. Decoding asserts: the row is ours.
std::string encode_queue(const Queue& queue);
Queue decode_queue(std::string_view bytes);

// Fills the parsed members.
void parse_policies(Queue& queue);

// What the RedriveAllowPolicy of a dead-letter queue says to a queue that wants to use it.
bool allows_redrive_from(const Queue& target, std::string_view source_arn);

// Applies attributes as CreateQueue and SetQueueAttributes take them; all values are checked before
// any is applied. An empty Policy or RedrivePolicy removes it.
Result<void> apply_attributes(Queue& queue, const std::map<std::string, std::string>& attributes,
                              bool creating);

// The attributes that GetQueueAttributes tells, but for the three counts.
std::map<std::string, std::string> attributes_of(const Queue& queue);

// "arn:aws:sqs:us-east-1:123456789012:name" -> its parts; nothing for other ARNs.
struct QueueName {
    std::string region;
    std::string account;
    std::string name;
};
std::optional<QueueName> parse_queue_arn(std::string_view arn);
// The last two segments of a queue URL, whatever its host; the region is the caller's.
std::optional<QueueName> parse_queue_url(std::string_view url, std::string_view region);

}  // namespace millrace::sqs
