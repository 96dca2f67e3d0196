// Catalog: table definitions by account, region and name, from their rows, with a cache.
//
// Cached definitions are durable ones, so operations that only read need not wait for them or read
// the row. A cached definition may be changed by somebody else while an operation runs. For readers
// that is the order "read, then change". Writers must not go on with an old definition, or an item
// would be written without the stream record or index entry that the new one asks for: they watch
// the row (store/store.h), and
//  - whoever changes a row takes the definition out of the cache before its transaction commits,
//  and
//    nobody fills it again until that transaction has ended. So a writer either found the old
//    definition before the change committed, and its watch loses against the commit, or it reads
//    the row itself;
//  - every table has a random id that is part of its items' keys. A write that came before
//    DeleteTable leaves at most a row that the deletion worker removes, never an item of a later
//    table of the same name.
//
// Thread-safety: safe from any thread. Lock order: the store's commit lock, then a shard's mutex;
// no store call is made with a mutex held.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.h"
#include "services/dynamodb/table.h"
#include "store/store.h"

namespace millrace::dynamodb {

// Rows of Space::kTables. Definitions: partition "<account>/<region>", sort the name.
store::Key table_row_key(const TableAddress& address);
// Others: partition one of these, sort the table id (8 bytes), or that of an index.
inline constexpr std::string_view kDeletedTables = "!deleted";  // the definition, until emptied
inline constexpr std::string_view kTableStatistics = "!statistics";  // + 'i' items, + 'b' bytes
inline constexpr std::string_view kTtlBackfills = "!ttl";            // where TTL's back-fill stands
inline constexpr std::string_view kIndexJobs = "!index";  // workers/index_builder.h; index id
std::string table_id_bytes(uint64_t id);
store::Key statistics_key(uint64_t table_id, char which);

class Catalog {
public:
    explicit Catalog(store::Store& store) : store_(store) {}

    // Null: there is no such table. O(1) without a store read when cached.
    TableRef find(store::Txn& txn, const TableAddress& address);
    // The same for operations that write: see above.
    TableRef find_for_write(store::Txn& txn, const TableAddress& address);
    // From the row, for operations that change the definition.
    TableRef load(store::Txn& txn, const TableAddress& address);
    void put(store::Txn& txn, const Table& table);
    void erase(store::Txn& txn, const Table& table);
    // Moves on before and after every change of a definition: for caches of what depends on them.
    uint64_t version() const { return version_.load(std::memory_order_acquire); }

    // What is not yet written of a table's or an index's counters.
    std::shared_ptr<TableStatistics> statistics(uint64_t id);
    // Of a definition that was just made.
    void attach_statistics(Table& table);
    std::vector<std::pair<uint64_t, std::shared_ptr<TableStatistics>>> all_statistics();
    void forget_statistics(uint64_t id);

private:
    struct Shard {
        Mutex mutex;
        std::unordered_map<std::string, TableRef> tables MR_GUARDED_BY(mutex);
        int changing MR_GUARDED_BY(mutex) = 0;    // transactions under way that change a row here
        uint64_t epoch MR_GUARDED_BY(mutex) = 0;  // grows with every change
    };
    static std::string cache_key(const TableAddress& address);
    Shard& shard_of(std::string_view key);
    TableRef cached(const std::string& key);
    void fill(const TableAddress& address, const std::string& key);
    void begin_change(store::Txn& txn, const TableAddress& address);
    TableRef decode(std::string_view row);

    store::Store& store_;
    std::atomic<uint64_t> version_{1};
    std::array<Shard, 16> shards_;
    Mutex statistics_mutex_;
    std::unordered_map<uint64_t, std::shared_ptr<TableStatistics>> statistics_
        MR_GUARDED_BY(statistics_mutex_);
};

}  // namespace millrace::dynamodb
