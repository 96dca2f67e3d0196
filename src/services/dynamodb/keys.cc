#include "services/dynamodb/keys.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/dynamodb/errors.h"

namespace millrace::dynamodb {
namespace {

using item::Type;

std::string_view type_text(item::ValueView value) { return item::type_name(value.type()); }

// Emptiness and length of one key attribute of the right type.
Result<void> check_key_value(const KeyAttribute& attribute, item::ValueView value, bool hash) {
    if (attribute.type == Type::kNumber) return {};
    const size_t size = value.payload().size();
    if (size == 0) {
        return errors::validation(fmt::format(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty {} value. Key: {}",
            attribute.type == Type::kString ? "string" : "binary", attribute.name));
    }
    if (hash && size > kHashKeyBytesMax) {
        return errors::invalid_parameter(
            "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    }
    if (!hash && size > kSortKeyBytesMax) {
        return errors::invalid_parameter(
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }
    return {};
}

Result<void> check_put_key(const KeyAttribute& attribute, item::ItemView item, bool hash) {
    const item::ValueView value = item.find(attribute.name);
    if (!value) {
        return errors::invalid_parameter(
            fmt::format("Missing the key {} in the item", attribute.name));
    }
    if (!value.is(attribute.type)) {
        return errors::invalid_parameter(
            fmt::format("Type mismatch for key {} expected: {} actual: {}", attribute.name,
                        item::type_name(attribute.type), type_text(value)));
    }
    return check_key_value(attribute, value, hash);
}

Result<void> check_index_key(const Index& index, const KeyAttribute& attribute, item::ItemView item,
                             bool hash) {
    const item::ValueView value = item.find(attribute.name);
    if (!value) return {};
    if (!value.is(attribute.type)) {
        return errors::invalid_parameter(fmt::format(
            "Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}", attribute.name,
            item::type_name(attribute.type), type_text(value), index.name));
    }
    if (attribute.type != Type::kNumber && value.payload().empty()) {
        return errors::validation(fmt::format(
            "One or more parameter values are not valid. A value specified for a secondary index "
            "key is not supported. The AttributeValue for a key attribute cannot contain an empty "
            "{} value. IndexName: {}, IndexKey: {}",
            attribute.type == Type::kString ? "string" : "binary", index.name, attribute.name));
    }
    return check_key_value(attribute, value, hash);
}

void append_hash(std::string& out, const Table& table, std::string_view encoded) {
    const Hash16 hash = siphash128(table.hash_key, encoded);
    out.append(hash.data(), hash.size());
}

}  // namespace

uint64_t ItemKey::hash_prefix() const { return ByteReader(hash()).u64(); }

ItemKey make_item_key(const Table& table, item::ValueView hash, item::ValueView sort) {
    ItemKey key;
    std::string encoded;
    item::append_key(encoded, hash);
    key.partition.reserve(24);
    append_u64(key.partition, table.id);
    append_hash(key.partition, table, encoded);
    if (sort) item::append_key(key.sort, sort);
    return key;
}

Result<ItemKey> key_of_request(const Table& table, item::ItemView key) {
    const KeyAttributes& keys = table.keys;
    const item::ValueView hash = key.find(keys.hash.name);
    const item::ValueView sort = keys.sort ? key.find(keys.sort->name) : item::ValueView();
    if (!hash.is(keys.hash.type) || (keys.sort && !sort.is(keys.sort->type)) ||
        key.count() != (keys.sort ? 2u : 1u)) {
        return errors::key_mismatch();
    }
    MR_CHECK_OK(check_key_value(keys.hash, hash, true));
    if (keys.sort) MR_CHECK_OK(check_key_value(*keys.sort, sort, false));
    return make_item_key(table, hash, sort);
}

Result<ItemKey> key_of_item(const Table& table, item::ItemView item) {
    const KeyAttributes& keys = table.keys;
    MR_CHECK_OK(check_put_key(keys.hash, item, true));
    if (keys.sort) MR_CHECK_OK(check_put_key(*keys.sort, item, false));
    if (!table.indexes.empty()) MR_CHECK_OK(check_index_keys(table, item));
    return make_item_key(table, item.find(keys.hash.name),
                         keys.sort ? item.find(keys.sort->name) : item::ValueView());
}

Result<void> check_index_keys(const Table& table, item::ItemView item) {
    for (const Index& index : table.indexes) {
        if (index.state == IndexState::kDeleting) continue;
        MR_CHECK_OK(check_index_key(index, index.keys.hash, item, true));
        if (index.keys.sort) MR_CHECK_OK(check_index_key(index, *index.keys.sort, item, false));
    }
    return {};
}

item::Item extract_key(const KeyAttributes& keys, item::ItemView item) {
    item::ItemBuilder builder;
    builder.set(keys.hash.name, item.find(keys.hash.name));
    if (keys.sort) builder.set(keys.sort->name, item.find(keys.sort->name));
    return builder.build();
}

item::Item extract_index_key(const Table& table, const Index& index, item::ItemView item) {
    item::ItemBuilder builder(extract_key(table.keys, item));
    builder.set(index.keys.hash.name, item.find(index.keys.hash.name));
    if (index.keys.sort) builder.set(index.keys.sort->name, item.find(index.keys.sort->name));
    return builder.build();
}

bool has_key(const Table& table, item::ItemView stored, item::ItemView key) {
    return stored.find(table.keys.hash.name) == key.find(table.keys.hash.name);
}

std::string index_partition(const Table& table, const Index& index, item::ValueView hash) {
    std::string encoded;
    item::append_key(encoded, hash);
    std::string partition;
    append_u64(partition, index.id);
    append_hash(partition, table, encoded);
    return partition;
}

std::optional<IndexKey> make_index_key(const Table& table, const Index& index, item::ItemView item,
                                       const ItemKey& item_key) {
    const item::ValueView hash = item.find(index.keys.hash.name);
    if (!hash.is(index.keys.hash.type)) return std::nullopt;
    item::ValueView sort;
    if (index.keys.sort) {
        sort = item.find(index.keys.sort->name);
        if (!sort.is(index.keys.sort->type)) return std::nullopt;
    }
    // Items that a new index's back-fill finds may have keys that a put would refuse.
    if (!check_index_key(index, index.keys.hash, item, true)) return std::nullopt;
    if (index.keys.sort && !check_index_key(index, *index.keys.sort, item, false)) {
        return std::nullopt;
    }
    IndexKey key;
    key.space = space_of(index);
    key.partition = index_partition(table, index, hash);
    if (sort) item::append_key(key.sort, sort);
    key.sort.append(item_key.hash());
    append_hash(key.sort, table, item_key.sort);
    return key;
}

item::Item project_into_index(const Table& table, const Index& index, item::ItemView item) {
    if (index.projection == ProjectionKind::kAll) return item::Item(item);
    item::ItemBuilder builder(extract_index_key(table, index, item));
    if (index.projection == ProjectionKind::kInclude) {
        for (const std::string& name : index.non_key_attributes) {
            if (const item::ValueView value = item.find(name)) builder.set(name, value);
        }
    }
    return builder.build();
}

std::string ttl_partition(uint64_t table_id, int64_t epoch_second) {
    std::string partition;
    append_u64(partition, table_id);
    append_u32(partition, static_cast<uint32_t>(epoch_second / 3600));
    return partition;
}

std::optional<int64_t> ttl_second(const Table& table, item::ItemView item) {
    const item::ValueView value = item.find(table.ttl.attribute);
    int64_t second = 0;
    if (!value.is(Type::kNumber) || !item::number_to_int64(value.number(), second)) {
        return std::nullopt;
    }
    // What does not fit into the row's hour is no date that anyone waits for (year 400,000).
    constexpr int64_t kSecondMax = int64_t{3600} * 0xffffffff;
    if (second <= 0 || second > kSecondMax) return std::nullopt;
    return second;
}

std::optional<TtlKey> make_ttl_key(const Table& table, item::ItemView item,
                                   const ItemKey& item_key) {
    const std::optional<int64_t> second = ttl_second(table, item);
    if (!second) return std::nullopt;
    TtlKey key;
    key.partition = ttl_partition(table.id, *second);
    append_u64(key.sort, static_cast<uint64_t>(*second));
    key.sort.append(item_key.hash());
    key.sort.append(item_key.sort);
    return key;
}

}  // namespace millrace::dynamodb
