// Table: the definition of a table, as kept in its row and cached. Immutable once made: changes
// make a new one. Thread-safety: immutable; shared by the cache and the requests in flight.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/caller.h"
#include "contracts/stream_record.h"
#include "core/result.h"
#include "core/time.h"
#include "item/item.h"
#include "model/generated/dynamodb.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/siphash.h"
#include "services/dynamodb/throttle.h"

namespace millrace::dynamodb {

struct KeyAttribute {
    std::string name;
    item::Type type = item::Type::kString;
    friend bool operator==(const KeyAttribute&, const KeyAttribute&) = default;
};

// Of a table or an index.
struct KeyAttributes {
    KeyAttribute hash;
    std::optional<KeyAttribute> sort;
    // The second to fourth of a global index.
    std::vector<KeyAttribute> more_hashes;
    std::vector<KeyAttribute> more_sorts;
    // Calls back with each attribute and whether it is of the partition key, in the schema's order,
    // until it says false. Was that never?
    template <class Visit>
    bool every(const Visit& visit) const {
        if (!visit(hash, true)) return false;
        for (const KeyAttribute& more : more_hashes) {
            if (!visit(more, true)) return false;
        }
        if (sort && !visit(*sort, false)) return false;
        for (const KeyAttribute& more : more_sorts) {
            if (!visit(more, false)) return false;
        }
        return true;
    }
    bool has(std::string_view name) const {
        return !every([&](const KeyAttribute& key, bool) { return key.name != name; });
    }
    std::vector<std::string> names() const;
    expression::KeySchema schema() const;
};

// On disk: never renumbered.
enum class ProjectionKind : uint8_t { kAll = 1, kKeysOnly = 2, kInclude = 3 };
enum class IndexState : uint8_t { kActive = 1, kBackfilling = 2, kDeleting = 3 };

inline constexpr int64_t kUnitsMax = 1'000'000'000'000;
struct Throughput {
    int64_t read_units = 0;
    int64_t write_units = 0;
    friend bool operator==(const Throughput&, const Throughput&) = default;
};

struct TableStream {
    uint64_t id = 0;
    std::string label;
    contracts::StreamViewType view_type = contracts::StreamViewType::kKeysOnly;
    struct Shard {
        uint64_t hash_from = 0;  // first 8 bytes of the key hash, big-endian
        uint32_t number = 0;
    };
    std::vector<Shard> shards;  // open ones, ascending by hash_from; the first begins at 0
    // The shard of an item whose key hash begins with these 8 bytes.
    const Shard& shard_of(uint64_t hash) const;
};

struct TimeToLive {
    bool enabled = false;
    std::string attribute;    // also while a disabled one may still have rows
    uint64_t generation = 0;  // grows with every enabling: names the back-fill
    TimePoint changed{};      // zero: never
};

// Whether writes keep what was there before them: backup/history.h.
struct TableHistory {
    bool recovery = false;  // point-in-time recovery is on
    uint8_t recovery_days = 0;
    TimePoint recovery_since{};
    uint32_t readers = 0;  // copies under way that need it
    uint64_t epoch = 0;    // grows with every cut through the table's history
    bool kept() const { return recovery || readers > 0; }
};

// Where a restored table came from.
struct TableOrigin {
    std::string backup_arn;  // empty: from the table's history
    std::string table_arn;
    TimePoint time{};
};

// Records written to a table's stream since they were last looked at, by the first bits of the key
// hash: what decides whether and where a shard is split (workers/stream_splitter.h).
struct StreamHeat {
    static constexpr int kBits = 6;
    static constexpr size_t kBuckets = size_t{1} << kBits;
    static constexpr uint64_t hash_of(size_t bucket) { return uint64_t{bucket} << (64 - kBits); }
    std::array<std::atomic<uint32_t>, kBuckets> records{};
    void add(uint64_t hash) {
        records[hash >> (64 - kBits)].fetch_add(1, std::memory_order_relaxed);
    }
};

// Of a table or an index.
struct Size {
    int64_t items = 0;
    int64_t bytes = 0;
};

// Of a table or an index: items and bytes added since the counters were last written; see
// workers/statistics.h.
struct TableStatistics {
    std::atomic<int64_t> items{0};
    std::atomic<int64_t> bytes{0};
    std::atomic<uint64_t> history_records{0};  // in this process: orders those of one microsecond
    // backup/history.cc, in µs: no time that an earlier process gave is later than the floor (below
    // 0: not known yet), none of this process is later than the mark in the store.
    std::atomic<int64_t> history_floor{-1};
    std::atomic<int64_t> history_mark{0};
    StreamHeat stream_heat;
    Throttle throttle;
};

struct Index {
    std::string name;
    uint64_t id = 0;  // random: a new index of the same name never sees old entries
    bool global = true;
    IndexState state = IndexState::kActive;
    KeyAttributes keys;
    ProjectionKind projection = ProjectionKind::kAll;
    std::vector<std::string> non_key_attributes;  // kInclude
    Throughput throughput;                        // as Table::throughput
    TimePoint last_increase{};                    // zero: never
    TimePoint last_decrease{};

