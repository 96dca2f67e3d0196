// Where S3 keeps its rows: the key encodings of the service, documented with their bytes in
// docs/formats/s3.md. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/random.h"
#include "core/time.h"
#include "store/key.h"

namespace millrace::s3 {

// 16 random bytes that name a bucket inside the store, so that a bucket deleted and made again
// under its name has nothing of the old one.
inline constexpr size_t kBucketIdBytes = 16;

// Order-preserving and self-delimiting: 00 becomes 00 FF. escape_key(prefix) is a prefix of
// escape_key(key) exactly when prefix is one of key.
std::string escape_key(std::string_view key);
// Reads an escaped key up to its terminator 00 01 and removes both from `bytes`. False: malformed.
bool unescape_key(std::string_view& bytes, std::string& key);
// escape_key(key) and the terminator: the sort part of rows of one key.
std::string key_sort(std::string_view key);
// The smallest byte string above all that begin with `prefix`; empty: there is none.
std::string prefix_successor(std::string_view prefix);

// Space::kBuckets
store::Key bucket_key(std::string_view bucket);
std::string owner_partition(std::string_view account);

// Space::kObjects
std::string current_partition(std::string_view bucket_id);  // the newest version, unless a marker
std::string version_partition(std::string_view bucket_id);  // older versions, delete markers
std::string null_partition(std::string_view bucket_id);     // where the older null version is
std::string body_partition(std::string_view bucket_id);     // bodies too large for the row
store::Key current_key(std::string_view bucket_id, std::string_view key);
store::Key version_key(std::string_view bucket_id, std::string_view key, uint64_t sequence);
store::Key null_key(std::string_view bucket_id, std::string_view key);
store::Key body_key(std::string_view bucket_id, std::string_view body_id);
// How many rows refer to a blob; one row per blob.
store::Key blob_reference_key(std::string_view blob_id);
// What the sweeper removes once it is due.
inline constexpr std::string_view kGarbagePartition = "g";
store::Key garbage_key(TimePoint due, std::string_view id);

// Space::kUploads
std::string upload_partition(std::string_view bucket_id);
std::string part_partition(std::string_view bucket_id, std::string_view upload_id);
store::Key upload_key(std::string_view bucket_id, std::string_view key, std::string_view upload_id);
store::Key part_key(std::string_view bucket_id, std::string_view upload_id, int32_t part_number);
store::Key completed_key(std::string_view bucket_id, std::string_view upload_id);

// The version ids that clients see: 32 characters, the sequence inside.
std::string make_version_id(uint64_t sequence, Rng& rng);
// False: nothing that make_version_id made.
bool parse_version_id(std::string_view version_id, uint64_t& sequence);
// 48 hexadecimal digits that sort by the time of the start.
std::string make_upload_id(TimePoint now, Rng& rng);

}  // namespace millrace::s3
