// Multipart uploads: the rows of uploads in progress and of their parts.
// Byte layout: docs/formats/s3.md. Thread-safety: plain values; functions belong to a transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/body.h"
#include "services/s3/object_row.h"
#include "store/store.h"

namespace millrace::s3 {

inline constexpr int32_t kPartNumberMax = 10'000;
inline constexpr uint64_t kPartBytesMin = 5ULL << 20;  // of all but the last
inline constexpr uint64_t kPartBytesMax = 5ULL << 30;
inline constexpr uint64_t kSinglePutBytesMax = 5ULL << 30;

struct UploadRow {
    std::string key;
    std::string upload_id;
    TimePoint initiated{};
    std::string initiator;  // ARN
    SystemHeaders headers;
    std::map<std::string, std::string> metadata;
    Tags tags;
    // What the client asked for; kNone: nothing, the parts then carry CRC64NVME.
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::kNone;
    ChecksumType checksum_type = ChecksumType::kComposite;
    friend bool operator==(const UploadRow&, const UploadRow&) = default;
};
std::string encode_upload(const UploadRow& row);
std::optional<UploadRow> decode_upload(std::string_view bytes);

struct PartRow {
    uint64_t size = 0;
    TimePoint modified{};
    std::string etag;  // hexadecimal MD5
    Checksum checksum;
    Body body;  // bytes, or a slice of a blob that is counted once
    friend bool operator==(const PartRow&, const PartRow&) = default;
};
std::string encode_part(const PartRow& row);
std::optional<PartRow> decode_part(std::string_view bytes);

// What CompleteMultipartUpload answered, for a repeated call.
struct CompletedRow {
    std::string key;
    std::string etag;
    std::string version_id;
    Checksum checksum;
};
std::string encode_completed(const CompletedRow& row);
std::optional<CompletedRow> decode_completed(std::string_view bytes);

// The upload, or nothing when there is none of that id for that key.
std::optional<UploadRow> find_upload(store::Txn& txn, std::string_view bucket_id,
                                     std::string_view key, std::string_view upload_id);
bool is_upload_id(std::string_view text);
// Parts by number, from `after` (exclusive). Return false to stop.
void for_each_part(store::Txn& txn, std::string_view bucket_id, std::string_view upload_id,
                   int32_t after, const std::function<bool(int32_t, const PartRow&)>& visit);
// Releases a part's body.
void release_part(store::Txn& txn, const PartRow& part, TimePoint now);
// Removes the upload with all its parts.
void remove_upload(store::Txn& txn, std::string_view bucket_id, std::string_view key,
                   std::string_view upload_id, TimePoint now);

}  // namespace millrace::s3
