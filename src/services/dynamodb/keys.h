// Keys of items, index entries, TTL rows and transaction tokens in the store, and the checks of the
// key attributes that lead to them. Layouts: docs/formats/dynamodb.md.
// Thread-safety: plain values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "services/dynamodb/table.h"
#include "store/key.h"

namespace millrace::dynamodb {

inline constexpr size_t kHashKeyBytesMax = 2048;
inline constexpr size_t kSortKeyBytesMax = 1024;

// Where an item is.
struct ItemKey {
    std::string partition;  // table id (8), h16 of the encoded partition key (16)
    std::string sort;       // encoded sort key; empty for tables without one
    store::KeyView view() const { return {store::Space::kItems, partition, sort}; }
    // The first 8 bytes of the hash: the order of Scan, its segments, and the stream's shards.
    uint64_t hash_prefix() const;
    std::string_view hash() const { return std::string_view(partition).substr(8); }
    friend bool operator==(const ItemKey&, const ItemKey&) = default;
};

ItemKey make_item_key(const Table& table, item::ValueView hash, item::ValueView sort);
// Of Get, Update, Delete: exactly the key's attributes, with their types.
Result<ItemKey> key_of_request(const Table& table, item::ItemView key);
// Of Put: the item must have the key's attributes, and no index key of a wrong type.
Result<ItemKey> key_of_item(const Table& table, item::ItemView item);
// Key attributes of indexes: right type, not empty, where the item has them.
Result<void> check_index_keys(const Table& table, item::ItemView item);
// The item's attributes that are of the keys.
item::Item extract_key(const KeyAttributes& keys, item::ItemView item);
// Table key and index key: LastEvaluatedKey of an index.
item::Item extract_index_key(const Table& table, const Index& index, item::ItemView item);
// Does the stored item have the very key? A keyed 128-bit hash never lies by accident; the check
// makes it no matter of belief.
bool has_key(const Table& table, item::ItemView stored, item::ItemView key);

// Where an item's entry in an index is.
// Global: partition index id, h16 of the index's partition key; local: of the table's.
// Sort: encoded index sort key (if any), h16 of the table's partition key, h16 of its sort key.
// Hashes instead of the keys themselves keep the row key below the store's limit; the order among
// entries with equal index keys is not defined.
struct IndexKey {
    store::Space space = store::Space::kGsi;
    std::string partition;
    std::string sort;
    store::KeyView view() const { return {space, partition, sort}; }
    friend bool operator==(const IndexKey&, const IndexKey&) = default;
};
inline store::Space space_of(const Index& index) {
    return index.global ? store::Space::kGsi : store::Space::kLsi;
}
// `encoded`: the values of the index's partition key, one after another.
std::string index_partition(const Table& table, const Index& index, std::string_view encoded);
// Nothing: the item lacks a key attribute of the index, or has one of another type: not in it.
std::optional<IndexKey> make_index_key(const Table& table, const Index& index, item::ItemView item,
                                       const ItemKey& item_key);
// What the index keeps of the item.
item::Item project_into_index(const Table& table, const Index& index, item::ItemView item);

// TTL rows. Partition: table id, hour (4 bytes); sort: second (8), h16 of the partition key,
// encoded sort key. No value.
struct TtlKey {
    std::string partition;
    std::string sort;
    store::KeyView view() const { return {store::Space::kTtl, partition, sort}; }
    friend bool operator==(const TtlKey&, const TtlKey&) = default;
};
std::string ttl_partition(uint64_t table_id, int64_t epoch_second);
// Nothing: the item has no N of that name, or one that is out of range.
std::optional<TtlKey> make_ttl_key(const Table& table, item::ItemView item,
                                   const ItemKey& item_key);
// The item's due time in seconds, if it has one.
std::optional<int64_t> ttl_second(const Table& table, item::ItemView item);

}  // namespace millrace::dynamodb
