#include "services/dynamodb/catalog.h"

#include "core/bytes.h"
#include "core/log.h"
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

store::Key table_row_key(const TableAddress& address) {
    return {store::Space::kTables, address.account + "/" + address.region, address.name};
}

std::string table_id_bytes(uint64_t id) {
    std::string out;
    append_u64(out, id);
    return out;
}

store::Key statistics_key(uint64_t table_id, char which) {
    return {store::Space::kTables, std::string(kTableStatistics), table_id_bytes(table_id) + which};
}

std::string Catalog::cache_key(const TableAddress& address) {
    std::string key;
    key.reserve(address.account.size() + address.region.size() + address.name.size() + 2);
    return key.append(address.account)
        .append("/")
        .append(address.region)
        .append("/")
        .append(address.name);
}

Catalog::Shard& Catalog::shard_of(std::string_view key) {
    return shards_[std::hash<std::string_view>{}(key) % shards_.size()];
}

TableRef Catalog::cached(const std::string& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto found = shard.tables.find(key);
    return found == shard.tables.end() ? nullptr : found->second;
}

TableRef Catalog::decode(std::string_view row) {
    std::optional<Table> table = decode_table(row);
    if (!table) {
        // An unknown format: a newer version wrote it. As if there were no table: nothing is lost.
        log::error("a table's definition cannot be read; was it written by a newer version?");
        return nullptr;
    }
    attach_statistics(*table);
    table->parsed_policy = parse_resource_policy(table->policy, table->arn());
    return std::make_shared<const Table>(*std::move(table));
}

TableRef Catalog::load(store::Txn& txn, const TableAddress& address) {
    const std::optional<std::string> row = txn.get(table_row_key(address));
    return row ? decode(*row) : nullptr;
}

TableRef Catalog::find(store::Txn& txn, const TableAddress& address) {
    const std::string key = cache_key(address);
    if (TableRef table = cached(key)) return table;
    TableRef table = load(txn, address);
    if (table) fill(address, key);
    return table;
}

TableRef Catalog::find_for_write(store::Txn& txn, const TableAddress& address) {
    const std::string key = cache_key(address);
    if (TableRef table = cached(key)) {
        txn.watch(table_row_key(address));
        return table;
    }
    TableRef table = load(txn, address);
    if (table) fill(address, key);
    return table;
}

void Catalog::fill(const TableAddress& address, const std::string& key) {
    Shard& shard = shard_of(key);
    uint64_t epoch = 0;
    {
        const MutexLock lock(shard.mutex);
        if (shard.changing > 0) return;
        epoch = shard.epoch;
    }
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    if (store_.read(table_row_key(address), row, ticket) != store::CommitStatus::kOk || !row ||
        !store_.is_durable(ticket)) {
        return;
    }
    TableRef table = decode(*row);
    if (!table) return;
    const MutexLock lock(shard.mutex);
    if (shard.changing == 0 && shard.epoch == epoch) shard.tables[key] = std::move(table);
}

void Catalog::begin_change(store::Txn& txn, const TableAddress& address) {
    Shard& shard = shard_of(cache_key(address));
    {
        const MutexLock lock(shard.mutex);
        ++shard.changing;
        ++shard.epoch;
        shard.tables.erase(cache_key(address));
    }
    version_.fetch_add(1, std::memory_order_release);
    const auto end_change = [this, &shard] {
        version_.fetch_add(1, std::memory_order_release);
        const MutexLock lock(shard.mutex);
        --shard.changing;
        ++shard.epoch;
    };
    txn.on_commit([end_change](store::Version) { end_change(); });
    txn.on_abort(end_change);
}

void Catalog::put(store::Txn& txn, const Table& table) {
    const TableAddress address{table.account, table.region, table.name};
    begin_change(txn, address);
    txn.put(table_row_key(address), encode_table(table));
}

void Catalog::erase(store::Txn& txn, const Table& table) {
    const TableAddress address{table.account, table.region, table.name};
    begin_change(txn, address);
    txn.erase(table_row_key(address));
}

void Catalog::attach_statistics(Table& table) {
    table.statistics = statistics(table.id);
    for (Index& index : table.indexes) index.statistics = statistics(index.id);
}

std::shared_ptr<TableStatistics> Catalog::statistics(uint64_t table_id) {
    const MutexLock lock(statistics_mutex_);
    std::shared_ptr<TableStatistics>& entry = statistics_[table_id];
    if (!entry) entry = std::make_shared<TableStatistics>();
    return entry;
}

std::vector<std::pair<uint64_t, std::shared_ptr<TableStatistics>>> Catalog::all_statistics() {
    const MutexLock lock(statistics_mutex_);
    return {statistics_.begin(), statistics_.end()};
}

void Catalog::forget_statistics(uint64_t table_id) {
    const MutexLock lock(statistics_mutex_);
    statistics_.erase(table_id);
}

}  // namespace millrace::dynamodb
