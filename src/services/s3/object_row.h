// ObjectRow: one version of an object (or a delete marker) as a row of the store.
// Byte layout: docs/formats/s3.md. Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "services/s3/bucket.h"

namespace millrace::s3 {

// Bodies up to here lie in the row itself, so that a GET is one read; up to kSiblingBytesMax in a
// row beside it, so that listings stay cheap; above in a blob.
inline constexpr size_t kInlineBytesMax = 8 << 10;
inline constexpr size_t kSiblingBytesMax = 64 << 10;

// Numbers are on disk.
enum class BodyKind : uint8_t { kInline = 0, kSibling = 1, kBlob = 2 };
enum class ChecksumAlgorithm : uint8_t {
    kNone = 0,
    kCrc32 = 1,
    kCrc32c = 2,
    kCrc64Nvme = 3,
    kSha1 = 4,
    kSha256 = 5,
};
enum class ChecksumType : uint8_t { kFullObject = 0, kComposite = 1 };

// A checksum as clients see it: base64, with "-n" behind it when composite.
struct Checksum {
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::kNone;
    ChecksumType type = ChecksumType::kFullObject;
    std::string value;
    bool present() const { return algorithm != ChecksumAlgorithm::kNone && !value.empty(); }
    friend bool operator==(const Checksum&, const Checksum&) = default;
};

// Headers that are kept as given. Empty: absent (content_type: never absent).
struct SystemHeaders {
    std::string content_type;
    std::string cache_control;
    std::string content_disposition;
    std::string content_encoding;
    std::string content_language;
    std::string expires;
    std::string website_redirect;
    std::string storage_class;  // empty: STANDARD
    friend bool operator==(const SystemHeaders&, const SystemHeaders&) = default;
};

struct ObjectPart {
    int32_t number = 0;
    uint64_t size = 0;
    std::string checksum;  // base64; empty: none
    friend bool operator==(const ObjectPart&, const ObjectPart&) = default;
};

struct ObjectRow {
    bool delete_marker = false;
    uint64_t sequence = 0;   // grows with every version of a key
    std::string version_id;  // empty: the null version
    TimePoint modified{};
    uint64_t size = 0;
    std::string etag;  // without quotes
    SystemHeaders headers;
    std::map<std::string, std::string> metadata;  // names in lower case
    Tags tags;
    Checksum checksum;
    std::vector<ObjectPart> parts;  // of a multipart upload
    BodyKind body_kind = BodyKind::kInline;
    std::string body;  // the bytes, the sibling's id or the blob's id

    bool is_null_version() const { return version_id.empty(); }
    friend bool operator==(const ObjectRow&, const ObjectRow&) = default;
};

std::string encode_object(const ObjectRow& row);
std::optional<ObjectRow> decode_object(std::string_view bytes);

// What a listing shows, without the cost of decoding the rest. Views into the row.
struct ObjectSummary {
    bool delete_marker = false;
    uint64_t sequence = 0;
    std::string_view version_id;
    TimePoint modified{};
    uint64_t size = 0;
    std::string_view etag;
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::kNone;
    ChecksumType checksum_type = ChecksumType::kFullObject;
    std::string_view storage_class;
};
std::optional<ObjectSummary> summarize_object(std::string_view bytes);

}  // namespace millrace::s3
