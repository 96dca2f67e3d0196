#include "services/dynamodb/write.h"

#include <algorithm>

#include "contracts/stream_record.h"
#include "core/check.h"
#include "services/dynamodb/capacity.h"

namespace millrace::dynamodb {
namespace {

void write_index_entries(WriteContext& context, const Table& table, const ItemKey& key,
                         std::optional<item::ItemView> before, std::optional<item::ItemView> after,
                         WriteCost& cost) {
    for (const Index& index : table.indexes) {
        if (index.state == IndexState::kDeleting) continue;
        std::optional<IndexKey> old_key, new_key;
        item::Item old_entry, new_entry;
        if (before && (old_key = make_index_key(table, index, *before, key))) {
            old_entry = project_into_index(table, index, *before);
        }
        if (after && (new_key = make_index_key(table, index, *after, key))) {
            new_entry = project_into_index(table, index, *after);
        }
        if (!old_key && !new_key) continue;
        // While an index is back-filled an entry may be missing although the item did not change.
        const bool backfilling = index.state == IndexState::kBackfilling;
        if (!backfilling && old_key == new_key && old_entry == new_entry) continue;
        const size_t old_size = old_key ? item::item_size(old_entry) : 0;
        const size_t new_size = new_key ? item::item_size(new_entry) : 0;
        double units = 0;
        if (old_key && old_key != new_key) {
            context.txn.erase(old_key->view());
            units += write_units(old_size);
        }
        if (new_key) {
            std::string row;
            item::append_stored(row, new_entry);
            context.txn.put(new_key->view(), row);
            units += write_units(old_key == new_key ? std::max(old_size, new_size) : new_size);
        }
        cost.index_units[index.name] += units;
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

void count(WriteContext& context, const Table& table, std::optional<item::ItemView> before,
           size_t old_size, std::optional<item::ItemView> after, size_t new_size) {
    const int64_t items = (after ? 1 : 0) - (before ? 1 : 0);
    const int64_t bytes = static_cast<int64_t>(new_size) - static_cast<int64_t>(old_size);
    if (items == 0 && bytes == 0) return;
    context.txn.on_commit([statistics = table.statistics, items, bytes](store::Version) {
        statistics->items.fetch_add(items, std::memory_order_relaxed);
        statistics->bytes.fetch_add(bytes, std::memory_order_relaxed);
    });
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
    if (!table.indexes.empty()) write_index_entries(context, table, key, before, after, cost);
    if (table.ttl.enabled) write_ttl_row(context, table, key, before, after);
    if (table.stream) append_stream_record(context, table, key, before, after);
    count(context, table, before, old_size, after, new_size);
    return cost;
}

}  // namespace millrace::dynamodb