    // Not stored: as Table::statistics.
    std::shared_ptr<TableStatistics> statistics;

    // Has every entry the attribute, if the item has it?
    bool projects(const KeyAttributes& table_keys, std::string_view attribute) const;
};

struct Table {
    std::string account;
    std::string region;
    std::string name;
    uint64_t id = 0;     // random; the first 8 bytes of every item's partition
    std::string uuid;    // TableId
    HashKey hash_key{};  // of siphash128 over encoded partition keys
    TimePoint created{};
    KeyAttributes keys;
    std::vector<KeyAttribute> definitions;
    std::vector<Index> indexes;
    bool on_demand = false;
    bool show_billing = false;  // BillingModeSummary: on demand, or was
    TimePoint on_demand_since{};
    Throughput throughput;      // on demand: the maxima of OnDemandThroughput; zero: none
    TimePoint last_increase{};  // zero: never
    TimePoint last_decrease{};
    bool deletion_protection = false;
    std::optional<TableStream> stream;
    std::string latest_stream_label;  // also of a disabled stream; empty: never had one
    TimeToLive ttl;
    TableHistory history;
    bool creating = false;  // being restored or imported: no operations on its items yet
    std::optional<TableOrigin> origin;
    std::string table_class;  // empty: never given, STANDARD
    std::map<std::string, std::string> tags;
    std::string policy;  // resource policy, JSON; empty: none
    std::string policy_revision;

    // Not stored: shared by all versions of the table's definition in this process.
    std::shared_ptr<TableStatistics> statistics;
    // Not stored: `policy`, compiled.
    std::shared_ptr<const contracts::PolicyDocument> parsed_policy;

    std::string arn() const;
    std::string index_arn(const Index& index) const;
    const Index* find_index(std::string_view index_name) const;
    Index* find_index(std::string_view index_name);
    bool has_local_indexes() const;
    // An index is being made or deleted.
    bool is_updating() const;
};

using TableRef = std::shared_ptr<const Table>;

// The row, docs/formats/dynamodb.md.
std::string encode_table(const Table& table);
// Nothing: unknown version or malformed.
std::optional<Table> decode_table(std::string_view bytes);

// OnDemandThroughput of a table or an index: changes its maxima. `on_demand`: the table is.
Result<void> apply_on_demand_throughput(bool on_demand, Throughput& maxima,
                                        const model::dynamodb::OnDemandThroughput& wanted);

// As DescribeTable shows it. `status`: ACTIVE, CREATING, UPDATING, DELETING. `index_sizes`: as many
// as the table's indexes, or none.
model::dynamodb::TableDescription describe_table(const Table& table, std::string_view status,
                                                 const Size& size = {},
                                                 const std::vector<Size>& index_sizes = {});

// A table as a request names it: by name or by ARN.
struct TableAddress {
    std::string account;
    std::string region;
    std::string name;
    std::string arn() const;
};
// Nothing when it begins as an ARN but is none of a table.
std::optional<TableAddress> parse_table_address(std::string_view name_or_arn,
                                                std::string_view account, std::string_view region);

}  // namespace millrace::dynamodb
