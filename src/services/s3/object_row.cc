#include "services/s3/object_row.h"

#include "core/bytes.h"

namespace millrace::s3 {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kFlagDeleteMarker = 1;
constexpr uint8_t kFlagsKnown = kFlagDeleteMarker;

// Optional fields: tag byte, varint length, content; ended by kEnd. Numbers are on disk.
enum Field : uint8_t {
    kEnd = 0,
    kContentType = 1,
    kCacheControl = 2,
    kContentDisposition = 3,
    kContentEncoding = 4,
    kContentLanguage = 5,
    kExpires = 6,
    kWebsiteRedirect = 7,
    kMetadata = 9,
    kTagSet = 10,
    kChecksumValue = 11,
    kParts = 12,
};

void append_field(std::string& out, Field field, std::string_view content) {
    if (content.empty()) return;
    append_u8(out, field);
    append_bytes(out, content);
}

bool read_head(ByteReader& in, ObjectSummary& head) {
    if (in.u8() != kFormat) return false;
    const uint8_t flags = in.u8();
    if ((flags & ~kFlagsKnown) != 0) return false;
    head.delete_marker = (flags & kFlagDeleteMarker) != 0;
    head.sequence = in.u64();
    head.modified = TimePoint(Duration(static_cast<int64_t>(in.u64())));
    head.version_id = in.bytes();
    head.size = in.varint();
    head.etag = in.bytes();
    head.checksum_algorithm = static_cast<ChecksumAlgorithm>(in.u8());
    head.checksum_type = static_cast<ChecksumType>(in.u8());
    head.storage_class = in.bytes();
    return in.ok();
}

}  // namespace

std::string encode_object(const ObjectRow& row) {
    std::string out;
    out.reserve(160 + (row.body_kind == BodyKind::kInline ? row.body.size() : 32));
    append_u8(out, kFormat);
    append_u8(out, row.delete_marker ? kFlagDeleteMarker : 0);
    append_u64(out, row.sequence);
    append_u64(out, static_cast<uint64_t>(row.modified.time_since_epoch().count()));
    append_bytes(out, row.version_id);
    append_varint(out, row.size);
    append_bytes(out, row.etag);
    append_u8(out, static_cast<uint8_t>(row.checksum.algorithm));
    append_u8(out, static_cast<uint8_t>(row.checksum.type));
    append_bytes(out, row.headers.storage_class);
    append_field(out, kContentType, row.headers.content_type);
    append_field(out, kCacheControl, row.headers.cache_control);
    append_field(out, kContentDisposition, row.headers.content_disposition);
    append_field(out, kContentEncoding, row.headers.content_encoding);
    append_field(out, kContentLanguage, row.headers.content_language);
    append_field(out, kExpires, row.headers.expires);
    append_field(out, kWebsiteRedirect, row.headers.website_redirect);
    if (!row.metadata.empty()) {
        std::string content;
        append_varint(content, row.metadata.size());
        for (const auto& [name, value] : row.metadata) {
            append_bytes(content, name);
            append_bytes(content, value);
        }
        append_field(out, kMetadata, content);
    }
    if (!row.tags.empty()) {
        std::string content;
        append_varint(content, row.tags.size());
        for (const auto& [key, value] : row.tags) {
            append_bytes(content, key);
            append_bytes(content, value);
        }
        append_field(out, kTagSet, content);
    }
    append_field(out, kChecksumValue, row.checksum.value);
    if (!row.parts.empty()) {
        std::string content;
        append_varint(content, row.parts.size());
        for (const ObjectPart& part : row.parts) {
            append_varint(content, static_cast<uint64_t>(part.number));
            append_varint(content, part.size);
            append_bytes(content, part.checksum);
        }
        append_field(out, kParts, content);
    }
    append_u8(out, kEnd);
    append_u8(out, static_cast<uint8_t>(row.body_kind));
    out.append(row.body);
    return out;
}

std::optional<ObjectSummary> summarize_object(std::string_view bytes) {
    ByteReader in(bytes);
    ObjectSummary head;
    if (!read_head(in, head)) return std::nullopt;
    return head;
}

std::optional<ObjectRow> decode_object(std::string_view bytes) {
    ByteReader in(bytes);
    ObjectSummary head;
    if (!read_head(in, head)) return std::nullopt;
    ObjectRow row;
    row.delete_marker = head.delete_marker;
    row.sequence = head.sequence;
    row.modified = head.modified;
    row.version_id = std::string(head.version_id);
    row.size = head.size;
    row.etag = std::string(head.etag);
    row.checksum.algorithm = head.checksum_algorithm;
    row.checksum.type = head.checksum_type;
    row.headers.storage_class = std::string(head.storage_class);
    for (uint8_t field = in.u8(); field != kEnd; field = in.u8()) {
        const std::string_view content = in.bytes();
        if (!in.ok()) return std::nullopt;
        ByteReader items(content);
        switch (field) {
            case kContentType:
                row.headers.content_type = std::string(content);
                break;
            case kCacheControl:
                row.headers.cache_control = std::string(content);
                break;
            case kContentDisposition:
                row.headers.content_disposition = std::string(content);
                break;
            case kContentEncoding:
                row.headers.content_encoding = std::string(content);
                break;
            case kContentLanguage:
                row.headers.content_language = std::string(content);
                break;
            case kExpires:
                row.headers.expires = std::string(content);
                break;
            case kWebsiteRedirect:
                row.headers.website_redirect = std::string(content);
                break;
            case kMetadata:
                for (uint64_t n = items.varint(); n > 0 && items.ok(); --n) {
                    std::string name(items.bytes());
                    row.metadata.emplace(std::move(name), items.bytes());
                }
                break;
            case kTagSet:
                for (uint64_t n = items.varint(); n > 0 && items.ok(); --n) {
                    std::string key(items.bytes());
                    row.tags.emplace_back(std::move(key), items.bytes());
                }
                break;
            case kChecksumValue:
                row.checksum.value = std::string(content);
                break;
            case kParts:
                for (uint64_t n = items.varint(); n > 0 && items.ok(); --n) {
                    ObjectPart part;
                    part.number = static_cast<int32_t>(items.varint());
                    part.size = items.varint();
                    part.checksum = std::string(items.bytes());
                    row.parts.push_back(std::move(part));
                }
                break;
            default:
                return std::nullopt;
        }
        if (!items.ok()) return std::nullopt;
    }
    row.body_kind = static_cast<BodyKind>(in.u8());
    if (!in.ok()) return std::nullopt;
    row.body = std::string(in.rest());
    return row;
}

}  // namespace millrace::s3
