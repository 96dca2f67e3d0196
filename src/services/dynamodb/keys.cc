#include "services/dynamodb/keys.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/dynamodb/errors.h"

namespace millrace::dynamodb {
namespace {

using item::Type;

std::string_view type_text(item::ValueView value) { return item::type_name(value.type()); }

Result<void> check_key_size(size_t size_bytes, bool hash) {
    if (hash && size_bytes > kHashKeyBytesMax) {
        return errors::invalid_parameter(
            "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    }
    if (!hash && size_bytes > kSortKeyBytesMax) {
        return errors::invalid_parameter(
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }
    return {};
}

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
    return check_key_size(size, hash);
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

// An attribute that the item has.
Result<void> check_index_key(const Index& index, const KeyAttribute& attribute,
                             item::ValueView value) {
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
    return {};
}

// Of the attributes that the item has. The sizes of a key's attributes count together.
Result<void> check_index_keys(const Index& index, item::ItemView item) {
    Result<void> checked;
    size_t hash_bytes = 0;
    size_t sort_bytes = 0;
    index.keys.every([&](const KeyAttribute& attribute, bool hash) {
        const item::ValueView value = item.find(attribute.name);
        if (!value) return true;
        checked = check_index_key(index, attribute, value);
        (hash ? hash_bytes : sort_bytes) += value.payload().size();
        return checked.has_value();
    });
    MR_CHECK_OK(checked);
    MR_CHECK_OK(check_key_size(hash_bytes, true));
    return check_key_size(sort_bytes, false);
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
        if (index.state != IndexState::kDeleting) MR_CHECK_OK(check_index_keys(index, item));
    }
    return {};
}

namespace {

void add_key(item::ItemBuilder& builder, const KeyAttributes& keys, item::ItemView item) {
    keys.every([&](const KeyAttribute& attribute, bool) {
        if (const item::ValueView value = item.find(attribute.name))
            builder.set(attribute.name, value);
        return true;
    });
}

}  // namespace

item::Item extract_key(const KeyAttributes& keys, item::ItemView item) {
    item::ItemBuilder builder;
    add_key(builder, keys, item);
    return builder.build();
}

item::Item extract_index_key(const Table& table, const Index& index, item::ItemView item) {
    item::ItemBuilder builder(extract_key(table.keys, item));
    add_key(builder, index.keys, item);
    return builder.build();
}

bool has_key(const Table& table, item::ItemView stored, item::ItemView key) {
    return stored.find(table.keys.hash.name) == key.find(table.keys.hash.name);
}

std::string index_partition(const Table& table, const Index& index, std::string_view encoded) {
    std::string partition;
    append_u64(partition, index.id);
    append_hash(partition, table, encoded);
    return partition;
}

std::optional<IndexKey> make_index_key(const Table& table, const Index& index, item::ItemView item,
                                       const ItemKey& item_key) {
    IndexKey key;
    key.space = space_of(index);
    std::string hashes;
    const bool whole = index.keys.every([&](const KeyAttribute& attribute, bool hash) {
        const item::ValueView value = item.find(attribute.name);
        if (!value.is(attribute.type)) return false;
        item::append_key(hash ? hashes : key.sort, value);
        return true;
    });
    // Items that a new index's back-fill finds may have keys that a put would refuse.
    if (!whole || !check_index_keys(index, item)) return std::nullopt;
    key.partition = index_partition(table, index, hashes);
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
