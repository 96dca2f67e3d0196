// What DynamoDB tables write for their streams and services/streams reads: the row that describes a
// stream, and the record in a shard's log. Rows and records begin with a version byte; layouts:
// docs/formats/dynamodb.md.
// Thread-safety: plain values and pure functions. Views point into the bytes they were read from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/time.h"
#include "item/item.h"
#include "store/key.h"
#include "store/store.h"

namespace millrace::contracts {

// Records live this long, and the description of a disabled stream with them.
inline constexpr Duration kStreamRetention = std::chrono::hours(24);

// On disk: never renumbered.
enum class StreamViewType : uint8_t { kKeysOnly = 1, kNewImage = 2, kOldImage = 3, kNewAndOld = 4 };
inline constexpr std::array<std::string_view, 4> kStreamViewTypeNames = {
    "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"};
inline std::string_view stream_view_type_name(StreamViewType type) {
    return kStreamViewTypeNames[static_cast<size_t>(type) - 1];
}
inline std::optional<StreamViewType> stream_view_type_from(std::string_view name) {
    for (size_t i = 0; i < kStreamViewTypeNames.size(); ++i) {
        if (kStreamViewTypeNames[i] == name) return static_cast<StreamViewType>(i + 1);
    }
    return std::nullopt;
}

enum class StreamEvent : uint8_t { kInsert = 1, kModify = 2, kRemove = 3 };
inline std::string_view stream_event_name(StreamEvent event) {
    switch (event) {
        case StreamEvent::kInsert:
            return "INSERT";
        case StreamEvent::kModify:
            return "MODIFY";
        case StreamEvent::kRemove:
            return "REMOVE";
    }
    return {};
}

// One shard: the items whose key hash begins with hash_from or more, up to the next shard's.
struct StreamShardRow {
    uint32_t number = 0;
    std::string id;         // "shardId-00000001769854830123-1a2b3c4d"
    std::string parent_id;  // empty: none
    uint64_t hash_from = 0;
    std::optional<TimePoint> closed;  // since then nothing is appended
};

// The description of a stream. One row in Space::kStreams.
struct StreamRow {
    uint64_t id = 0;  // of the stream, random
    std::string account;
    std::string region;
    std::string table_name;
    std::string label;  // "2026-01-31T10:20:30.123"
    StreamViewType view_type = StreamViewType::kKeysOnly;
    bool enabled = true;
    TimePoint created{};
    TimePoint disabled{};  // when enabled is false
    std::string hash_name;
    std::string sort_name;  // empty: none
    std::string policy;     // resource policy, JSON; empty: none
    std::string policy_revision;
    std::vector<StreamShardRow> shards;  // parents first

    const StreamShardRow* find_shard(std::string_view shard_id) const {
        for (const StreamShardRow& shard : shards) {
            if (shard.id == shard_id) return &shard;
        }
        return nullptr;
    }
};

inline std::string stream_arn(std::string_view account, std::string_view region,
                              std::string_view table_name, std::string_view label) {
    std::string arn = "arn:aws:dynamodb:";
    arn.append(region).append(":").append(account).append(":table/").append(table_name);
    return arn.append("/stream/").append(label);
}
inline std::string stream_arn(const StreamRow& row) {
    return stream_arn(row.account, row.region, row.table_name, row.label);
}

// Space::kStreams: partition "<account>/<region>", sort "<table>/<label>" (neither has a '/').
inline std::string stream_partition(std::string_view account, std::string_view region) {
    return std::string(account).append("/").append(region);
}
inline store::Key stream_key(std::string_view account, std::string_view region,
                             std::string_view table_name, std::string_view label) {
    return {store::Space::kStreams, stream_partition(account, region),
            std::string(table_name).append("/").append(label)};
}
// arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<label>
// Nothing: no ARN of a stream.
inline std::optional<store::Key> stream_key_of_arn(std::string_view arn) {
    constexpr std::string_view kPrefix = "arn:aws:dynamodb:";
    constexpr std::string_view kTable = ":table/";
    constexpr std::string_view kStream = "/stream/";
    if (!arn.starts_with(kPrefix)) return std::nullopt;
    arn.remove_prefix(kPrefix.size());
    const size_t region = arn.find(':');
    const size_t table = arn.find(kTable);
    const size_t stream = arn.find(kStream);
    if (region == std::string_view::npos || table == std::string_view::npos ||
        stream == std::string_view::npos || region >= table || table >= stream) {
        return std::nullopt;
    }
    return stream_key(arn.substr(region + 1, table - region - 1), arn.substr(0, region),
                      arn.substr(table + kTable.size(), stream - table - kTable.size()),
                      arn.substr(stream + kStream.size()));
}
inline store::LogId stream_log(uint64_t stream_id, uint32_t shard) {
    std::string id = "s";
    append_u64(id, stream_id);
    append_u32(id, shard);
    return {std::move(id)};
}
// WakeHub key signalled after records were appended to the shard.
inline std::string stream_wake_key(uint64_t stream_id, uint32_t shard) {
    return "stream:" + std::to_string(stream_id) + "/" + std::to_string(shard);
}

inline constexpr uint8_t kStreamRowFormat = 2;
inline std::string encode_stream_row(const StreamRow& row) {
    std::string out;
    append_u8(out, kStreamRowFormat);
    append_u64(out, row.id);
    append_bytes(out, row.account);
    append_bytes(out, row.region);
    append_bytes(out, row.table_name);
    append_bytes(out, row.label);
    append_u8(out, static_cast<uint8_t>(row.view_type));
    append_u8(out, row.enabled ? 1 : 0);
    append_u64(out, static_cast<uint64_t>(epoch_ms(row.created)));
    append_u64(out, static_cast<uint64_t>(epoch_ms(row.disabled)));
    append_bytes(out, row.hash_name);
    append_bytes(out, row.sort_name);
    append_bytes(out, row.policy);
    append_bytes(out, row.policy_revision);
    append_varint(out, row.shards.size());
    for (const StreamShardRow& shard : row.shards) {
        append_u32(out, shard.number);
        append_bytes(out, shard.id);
        append_bytes(out, shard.parent_id);
        append_u64(out, shard.hash_from);
        append_u64(out, shard.closed ? static_cast<uint64_t>(epoch_ms(*shard.closed)) : 0);
    }
    return out;
}
inline std::optional<StreamRow> decode_stream_row(std::string_view bytes) {
    ByteReader reader(bytes);
    if (reader.u8() != kStreamRowFormat) return std::nullopt;
    StreamRow row;
    row.id = reader.u64();
    row.account = reader.bytes();
    row.region = reader.bytes();
    row.table_name = reader.bytes();
    row.label = reader.bytes();
    row.view_type = static_cast<StreamViewType>(reader.u8());
    row.enabled = reader.u8() != 0;
    row.created = from_epoch_ms(static_cast<int64_t>(reader.u64()));
    row.disabled = from_epoch_ms(static_cast<int64_t>(reader.u64()));
    row.hash_name = reader.bytes();
    row.sort_name = reader.bytes();
    row.policy = reader.bytes();
    row.policy_revision = reader.bytes();
    for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
        StreamShardRow shard;
        shard.number = reader.u32();
        shard.id = reader.bytes();
        shard.parent_id = reader.bytes();
        shard.hash_from = reader.u64();
        if (const uint64_t closed_ms = reader.u64(); closed_ms != 0)
            shard.closed = from_epoch_ms(static_cast<int64_t>(closed_ms));
        row.shards.push_back(std::move(shard));
    }
    if (!reader.ok()) return std::nullopt;
    return row;
}

