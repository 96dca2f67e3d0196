#include "services/dynamodb/write.h"

#include <algorithm>

#include "contracts/stream_record.h"
#include "core/check.h"
#include "services/dynamodb/backup/history.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_collection.h"

namespace millrace::dynamodb {
namespace {

void count(store::Txn& txn, const std::shared_ptr<TableStatistics>& statistics, int64_t items,
           int64_t bytes) {
    if (items == 0 && bytes == 0) return;
    txn.on_commit([statistics, items, bytes](store::Version) {
        statistics->items.fetch_add(items, std::memory_order_relaxed);
        statistics->bytes.fetch_add(bytes, std::memory_order_relaxed);
    });
}

// One item's place in one index.
struct Entry {
    std::optional<IndexKey> key;  // nothing: it has none
    item::Item item;
    size_t size_bytes = 0;
};

Entry make_entry(const Table& table, const Index& index, const ItemKey& key,
                 const std::optional<item::ItemView>& item) {
    Entry entry;
    if (item) entry.key = make_index_key(table, index, *item, key);
    if (!entry.key) return entry;
    entry.item = project_into_index(table, index, *item);
    entry.size_bytes = item::item_size(entry.item);
    return entry;
}

void put_entry(store::Txn& txn, const Entry& entry) {
    std::string row;
    item::append_stored(row, entry.item);
    txn.put(entry.key->view(), row);
}

void write_index_entries(WriteContext& context, const Table& table, const ItemKey& key,
                         std::optional<item::ItemView> before, std::optional<item::ItemView> after,
                         WriteCost& cost) {
    for (const Index& index : table.indexes) {
        if (index.state == IndexState::kDeleting) continue;
        Entry old_entry = make_entry(table, index, key, before);
        const Entry new_entry = make_entry(table, index, key, after);
        // The back-fill of a new index may not have come to this item yet.
        if (index.state == IndexState::kBackfilling && old_entry.key &&
            !context.txn.get(old_entry.key->view())) {
            old_entry = {};
        }
        if (old_entry.key == new_entry.key && old_entry.item == new_entry.item) continue;
        double units = 0;
        if (old_entry.key && old_entry.key != new_entry.key) {
            context.txn.erase(old_entry.key->view());
            units += write_units(old_entry.size_bytes);
        }
        if (new_entry.key) {
            put_entry(context.txn, new_entry);
            units += write_units(old_entry.key == new_entry.key
                                     ? std::max(old_entry.size_bytes, new_entry.size_bytes)
                                     : new_entry.size_bytes);
        }
        cost.index_units[index.name] += units;
        const int64_t growth =
            static_cast<int64_t>(new_entry.size_bytes) - static_cast<int64_t>(old_entry.size_bytes);
        count(context.txn, index.statistics, (new_entry.key ? 1 : 0) - (old_entry.key ? 1 : 0),
              growth);
        if (!index.global) cost.collection_growth_bytes += growth;
    }
}

void write_ttl_row(WriteContext& context, const Table& table, const ItemKey& key,
                   std::optional<item::ItemView> before, std::optional<item::ItemView> after) {
    std::optional<TtlKey> old_key, new_key;
    if (before) old_key = make_ttl_key(table, *before, key);
    if (after) new_key = make_ttl_key(table, *after, key);
    // An unchanged row is written again: a disabled and re-enabled TTL may lack it.
    if (old_key && old_key != new_key) context.txn.erase(old_key->view());
    if (new_key) context.txn.put(new_key->view(), {});
}

void append_stream_record(WriteContext& context, const Table& table, const ItemKey& key,
                          std::optional<item::ItemView> before,
                          std::optional<item::ItemView> after) {
    using contracts::StreamEvent;
    using contracts::StreamViewType;
    const TableStream& stream = *table.stream;
    const item::Item keys = extract_key(table.keys, after ? *after : *before);
    contracts::StoredStreamRecord record;
    record.event =
        !before ? StreamEvent::kInsert : (after ? StreamEvent::kModify : StreamEvent::kRemove);
    record.view_type = stream.view_type;
    record.by_ttl = context.by_ttl;
    record.created = context.now;
    record.keys = keys;
    record.size_bytes = item::item_size(keys);
    const bool both = stream.view_type == StreamViewType::kNewAndOld;
    if (after && (both || stream.view_type == StreamViewType::kNewImage)) {
        record.new_image = *after;
        record.size_bytes += item::item_size(*after);
    }
    if (before && (both || stream.view_type == StreamViewType::kOldImage)) {
        record.old_image = *before;
        record.size_bytes += item::item_size(*before);
    }
    const uint32_t shard = stream.shard_of(key.hash_prefix()).number;
    context.txn.append(contracts::stream_log(stream.id, shard), encode_stream_record(record));
    // Also of attempts that do not commit: near enough.
    table.statistics->stream_heat.add(key.hash_prefix());
    std::string wake = contracts::stream_wake_key(stream.id, shard);
    if (std::find(context.wakes.begin(), context.wakes.end(), wake) == context.wakes.end()) {
        context.wakes.push_back(std::move(wake));
    }
}

}  // namespace

item::ItemView StoredItem::view() const {
    if (row.empty()) return {};
    const std::optional<item::ItemView> view = item::read_stored(row);
    MR_ASSERT(view.has_value());
    return *view;
}

StoredItem read_item(store::Txn& txn, const ItemKey& key) {
    StoredItem stored;
    if (std::optional<std::string> row = txn.get(key.view())) stored.row = *std::move(row);
    return stored;
}

void add_index_entry(store::Txn& txn, const Table& table, const Index& index, const ItemKey& key,
                     item::ItemView item) {
    const Entry entry = make_entry(table, index, key, item);
    if (!entry.key || txn.get(entry.key->view())) return;
    put_entry(txn, entry);
    count(txn, index.statistics, 1, static_cast<int64_t>(entry.size_bytes));
}

WriteCost write_item(WriteContext& context, const Table& table, const ItemKey& key,
                     std::optional<item::ItemView> before, std::optional<item::ItemView> after) {
    // Two keys with one hash would overwrite each other: never, rather than silently.
    if (before && after) MR_ASSERT(has_key(table, *before, *after));
    WriteCost cost;
    const size_t old_size = before ? item::item_size(*before) : 0;
    const size_t new_size = after ? item::item_size(*after) : 0;
    cost.size_bytes = std::max(old_size, new_size);
    if (before == after) return cost;

    if (after) {
        std::string row;
        item::append_stored(row, *after);
        context.txn.put(key.view(), row);
    } else {
        context.txn.erase(key.view());
    }
    const int64_t growth = static_cast<int64_t>(new_size) - static_cast<int64_t>(old_size);
    if (!table.indexes.empty()) write_index_entries(context, table, key, before, after, cost);
    if (table.has_local_indexes()) {
        cost.collection_growth_bytes += growth;
        grow_collection(context.txn, key, cost.collection_growth_bytes);
    }
    if (table.ttl.enabled) write_ttl_row(context, table, key, before, after);
    if (table.stream) append_stream_record(context, table, key, before, after);
    if (table.history.kept()) keep_history(context.txn, table, key, before, context.now);
    if (context.counted) {
        count(context.txn, table.statistics, (after ? 1 : 0) - (before ? 1 : 0), growth);
    }
    return cost;
}

}  // namespace millrace::dynamodb
