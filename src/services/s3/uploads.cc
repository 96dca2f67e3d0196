#include "services/s3/uploads.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/s3/keys.h"
#include "services/s3/objects.h"

namespace millrace::s3 {
namespace {

constexpr uint8_t kFormat = 1;

void append_time(std::string& out, TimePoint time) {
    append_u64(out, static_cast<uint64_t>(time.time_since_epoch().count()));
}
TimePoint read_time(ByteReader& in) { return TimePoint(Duration(static_cast<int64_t>(in.u64()))); }

void append_checksum(std::string& out, const Checksum& checksum) {
    append_u8(out, static_cast<uint8_t>(checksum.algorithm));
    append_u8(out, static_cast<uint8_t>(checksum.type));
    append_bytes(out, checksum.value);
}
Checksum read_checksum(ByteReader& in) {
    Checksum checksum;
    checksum.algorithm = static_cast<ChecksumAlgorithm>(in.u8());
    checksum.type = static_cast<ChecksumType>(in.u8());
    checksum.value = std::string(in.bytes());
    return checksum;
}

}  // namespace

// The content's settings are kept as the head of an object row, whose format exists already.
std::string encode_upload(const UploadRow& row) {
    ObjectRow content;
    content.headers = row.headers;
    content.metadata = row.metadata;
    content.tags = row.tags;
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, row.key);
    append_bytes(out, row.upload_id);
    append_time(out, row.initiated);
    append_bytes(out, row.initiator);
    append_u8(out, static_cast<uint8_t>(row.checksum_algorithm));
    append_u8(out, static_cast<uint8_t>(row.checksum_type));
    append_bytes(out, encode_object(content));
    return out;
}

std::optional<UploadRow> decode_upload(std::string_view bytes) {
    ByteReader in(bytes);
    if (in.u8() != kFormat) return std::nullopt;
    UploadRow row;
    row.key = std::string(in.bytes());
    row.upload_id = std::string(in.bytes());
    row.initiated = read_time(in);
    row.initiator = std::string(in.bytes());
    row.checksum_algorithm = static_cast<ChecksumAlgorithm>(in.u8());
    row.checksum_type = static_cast<ChecksumType>(in.u8());
    auto content = decode_object(in.bytes());
    if (!in.ok() || !content) return std::nullopt;
    row.headers = std::move(content->headers);
    row.metadata = std::move(content->metadata);
    row.tags = std::move(content->tags);
    return row;
}

std::string encode_part(const PartRow& row) {
    std::string out;
    append_u8(out, kFormat);
    append_varint(out, row.size);
    append_time(out, row.modified);
    append_bytes(out, row.etag);
    append_checksum(out, row.checksum);
    append_bytes(out, row.body.blob_id);
    append_varint(out, row.body.offset);
    append_varint(out, row.body.length);
    out.append(row.body.bytes);
    return out;
}

std::optional<PartRow> decode_part(std::string_view bytes) {
    ByteReader in(bytes);
    if (in.u8() != kFormat) return std::nullopt;
    PartRow row;
    row.size = in.varint();
    row.modified = read_time(in);
    row.etag = std::string(in.bytes());
    row.checksum = read_checksum(in);
    row.body.blob_id = std::string(in.bytes());
    row.body.offset = in.varint();
    row.body.length = in.varint();
    if (!in.ok()) return std::nullopt;
    row.body.bytes = std::string(in.rest());
    return row;
}

std::string encode_completed(const CompletedRow& row) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, row.key);
    append_bytes(out, row.etag);
    append_bytes(out, row.version_id);
    append_checksum(out, row.checksum);
    return out;
}

std::optional<CompletedRow> decode_completed(std::string_view bytes) {
    ByteReader in(bytes);
    if (in.u8() != kFormat) return std::nullopt;
    CompletedRow row;
    row.key = std::string(in.bytes());
    row.etag = std::string(in.bytes());
    row.version_id = std::string(in.bytes());
    row.checksum = read_checksum(in);
    if (!in.ok()) return std::nullopt;
    return row;
}

bool is_upload_id(std::string_view text) {
    return text.size() == 48 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::optional<UploadRow> find_upload(store::Txn& txn, std::string_view bucket_id,
                                     std::string_view key, std::string_view upload_id) {
    if (!is_upload_id(upload_id)) return std::nullopt;
    const auto bytes = txn.get(upload_key(bucket_id, key, upload_id));
    if (!bytes) return std::nullopt;
    return decode_upload(*bytes);
}

void for_each_part(store::Txn& txn, std::string_view bucket_id, std::string_view upload_id,
                   int32_t after, const std::function<bool(int32_t, const PartRow&)>& visit) {
    std::string from;
    append_u16(from, static_cast<uint16_t>(std::clamp(after, 0, kPartNumberMax) + 1));
    const std::string partition = part_partition(bucket_id, upload_id);
    txn.scan({store::Space::kUploads, partition, from, {}},
             [&](std::string_view sort, std::string_view value) {
                 ByteReader in(sort);
                 const auto part = decode_part(value);
                 return part ? visit(in.u16(), *part) : true;
             });
}

void release_part(store::Txn& txn, const PartRow& part, TimePoint now) {
    if (!part.body.in_memory()) release_blob(txn, part.body.blob_id, now);
}

void remove_upload(store::Txn& txn, std::string_view bucket_id, std::string_view key,
                   std::string_view upload_id, TimePoint now) {
    for_each_part(txn, bucket_id, upload_id, 0, [&](int32_t, const PartRow& part) {
        release_part(txn, part, now);
        return true;
    });
    txn.erase_range(store::Space::kUploads, part_partition(bucket_id, upload_id), {}, {});
    txn.erase(upload_key(bucket_id, key, upload_id));
}

}  // namespace millrace::s3
