// Keys and rows of Logs. Layout: docs/formats/logs.md. Thread-safety: plain values, pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/key.h"

namespace millrace::logs {

struct GroupName {
    std::string account;
    std::string region;
    std::string group;
};

struct Group {
    // 16 bytes, another after the group was deleted and made again: where its rows are.
    std::string id;
    int64_t created_ms = 0;
    int retention_days = 0;  // 0: for ever
    std::map<std::string, std::string> tags;
};

struct Stream {
    int64_t created_ms = 0;
    // Of its events' times; all 0 while it has none. Bounds: retention does not raise the first.
    int64_t first_event_ms = 0;
    int64_t last_event_ms = 0;
    int64_t last_ingestion_ms = 0;
};

std::string encode_group(const Group& group);
Group decode_group(std::string_view bytes, const GroupName& name);
std::string encode_stream(const Stream& stream);
Stream decode_stream(std::string_view bytes);

std::string groups_partition(std::string_view account, std::string_view region);
store::Key group_key(const GroupName& name);
// An id for a group that is made now; `nonce` is unique in the process.
std::string new_group_id(const GroupName& name, uint64_t nonce);
std::string streams_partition(const Group& group);
store::Key stream_key(const Group& group, std::string_view stream);
std::string events_partition(const Group& group);
// Sort: a deleted group's id. The sweeper deletes its rows.
inline constexpr std::string_view kDoomedPartition = "doomed";

// "arn:aws:logs:us-east-1:123456789012:log-group:name"
std::string group_arn(const GroupName& name);
// From such an ARN, with or without ":*" behind it; nothing for others.
std::optional<GroupName> parse_group_arn(std::string_view arn);

}  // namespace millrace::logs
