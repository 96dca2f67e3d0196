#include "services/dynamodb/item_collection.h"

#include <algorithm>

#include "services/dynamodb/errors.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

// Entries of local indexes begin with their index's id, so nothing else lies here.
store::KeyView counter_key(const ItemKey& key) { return {store::Space::kLsi, key.partition, {}}; }

}  // namespace

void grow_collection(store::Txn& txn, const ItemKey& key, int64_t bytes) {
    if (bytes != 0) txn.add(counter_key(key), bytes);
}

Result<void> check_collection(store::Txn& txn, const ItemKey& key, const WriteCost& cost) {
    if (cost.collection_growth_bytes <= 0) return {};
    if (txn.peek(counter_key(key)) <= kItemCollectionBytesMax) return {};
    return errors::collection_too_large();
}

std::optional<model::dynamodb::ItemCollectionMetrics> collection_metrics(
    store::Txn& txn, const std::optional<std::string>& asked, const Table& table,
    const ItemKey& key, item::ItemView item) {
    if (asked != "SIZE" || !table.has_local_indexes()) return std::nullopt;
    const auto gib = static_cast<double>(txn.peek(counter_key(key)) >> 30);
    model::dynamodb::ItemCollectionMetrics metrics;
    KeyAttributes hash;
    hash.hash = table.keys.hash;
    metrics.item_collection_key = extract_key(hash, item);
    metrics.size_estimate_range_gb = {gib, gib + 1};
    return metrics;
}

void CollectionMetrics::add(const Table& table, const ItemKey& key, item::ItemView item) {
    auto metrics = collection_metrics(txn_, asked_, table, key, item);
    if (!metrics) return;
    auto& of_table = by_table_[table.name];
    const auto same = std::find_if(of_table.begin(), of_table.end(), [&](const auto& other) {
        return other.item_collection_key == metrics->item_collection_key;
    });
    if (same != of_table.end()) {
        *same = *std::move(metrics);
    } else {
        of_table.push_back(*std::move(metrics));
    }
}

std::optional<CollectionMetrics::ByTable> CollectionMetrics::take() {
    if (by_table_.empty()) return std::nullopt;
    return std::move(by_table_);
}

}  // namespace millrace::dynamodb
