// Item collections: what a table with local indexes keeps under one partition key, in the table and
// in those indexes. Their sizes are counters, which the writes add to without conflicting.
// Thread-safety: as the operation's transaction.
// Source: DynamoDB Developer Guide, "Item collections in Local Secondary Indexes".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/generated/dynamodb.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/table.h"
#include "store/store.h"

namespace millrace::dynamodb {

struct WriteCost;

inline constexpr int64_t kItemCollectionBytesMax = int64_t{10} << 30;

void grow_collection(store::Txn& txn, const ItemKey& key, int64_t bytes);

// ItemCollectionSizeLimitExceededException: the write made the collection larger, and now it is
// too large. Call it behind write_item.
Result<void> check_collection(store::Txn& txn, const ItemKey& key, const WriteCost& cost);

// ItemCollectionMetrics of one write. Nothing unless `asked` is SIZE and the table has local
// indexes. `item`: with the table's partition key.
std::optional<model::dynamodb::ItemCollectionMetrics> collection_metrics(
    store::Txn& txn, const std::optional<std::string>& asked, const Table& table,
    const ItemKey& key, item::ItemView item);

// The same of a request on several items; each collection once.
class CollectionMetrics {
public:
    CollectionMetrics(store::Txn& txn, const std::optional<std::string>& asked)
        : txn_(txn), asked_(asked) {}
    void add(const Table& table, const ItemKey& key, item::ItemView item);
    // By table; nothing when nothing was asked for or affected.
    using ByTable = std::map<std::string, std::vector<model::dynamodb::ItemCollectionMetrics>>;
    std::optional<ByTable> take();

private:
    store::Txn& txn_;
    const std::optional<std::string>& asked_;
    ByTable by_table_;
};

}  // namespace millrace::dynamodb
