#include "services/logs/keys.h"

#include "codec/digest.h"
#include "core/bytes.h"
#include "core/check.h"

namespace millrace::logs {
namespace {

constexpr uint8_t kFormat = 2;
constexpr size_t kIdBytes = 16;

}  // namespace

std::string encode_group(const Group& group) {
    std::string out;
    append_u8(out, kFormat);
    append_u64(out, static_cast<uint64_t>(group.created_ms));
    append_bytes(out, group.id);
    append_u32(out, static_cast<uint32_t>(group.retention_days));
    append_varint(out, group.tags.size());
    for (const auto& [key, value] : group.tags) {
        append_bytes(out, key);
        append_bytes(out, value);
    }
    return out;
}

Group decode_group(std::string_view bytes, const GroupName& name) {
    ByteReader reader(bytes);
    const uint8_t format = reader.u8();
    MR_ASSERT(format == 1 || format == kFormat);
    Group group;
    group.created_ms = static_cast<int64_t>(reader.u64());
    if (format == 1) {  // only the time; the id was a digest of the name
        group.id =
            codec::sha256(name.account + "/" + name.region + "/" + name.group).substr(0, kIdBytes);
        return group;
    }
    group.id = reader.bytes();
    group.retention_days = static_cast<int>(reader.u32());
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        std::string key(reader.bytes());
        group.tags[std::move(key)] = reader.bytes();
    }
    MR_ASSERT(reader.ok() && reader.at_end());
    return group;
}

std::string encode_stream(const Stream& stream) {
    std::string out;
    append_u8(out, kFormat);
    for (const int64_t time : {stream.created_ms, stream.first_event_ms, stream.last_event_ms,
                               stream.last_ingestion_ms}) {
        append_u64(out, static_cast<uint64_t>(time));
    }
    return out;
}

Stream decode_stream(std::string_view bytes) {
    ByteReader reader(bytes);
    const uint8_t format = reader.u8();
    MR_ASSERT(format == 1 || format == kFormat);
    Stream stream;
    stream.created_ms = static_cast<int64_t>(reader.u64());
    if (format == 1) {  // the bounds of its events are not known: all times
        stream.first_event_ms = 1;
        stream.last_event_ms = INT64_MAX - 1;
        return stream;
    }
    stream.first_event_ms = static_cast<int64_t>(reader.u64());
    stream.last_event_ms = static_cast<int64_t>(reader.u64());
    stream.last_ingestion_ms = static_cast<int64_t>(reader.u64());
    MR_ASSERT(reader.ok() && reader.at_end());
    return stream;
}

std::string groups_partition(std::string_view account, std::string_view region) {
    return "groups/" + std::string(account) + "/" + std::string(region);
}

store::Key group_key(const GroupName& name) {
    return {store::Space::kLogGroups, groups_partition(name.account, name.region), name.group};
}

std::string new_group_id(const GroupName& name, uint64_t nonce) {
    return codec::sha256(group_arn(name) + "/" + std::to_string(nonce)).substr(0, kIdBytes);
}

std::string streams_partition(const Group& group) { return "streams/" + group.id; }

store::Key stream_key(const Group& group, std::string_view stream) {
    return {store::Space::kLogGroups, streams_partition(group), std::string(stream)};
}

std::string events_partition(const Group& group) { return "events/" + group.id; }

std::string group_arn(const GroupName& name) {
    return "arn:aws:logs:" + name.region + ":" + name.account + ":log-group:" + name.group;
}

std::optional<GroupName> parse_group_arn(std::string_view arn) {
    constexpr std::string_view kPrefix = "arn:aws:logs:";
    constexpr std::string_view kGroup = ":log-group:";
    if (!arn.starts_with(kPrefix)) return std::nullopt;
    arn.remove_prefix(kPrefix.size());
    const size_t account = arn.find(':');
    const size_t group = arn.find(kGroup);
    if (account == std::string_view::npos || group == std::string_view::npos || group <= account)
        return std::nullopt;
    std::string_view name = arn.substr(group + kGroup.size());
    if (name.ends_with(":*")) name.remove_suffix(2);
    if (name.empty() || name.find(':') != std::string_view::npos) return std::nullopt;
    return GroupName{std::string(arn.substr(account + 1, group - account - 1)),
                     std::string(arn.substr(0, account)), std::string(name)};
}

}  // namespace millrace::logs
