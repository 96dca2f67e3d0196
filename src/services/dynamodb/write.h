// One change of one item with all that belongs to it: the row, index entries, the TTL row, the
// stream record and the table's statistics, in the operation's transaction. Thread-safety: called
// with the operation's transaction.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "contracts/operation.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/table.h"

namespace millrace::dynamodb {

// An item as it stands in the store, with its bytes.
struct StoredItem {
    std::string row;  // owns what `view` points to; empty: there is no such item
    item::ItemView view() const;
    bool exists() const { return !row.empty(); }
};
StoredItem read_item(store::Txn& txn, const ItemKey& key);

// What a write cost, in bytes and index units, before rounding; see capacity.h.
struct WriteCost {
    size_t size_bytes = 0;                      // larger of old and new item
    std::map<std::string, double> index_units;  // write units by index, when it was touched
    int64_t collection_growth_bytes = 0;        // of the item's collection; item_collection.h
};

// Who makes background work's effects visible: records and wake keys go here.
struct WriteContext {
    store::Txn& txn;
    TimePoint now;
    // Signalled by the caller once the transaction is durable.
    std::vector<std::string>& wakes;
    bool by_ttl = false;
    // False: the caller keeps the table's statistics itself.
    bool counted = true;
};

// Writes `after` (nothing: deletes) over `before`. Nothing is written when they are byte-identical.
WriteCost write_item(WriteContext& context, const Table& table, const ItemKey& key,
                     std::optional<item::ItemView> before, std::optional<item::ItemView> after);

// For the back-fill of a new index: the entry of an item that is there, unless it has one already.
void add_index_entry(store::Txn& txn, const Table& table, const Index& index, const ItemKey& key,
                     item::ItemView item);

}  // namespace millrace::dynamodb