// One change of one item, as it stands in the log. Its version is its sequence number.
struct StoredStreamRecord {
    StreamEvent event = StreamEvent::kInsert;
    StreamViewType view_type = StreamViewType::kKeysOnly;
    bool by_ttl = false;  // userIdentity: the service itself
    TimePoint created{};
    uint64_t size_bytes = 0;  // keys and images, as DynamoDB counts
    item::ItemView keys;
    std::optional<item::ItemView> new_image;
    std::optional<item::ItemView> old_image;
};

inline constexpr uint8_t kStreamRecordFormat = 1;
// Format, event, view type, flags (1: by TTL, 2: new image, 4: old image), created (8, epoch ms),
// size (varint), keys, new image, old image (length-prefixed).
inline std::string encode_stream_record(const StoredStreamRecord& record) {
    std::string out;
    out.reserve(32 + record.keys.bytes().size() +
                (record.new_image ? record.new_image->bytes().size() + 4 : 0) +
                (record.old_image ? record.old_image->bytes().size() + 4 : 0));
    append_u8(out, kStreamRecordFormat);
    append_u8(out, static_cast<uint8_t>(record.event));
    append_u8(out, static_cast<uint8_t>(record.view_type));
    append_u8(out, static_cast<uint8_t>((record.by_ttl ? 1 : 0) | (record.new_image ? 2 : 0) |
                                        (record.old_image ? 4 : 0)));
    append_u64(out, static_cast<uint64_t>(epoch_ms(record.created)));
    append_varint(out, record.size_bytes);
    append_bytes(out, record.keys.bytes());
    if (record.new_image) append_bytes(out, record.new_image->bytes());
    if (record.old_image) append_bytes(out, record.old_image->bytes());
    return out;
}
inline std::optional<StoredStreamRecord> decode_stream_record(std::string_view bytes) {
    ByteReader reader(bytes);
    if (reader.u8() != kStreamRecordFormat) return std::nullopt;
    StoredStreamRecord record;
    record.event = static_cast<StreamEvent>(reader.u8());
    record.view_type = static_cast<StreamViewType>(reader.u8());
    const uint8_t flags = reader.u8();
    record.by_ttl = (flags & 1) != 0;
    record.created = from_epoch_ms(static_cast<int64_t>(reader.u64()));
    record.size_bytes = reader.varint();
    record.keys = item::ItemView(reader.bytes());
    if ((flags & 2) != 0) record.new_image = item::ItemView(reader.bytes());
    if ((flags & 4) != 0) record.old_image = item::ItemView(reader.bytes());
    if (!reader.ok()) return std::nullopt;
    return record;
}
// When the record was made, without decoding the rest.
inline TimePoint stream_record_created(std::string_view bytes) {
    ByteReader reader(bytes);
    reader.take(4);
    return from_epoch_ms(static_cast<int64_t>(reader.u64()));
}

}  // namespace millrace::contracts
