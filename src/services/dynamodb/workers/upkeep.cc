#include "services/dynamodb/workers/upkeep.h"

#include "contracts/wake_hub.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kRowsPerStep = 500;
constexpr std::chrono::seconds kQuietPause{10};
// Values further in the past are no times of expiry. Source: Developer Guide, "Time to Live".
constexpr int64_t kOldestSeconds = int64_t{5} * 365 * 24 * 3600;

}  // namespace

std::vector<std::unique_ptr<contracts::Worker>> DynamoDbService::make_workers() {
    std::vector<std::unique_ptr<contracts::Worker>> workers;
    workers.push_back(std::make_unique<TableDeletion>(*this));
    workers.push_back(std::make_unique<StatisticsWriter>(*this));
    workers.push_back(std::make_unique<Expiry>(*this));
    return workers;
}

TimePoint TableDeletion::step(TimePoint now) {
    bool more = false;
    service_.store().run([&](store::Txn& txn) {
        more = false;
        std::string id;
        txn.scan({store::Space::kTables, kDeletedTables, "", ""},
                 [&](std::string_view sort, std::string_view) {
                     id = sort;
                     return false;
                 });
        if (id.empty()) return store::TxnDecision::kRollback;
        more = true;
        std::vector<store::Key> rows;
        for (const store::Space space : {store::Space::kItems, store::Space::kTtl}) {
            txn.scan_space(
                space, id, "", id + std::string(17, '\xff'),
                [&](std::string_view partition, std::string_view sort, std::string_view) {
                    rows.push_back({space, std::string(partition), std::string(sort)});
                    return rows.size() < kRowsPerStep;
                });
            if (rows.size() >= kRowsPerStep) break;
        }
        for (const store::Key& row : rows) txn.erase(row);
        if (rows.empty()) {
            const uint64_t table_id = ByteReader(id).u64();
            for (const char which : {'i', 'b'}) txn.erase(statistics_key(table_id, which));
            txn.erase({store::Space::kTables, kTtlBackfills, id});
            txn.erase({store::Space::kTables, kDeletedTables, id});
            txn.on_commit([this, table_id](store::Version) {
                service_.catalog().forget_statistics(table_id);
            });
        }
        return store::TxnDecision::kCommit;
    });
    return more ? now : now + std::chrono::minutes(10);
}

TimePoint StatisticsWriter::step(TimePoint now) {
    for (const auto& [id, statistics] : service_.catalog().all_statistics()) {
        const int64_t items = statistics->items.exchange(0);
        const int64_t bytes = statistics->bytes.exchange(0);
        if (items == 0 && bytes == 0) continue;
        const store::RunResult result = service_.store().run([&, table_id = id](store::Txn& txn) {
            txn.add(statistics_key(table_id, 'i'), items);
            txn.add(statistics_key(table_id, 'b'), bytes);
            return store::TxnDecision::kCommit;
        });
        if (result.status != store::CommitStatus::kOk) {
            statistics->items += items;
            statistics->bytes += bytes;
        }
    }
    return now + kQuietPause;
}

TimePoint Expiry::step(TimePoint now) {
    bool more = back_fill();
    std::vector<Table> tables;
    service_.store().run([&](store::Txn& txn) {
        tables.clear();
        // Definitions' partitions begin with the account's digits.
        txn.scan_space(store::Space::kTables, "0", "", ":",
                       [&](std::string_view, std::string_view, std::string_view row) {
                           auto table = decode_table(row);
                           if (table && table->ttl.enabled) tables.push_back(std::move(*table));
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    for (const Table& table : tables) more = expire(table, now) || more;
    return more ? now : now + kQuietPause;
}

// Gives the items that were there before TTL was enabled their rows.
bool Expiry::back_fill() {
    bool found = false;
    service_.store().run([&](store::Txn& txn) {
        found = false;
        std::string id;
        std::string from;
        txn.scan({store::Space::kTables, kTtlBackfills, "", ""},
                 [&](std::string_view sort, std::string_view position) {
                     id = sort;
                     from = position;
                     return false;
                 });
        if (id.empty()) return store::TxnDecision::kRollback;
        found = true;
        std::optional<Table> table;
        txn.scan_space(store::Space::kTables, "0", "", ":",
                       [&](std::string_view, std::string_view, std::string_view row) {
                           auto candidate = decode_table(row);
                           if (candidate && table_id_bytes(candidate->id) == id)
                               table = std::move(*candidate);
                           return !table;
                       });
        std::string next;
        if (table && table->ttl.enabled) {
            size_t rows = 0;
            // The position is a partition: all of its items are done in one step.
            std::vector<std::pair<ItemKey, std::string>> items;
            txn.scan_space(
                store::Space::kItems, from, "", id + std::string(17, '\xff'),
                [&](std::string_view partition, std::string_view sort, std::string_view row) {
                    if (rows >= kRowsPerStep && items.back().first.partition != partition) {
                        next = partition;
                        return false;
                    }
                    rows += 1;
                    items.push_back(
                        {{std::string(partition), std::string(sort)}, std::string(row)});
                    return true;
                });
            for (const auto& [key, row] : items) {
                // Read again, so that a change meanwhile is a conflict.
                const StoredItem stored = read_item(txn, key);
                if (!stored.exists()) continue;
                if (const auto ttl = make_ttl_key(*table, stored.view(), key))
                    txn.put(ttl->view(), {});
            }
        }
        if (next.empty()) {
            txn.erase({store::Space::kTables, kTtlBackfills, id});
        } else {
            txn.put({store::Space::kTables, kTtlBackfills, id}, next);
        }
        return store::TxnDecision::kCommit;
    });
    return found;
}

bool Expiry::expire(const Table& table, TimePoint now) {
    const int64_t now_s = epoch_seconds(now);
    size_t rows = 0;
    std::vector<std::string> wakes;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        wakes.clear();
        rows = 0;
        const TableAddress address{table.account, table.region, table.name};
        const TableRef current = service_.catalog().find_for_write(txn, address);
        if (!current || current->id != table.id || !current->ttl.enabled)
            return store::TxnDecision::kRollback;
        std::vector<store::Key> due;
        txn.scan_space(
            store::Space::kTtl, ttl_partition(table.id, now_s - kOldestSeconds), "",
            ttl_partition(table.id, now_s + 3600),
            [&](std::string_view partition, std::string_view sort, std::string_view) {
                if (static_cast<int64_t>(ByteReader(sort).u64()) > now_s) return false;
                due.push_back({store::Space::kTtl, std::string(partition), std::string(sort)});
                return due.size() < kRowsPerStep;
            });
        WriteContext writing{txn, now, wakes};
        writing.by_ttl = true;
        for (const store::Key& row : due) {
            rows += 1;
            const std::string_view sort = row.sort;
            const ItemKey key{table_id_bytes(table.id) + std::string(sort.substr(8, 16)),
                              std::string(sort.substr(24))};
            const StoredItem stored = read_item(txn, key);
            txn.erase(row);
            if (!stored.exists()) continue;
            const auto second = ttl_second(*current, stored.view());
            if (!second || *second > now_s) continue;  // changed meanwhile
            write_item(writing, *current, key, stored.view(), std::nullopt);
        }
        return store::TxnDecision::kCommit;
    });
    if (result.status == store::CommitStatus::kOk && service_.store().wait_durable(result.ticket)) {
        for (const std::string& key : wakes) service_.hub().signal(key);
    }
    return rows >= kRowsPerStep;
}

}  // namespace millrace::dynamodb
