// Key: where a value lives. Three parts, so that the same layout fits an embedded engine (which
// concatenates them) and a shared SQL engine (three columns). docs/formats/keys.md lists every use.
// Thread-safety: plain values; KeyView's views live as long as what the caller points them at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::store {

// Each service writes only in its own spaces. Numbers are on disk: never reused, never changed.
enum class Space : uint8_t {
    kSystem = 1,   // format version, commit ceiling, leases
    kLog = 2,      // the store's own: append-only logs (stream records)
    kIam = 10,     // accounts, users, roles, policies, access keys, sessions
    kTables = 20,  // DynamoDB table definitions
    kItems = 21,   // partition: table id, h16(pk); sort: enc(sk)
    kGsi = 22,
    kLsi = 23,
    kTtl = 24,
    kTransactionTokens = 25,
    kStreams = 26,   // stream descriptions, shards
    kHistory = 27,   // what items were before a write: partition as the item's; sort: enc(sk), time
    kBackups = 28,   // backups, exports, imports, and the work on them
    kQueues = 30,    // SQS queue definitions
    kMessages = 31,  // messages and their receive state
    kFifo = 32,
    kDeduplication = 33,
    kBuckets = 40,
    kObjects = 41,  // partition: bucket id; sort: key, version
    kUploads = 42,
    kFunctions = 50,
    kMappings = 51,  // event source mappings and their positions
    kAsyncInvocations = 52,
    kLogGroups = 60,
    kLogEvents = 61,
    kDax = 70,
    kNetworks = 80,  // EC2: VPCs, subnets, security groups
};

// partition: at most 64 bytes; sort: at most 2 KiB. Scans are ordered by (partition, sort),
// bytewise.
struct KeyView {
    Space space;
    std::string_view partition;
    std::string_view sort;
};

struct Key {
    Space space;
    std::string partition;
    std::string sort;
    operator KeyView() const {
        return {space, partition, sort};
    }  // NOLINT(google-explicit-constructor)
};

inline constexpr size_t kPartitionBytesMax = 64;
inline constexpr size_t kSortBytesMax = 2048 + 64;

}  // namespace millrace::store
