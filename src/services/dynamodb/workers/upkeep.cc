#include "services/dynamodb/workers/upkeep.h"

#include "contracts/wake_hub.h"
#include "services/dynamodb/item_write.h"
#include "services/dynamodb/transaction_token.h"
#include "services/dynamodb/workers/backup_jobs.h"
#include "services/dynamodb/workers/erasing.h"
#include "services/dynamodb/workers/index_builder.h"
#include "services/dynamodb/workers/stream_splitter.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kRowsPerStep = 500;
// Of expired items per step: each is also an old image in the stream, and a transaction has a
// limit.
constexpr size_t kExpiredBytesPerStep = 4 << 20;
constexpr size_t kPartitionBytes = 24;  // table id, h16: keys.h
constexpr std::chrono::seconds kQuietPause{10};
// What a killed process forgets of the item counts.
constexpr std::chrono::seconds kStatisticsPause{1};
// Values further in the past are no times of expiry. Source: Developer Guide, "Time to Live".
constexpr int64_t kOldestSeconds = int64_t{5} * 365 * 24 * 3600;

}  // namespace

std::vector<std::unique_ptr<contracts::Worker>> DynamoDbService::make_workers() {
    std::vector<std::unique_ptr<contracts::Worker>> workers;
    workers.push_back(std::make_unique<TableDeletion>(*this));
    workers.push_back(std::make_unique<IndexBuilder>(*this));
    workers.push_back(std::make_unique<StatisticsWriter>(*this));
    workers.push_back(std::make_unique<Expiry>(*this));
    workers.push_back(std::make_unique<TokenSweeper>(*this));
    workers.push_back(std::make_unique<BackupJobs>(*this));
    workers.push_back(std::make_unique<HistoryTrimmer>(*this));
    workers.push_back(std::make_unique<RecordSweeper>(*this));
    workers.push_back(std::make_unique<StreamSplitter>(*this));
    return workers;
}

TimePoint TableDeletion::step(TimePoint now) {
    bool more = false;
    service_.store().run([&](store::Txn& txn) {
        more = false;
        std::string id;
        std::vector<Index> indexes;
        txn.scan({store::Space::kTables, kDeletedTables, "", ""},
                 [&](std::string_view sort, std::string_view row) {
                     id = sort;
                     if (auto table = decode_table(row)) indexes = std::move(table->indexes);
                     return false;
                 });
        if (id.empty()) return store::TxnDecision::kRollback;
        more = true;
        for (const auto space : {store::Space::kItems, store::Space::kTtl, store::Space::kLsi}) {
            if (erase_rows(txn, space, id)) return store::TxnDecision::kCommit;
        }
        for (const Index& index : indexes) {
            if (erase_rows(txn, space_of(index), table_id_bytes(index.id)))
                return store::TxnDecision::kCommit;
        }
        forget_size(service_, txn, ByteReader(id).u64());
        for (const Index& index : indexes) forget_size(service_, txn, index.id);
        txn.erase({store::Space::kTables, kTtlBackfills, id});
        txn.erase({store::Space::kTables, kDeletedTables, id});
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
    return now + kStatisticsPause;
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
            // The position is the key of the next item; at first only the table's id.
            const std::string_view position = from;
            std::vector<ItemKey> items;
            txn.scan_space(
                store::Space::kItems, position.substr(0, kPartitionBytes),
                position.size() > kPartitionBytes ? position.substr(kPartitionBytes)
                                                  : std::string_view(),
                id + std::string(17, '\xff'),
                [&](std::string_view partition, std::string_view sort, std::string_view) {
                    if (items.size() == kRowsPerStep) {
                        next = std::string(partition).append(sort);
                        return false;
                    }
                    items.push_back({std::string(partition), std::string(sort)});
                    return true;
                });
            for (const ItemKey& key : items) {
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
    bool more = false;
    std::vector<std::string> wakes;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        wakes.clear();
        more = false;
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
        // The time within the transaction, so that a table's history keeps its order.
        WriteContext writing{txn, service_.clock().now(), wakes};
        writing.by_ttl = true;
        more = due.size() >= kRowsPerStep;
        size_t bytes = 0;
        for (const store::Key& row : due) {
            if (bytes >= kExpiredBytesPerStep) {
                more = true;
                break;
            }
            const std::string_view sort = row.sort;
            const ItemKey key{table_id_bytes(table.id) + std::string(sort.substr(8, 16)),
                              std::string(sort.substr(24))};
            const StoredItem stored = read_item(txn, key);
            txn.erase(row);
            if (!stored.exists()) continue;
            bytes += stored.row.size();
            const auto second = ttl_second(*current, stored.view());
            if (!second || *second > now_s) continue;  // changed meanwhile
            write_item(writing, *current, key, stored.view(), std::nullopt);
        }
        return store::TxnDecision::kCommit;
    });
    if (result.status == store::CommitStatus::kOk && service_.store().wait_durable(result.ticket)) {
        for (const std::string& key : wakes) service_.hub().signal(key);
    }
    // A store that refuses is asked again after the pause, not at once.
    return more && result.status == store::CommitStatus::kOk;
}

TimePoint TokenSweeper::step(TimePoint now) {
    bool more = false;
    service_.store().run([&](store::Txn& txn) {
        more = false;
        size_t seen = 0;
        std::vector<store::Key> expired;
        std::string next_partition;
        std::string next_sort;
        txn.scan_space(
            store::Space::kTransactionTokens, partition_, sort_, "",
            [&](std::string_view partition, std::string_view sort, std::string_view row) {
                if (seen == kRowsPerStep) {
                    more = true;
                    next_partition = partition;
                    next_sort = sort;
                    return false;
                }
                seen += 1;
                if (token_expires_ms(row) <= epoch_ms(now)) {
                    expired.push_back({store::Space::kTransactionTokens, std::string(partition),
                                       std::string(sort)});
                }
                return true;
            });
        for (const store::Key& key : expired) {
            // Read again: it may have been used anew meanwhile.
            const auto row = txn.get(key);
            if (row && token_expires_ms(*row) <= epoch_ms(now)) txn.erase(key);
        }
        txn.on_commit([this, next_partition, next_sort](store::Version) {
            partition_ = next_partition;
            sort_ = next_sort;
        });
        return store::TxnDecision::kCommit;
    });
    return more ? now : now + std::chrono::minutes(10);
}

}  // namespace millrace::dynamodb
