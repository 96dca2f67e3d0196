#include "services/s3/keys.h"

#include <fmt/format.h>

#include "core/bytes.h"

namespace millrace::s3 {
namespace {

constexpr std::string_view kTerminator("\0\1", 2);

std::string partition(std::string_view bucket_id, char kind) {
    std::string out(bucket_id);
    out.push_back(kind);
    return out;
}

}  // namespace

std::string escape_key(std::string_view key) {
    std::string out;
    out.reserve(key.size() + 2);
    for (const char c : key) {
        out.push_back(c);
        if (c == '\0') out.push_back('\xff');
    }
    return out;
}

bool unescape_key(std::string_view& bytes, std::string& key) {
    key.clear();
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != '\0') {
            key.push_back(bytes[i]);
            continue;
        }
        if (++i == bytes.size()) return false;
        if (bytes[i] == '\1') {
            bytes.remove_prefix(i + 1);
            return true;
        }
        if (bytes[i] != '\xff') return false;
        key.push_back('\0');
    }
    return false;
}

std::string key_sort(std::string_view key) {
    std::string out = escape_key(key);
    out.append(kTerminator);
    return out;
}

std::string prefix_successor(std::string_view prefix) {
    std::string out(prefix);
    while (!out.empty()) {
        if (static_cast<uint8_t>(out.back()) != 0xff) {
            out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) + 1);
            return out;
        }
        out.pop_back();
    }
    return out;
}

store::Key bucket_key(std::string_view bucket) {
    return {store::Space::kBuckets, "d", std::string(bucket)};
}

std::string owner_partition(std::string_view account) { return "o" + std::string(account); }

std::string current_partition(std::string_view bucket_id) { return partition(bucket_id, 'o'); }
std::string version_partition(std::string_view bucket_id) { return partition(bucket_id, 'v'); }
std::string null_partition(std::string_view bucket_id) { return partition(bucket_id, 'n'); }
std::string body_partition(std::string_view bucket_id) { return partition(bucket_id, 'b'); }

store::Key current_key(std::string_view bucket_id, std::string_view key) {
    return {store::Space::kObjects, current_partition(bucket_id), key_sort(key)};
}

store::Key version_key(std::string_view bucket_id, std::string_view key, uint64_t sequence) {
    std::string sort = key_sort(key);
    append_u64(sort, ~sequence);  // newest first
    return {store::Space::kObjects, version_partition(bucket_id), std::move(sort)};
}

store::Key null_key(std::string_view bucket_id, std::string_view key) {
    return {store::Space::kObjects, null_partition(bucket_id), key_sort(key)};
}

store::Key body_key(std::string_view bucket_id, std::string_view body_id) {
    return {store::Space::kObjects, body_partition(bucket_id), std::string(body_id)};
}

store::Key blob_reference_key(std::string_view blob_id) {
    return {store::Space::kObjects, "r" + std::string(blob_id), std::string()};
}

store::Key garbage_key(TimePoint due, std::string_view id) {
    std::string sort;
    append_u64(sort, static_cast<uint64_t>(due.time_since_epoch().count()));
    sort.append(id);
    return {store::Space::kObjects, std::string(kGarbagePartition), std::move(sort)};
}

std::string upload_partition(std::string_view bucket_id) { return partition(bucket_id, 'u'); }

std::string part_partition(std::string_view bucket_id, std::string_view upload_id) {
    // 16 + 1 + 24 bytes: the id's digits are packed to stay below the partition's limit.
    std::string out = partition(bucket_id, 'p');
    for (size_t i = 0; i + 1 < upload_id.size(); i += 2) {
        const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
        out.push_back(static_cast<char>(digit(upload_id[i]) << 4 | digit(upload_id[i + 1])));
    }
    return out;
}

store::Key upload_key(std::string_view bucket_id, std::string_view key,
                      std::string_view upload_id) {
    return {store::Space::kUploads, upload_partition(bucket_id),
            key_sort(key) + std::string(upload_id)};
}

store::Key part_key(std::string_view bucket_id, std::string_view upload_id, int32_t part_number) {
    std::string sort;
    append_u16(sort, static_cast<uint16_t>(part_number));
    return {store::Space::kUploads, part_partition(bucket_id, upload_id), std::move(sort)};
}

store::Key completed_key(std::string_view bucket_id, std::string_view upload_id) {
    return {store::Space::kUploads, partition(bucket_id, 'c'), std::string(upload_id)};
}

namespace {
// None is '-': an id that began with it would look like an option on a command line.
constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
}  // namespace

std::string make_version_id(uint64_t sequence, Rng& rng) {
    std::string raw;
    append_u64(raw, sequence);
    append_u64(raw, rng.next_u64());
    append_u64(raw, rng.next_u64());
    // 24 bytes are 32 digits of 6 bits. The random bytes hide nothing; they make ids unguessable.
    std::string out;
    for (size_t i = 0; i < raw.size(); i += 3) {
        const uint32_t bits = static_cast<uint32_t>(static_cast<uint8_t>(raw[i])) << 16 |
                              static_cast<uint32_t>(static_cast<uint8_t>(raw[i + 1])) << 8 |
                              static_cast<uint8_t>(raw[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6) {
            out.push_back(kAlphabet[bits >> shift & 0x3f]);
        }
    }
    return out;
}

bool parse_version_id(std::string_view version_id, uint64_t& sequence) {
    if (version_id.size() != 32) return false;
    sequence = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < version_id.size(); ++i) {
        const size_t digit = kAlphabet.find(version_id[i]);
        if (digit == std::string_view::npos) return false;
        if (i < 10) sequence = sequence << 6 | digit;  // 60 bits
        if (i == 10) bits = static_cast<uint32_t>(digit);
    }
    sequence = sequence << 4 | bits >> 2;
    return true;
}

std::string make_upload_id(TimePoint now, Rng& rng) {
    return fmt::format("{:016x}{}", now.time_since_epoch().count(), rng.hex(32));
}

}  // namespace millrace::s3
