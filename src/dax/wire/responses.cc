#include "dax/wire/responses.h"

#include "core/bytes.h"
#include "dax/wire/errors.h"
#include "dax/wire/methods.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;

// Parameters of answers.
constexpr int64_t kItem = 0;
constexpr int64_t kCapacity = 1;
constexpr int64_t kAttributes = 2;
constexpr int64_t kMetrics = 3;
constexpr int64_t kItems = 7;
constexpr int64_t kCount = 8;
constexpr int64_t kLastKey = 9;
constexpr int64_t kScannedCount = 10;
// Fields of the capacity of a transaction.
constexpr int64_t kUnits = 1;
constexpr int64_t kReadUnits = 2;
constexpr int64_t kWriteUnits = 3;
constexpr int64_t kTableName = 4;
constexpr int64_t kTableUnits = 5;
constexpr int64_t kGlobalUnits = 6;
constexpr int64_t kLocalUnits = 7;

constexpr int64_t kRoleLeader = 1;
constexpr int64_t kRoleReplica = 2;

using IndexCapacity = std::optional<std::map<std::string, api::Capacity>>;

void append_index_units(std::string& out, const IndexCapacity& indexes) {
    if (!indexes) {
        cbor::append_null(out);
        return;
    }
    cbor::append_map(out, indexes->size());
    for (const auto& [name, capacity] : *indexes) {
        cbor::append_text(out, name);
        cbor::append_double(out, capacity.capacity_units.value_or(0));
    }
}

void append_capacity(std::string& out, const api::ConsumedCapacity& capacity) {
    std::string inner;
    cbor::append_text(inner, capacity.table_name.value_or(""));
    cbor::append_double(inner, capacity.capacity_units.value_or(0));
    if (capacity.table) {
        cbor::append_double(inner, capacity.table->capacity_units.value_or(0));
    } else {
        cbor::append_null(inner);
    }
    append_index_units(inner, capacity.global_secondary_indexes);
    append_index_units(inner, capacity.local_secondary_indexes);
    cbor::append_bytes(out, inner);
}

void append_capacities(std::string& out,
                       const std::optional<std::vector<api::ConsumedCapacity>>& capacities) {
    cbor::append_array(out, capacities ? capacities->size() : 0);
    if (!capacities) return;
    for (const api::ConsumedCapacity& capacity : *capacities) append_capacity(out, capacity);
}

template <class Units>
void append_units(std::string& out, const Units& capacity) {
    const auto field = [&out](int64_t key, std::optional<double> value) {
        if (!value) return;
        cbor::append_int(out, key);
        cbor::append_double(out, *value);
    };
    field(kUnits, capacity.capacity_units);
    field(kReadUnits, capacity.read_capacity_units);
    field(kWriteUnits, capacity.write_capacity_units);
}

void append_transact_capacities(std::string& out,
                                const std::optional<std::vector<api::ConsumedCapacity>>& all) {
    cbor::append_array(out, all ? all->size() : 0);
    if (!all) return;
    for (const api::ConsumedCapacity& capacity : *all) {
        const auto indexes = [&out](int64_t key, const IndexCapacity& map) {
            if (!map) return;
            cbor::append_int(out, key);
            cbor::append_map(out, map->size());
            for (const auto& [name, units] : *map) {
                cbor::append_text(out, name);
                cbor::append_open_map(out);
                append_units(out, units);
                cbor::append_break(out);
            }
        };
        cbor::append_open_map(out);
        append_units(out, capacity);
        if (capacity.table_name) {
            cbor::append_int(out, kTableName);
            cbor::append_text(out, *capacity.table_name);
        }
        if (capacity.table) {
            cbor::append_int(out, kTableUnits);
            cbor::append_open_map(out);
            append_units(out, *capacity.table);
            cbor::append_break(out);
        }
        indexes(kGlobalUnits, capacity.global_secondary_indexes);
        indexes(kLocalUnits, capacity.local_secondary_indexes);
        cbor::append_break(out);
    }
}

void append_capacity_parameter(std::string& out, const Capacity& capacity) {
    if (!capacity) return;
    cbor::append_int(out, kCapacity);
    append_capacity(out, *capacity);
}

void append_metrics(std::string& out, const api::ItemCollectionMetrics& metrics) {
    std::string inner;
    if (metrics.item_collection_key && !metrics.item_collection_key->empty()) {
        append_value(inner, (*metrics.item_collection_key->begin()).value);
    } else {
        cbor::append_null(inner);
    }
    for (size_t i = 0; i < 2; ++i) {
        const bool there =
            metrics.size_estimate_range_gb && metrics.size_estimate_range_gb->size() > i;
        cbor::append_double(inner, there ? (*metrics.size_estimate_range_gb)[i] : 0);
    }
    cbor::append_bytes(out, inner);
}

void append_metrics_map(
    std::string& out,
    const std::optional<std::map<std::string, std::vector<api::ItemCollectionMetrics>>>& metrics) {
    cbor::append_map(out, metrics ? metrics->size() : 0);
    if (!metrics) return;
    for (const auto& [table, all] : *metrics) {
        cbor::append_text(out, table);
        cbor::append_array(out, all.size());
        for (const auto& one : all) append_metrics(out, one);
    }
}

void append_ordinals(std::string& out, item::ItemView item, const Projection& projection) {
    std::string members;
    uint64_t count = 0;
    for (size_t i = 0; i < projection.paths.size(); ++i) {
        const item::ValueView value = find_path(item, projection.paths[i]);
        if (!value) continue;
        ++count;
        cbor::append_int(members, static_cast<int64_t>(i));
        append_value(members, value);
    }
    cbor::append_map(out, count);
    out += members;
}

Result<void> append_value_bytes(std::string& out, Directory& directory, const KeySchema& schema,
                                item::ItemView item) {
    std::string value;
    MR_CHECK_OK(append_item(value, directory, schema, item));
    cbor::append_bytes(out, value);
    return {};
}

Result<void> append_key_bytes(std::string& out, const KeySchema& schema, item::ItemView item) {
    std::string key;
    MR_CHECK_OK(append_key(key, schema, item));
    cbor::append_bytes(out, key);
    return {};
}

}  // namespace

void encode_endpoints(std::string& out, const std::vector<Endpoint>& endpoints) {
    append_success(out);
    cbor::append_array(out, endpoints.size());
    for (const Endpoint& endpoint : endpoints) {
        int64_t key = 0;
        const auto number = [&](int64_t value) {
            cbor::append_int(out, key++);
            cbor::append_int(out, value);
        };
        cbor::append_map(out, 7);
        number(endpoint.node_id);
        cbor::append_int(out, key++);
        cbor::append_text(out, endpoint.host);
        cbor::append_int(out, key++);
        cbor::append_bytes(out, endpoint.address);
        number(endpoint.port);
        number(endpoint.leader ? kRoleLeader : kRoleReplica);
        cbor::append_int(out, key++);
        cbor::append_text(out, endpoint.availability_zone);
        number(endpoint.leader_session);
    }
}

void encode_key_schema(std::string& out, const KeySchema& schema) {
    append_success(out);
    cbor::append_map(out, schema.sort ? 2 : 1);
    cbor::append_text(out, schema.hash.name);
    cbor::append_text(out, item::type_name(schema.hash.type));
    if (!schema.sort) return;
    cbor::append_text(out, schema.sort->name);
    cbor::append_text(out, item::type_name(schema.sort->type));
}

void encode_attribute_names(std::string& out, const AttributeNames& names) {
    append_success(out);
    cbor::append_array(out, names.size());
    for (const std::string& name : names) cbor::append_text(out, name);
}

void encode_stored_item(std::string& out, std::string_view value, const Capacity& capacity) {
    append_success(out);
    cbor::append_open_map(out);
    if (!value.empty()) {
        cbor::append_int(out, kItem);
        cbor::append_bytes(out, value);
    }
    append_capacity_parameter(out, capacity);
    cbor::append_break(out);
}

void encode_projected_item(std::string& out, const std::optional<item::Item>& item,
                           const Projection& projection, const Capacity& capacity) {
    append_success(out);
    cbor::append_open_map(out);
    if (item) {
        cbor::append_int(out, kItem);
        append_ordinals(out, *item, projection);
    }
    append_capacity_parameter(out, capacity);
    cbor::append_break(out);
}

Result<void> encode_write(std::string& out, Directory& directory, const KeySchema& schema,
                          const std::optional<item::Item>& attributes, bool updated_only,
                          const Capacity& capacity,
                          const std::optional<api::ItemCollectionMetrics>& metrics) {
    append_success(out);
    cbor::append_open_map(out);
    if (attributes && updated_only) {
        AttributeNames names;
        for (const item::Attribute& attribute : *attributes) names.emplace_back(attribute.name);
        std::string value;
        int64_t id = kEmptyListId;
        if (!names.empty()) {
            MR_TRY(id, directory.list_id(names));
        }
        cbor::append_int(value, id);
        cbor::append_open_map(value);
        int64_t ordinal = 0;
        for (const item::Attribute& attribute : *attributes) {
            cbor::append_int(value, ordinal++);
            append_value(value, attribute.value);
        }
        cbor::append_break(value);
        cbor::append_int(out, kAttributes);
        cbor::append_bytes(out, value);
    } else if (attributes) {
        cbor::append_int(out, kAttributes);
        MR_CHECK_OK(append_value_bytes(out, directory, schema, *attributes));
    }
    append_capacity_parameter(out, capacity);
    if (metrics) {
        cbor::append_int(out, kMetrics);
        append_metrics(out, *metrics);
    }
    cbor::append_break(out);
    return {};
}

Result<void> encode_page(std::string& out, Directory& directory, const PageParts& parts,
                         const std::optional<std::vector<item::Item>>& items, int32_t count,
                         int32_t scanned_count, const std::optional<item::Item>& last_key) {
    append_success(out);
    cbor::append_open_map(out);
    if (!parts.count_only) {
        cbor::append_int(out, kItems);
        cbor::append_array(out, items ? items->size() : 0);
        for (size_t i = 0; items && i < items->size(); ++i) {
            const item::ItemView item = (*items)[i];
            if (parts.projection) {
                append_ordinals(out, item, *parts.projection);
                continue;
            }
            cbor::append_array(out, 2);
            MR_CHECK_OK(append_key_bytes(out, parts.schema, item));
            MR_CHECK_OK(append_value_bytes(out, directory, parts.schema, item));
        }
    }
    cbor::append_int(out, kCount);
    cbor::append_int(out, count);
    cbor::append_int(out, kScannedCount);
    cbor::append_int(out, scanned_count);
    if (last_key && !last_key->empty()) {
        cbor::append_int(out, kLastKey);
        if (parts.index) {
            std::string key;
            cbor::append_open_map(key);
            for (const item::Attribute& attribute : *last_key) {
                cbor::append_text(key, attribute.name);
                append_value(key, attribute.value);
            }
            cbor::append_break(key);
            cbor::append_bytes(out, key);
        } else {
            MR_CHECK_OK(append_key_bytes(out, parts.schema, *last_key));
        }
    }
    return {};
}

void finish_page(std::string& out, const Capacity& capacity) {
    append_capacity_parameter(out, capacity);
    cbor::append_break(out);
}

Result<void> encode_batch_get(std::string& out, Directory& directory,
                              const BatchGetItemRequest& request,
                              const std::vector<BatchGetAnswer>& answers,
                              const std::optional<std::vector<api::ConsumedCapacity>>& capacity) {
    append_success(out);
    cbor::append_array(out, 2);
    cbor::append_map(out, request.tables.size());
    for (size_t i = 0; i < request.tables.size(); ++i) {
        const BatchGetTable& table = request.tables[i];
        const std::vector<item::Item>& items = answers[i].items;
        cbor::append_text(out, table.table);
        cbor::append_array(out, table.projection ? items.size() : 2 * items.size());
        for (const item::Item& item : items) {
            if (table.projection) {
                append_ordinals(out, item, *table.projection);
                continue;
            }
            MR_CHECK_OK(append_key_bytes(out, *table.schema, item));
            MR_CHECK_OK(append_value_bytes(out, directory, *table.schema, item));
        }
    }
    // With every table: one client cannot do without.
    cbor::append_map(out, request.tables.size());
    for (size_t i = 0; i < request.tables.size(); ++i) {
        cbor::append_text(out, request.tables[i].table);
        cbor::append_array(out, answers[i].unprocessed.size());
        for (const item::Item& key : answers[i].unprocessed) {
            MR_CHECK_OK(append_key_bytes(out, *request.tables[i].schema, key));
        }
    }
    append_capacities(out, capacity);
    return {};
}

Result<void> encode_batch_write(std::string& out, Directory& directory,
                                const BatchWriteItemRequest& request,
                                const api::BatchWriteItemOutput& output) {
    append_success(out);
    cbor::append_map(out, output.unprocessed_items ? output.unprocessed_items->size() : 0);
    if (output.unprocessed_items) {
        for (const auto& [table, writes] : *output.unprocessed_items) {
            const auto asked = request.schemas.find(table);
            if (asked == request.schemas.end()) return errors::internal();
            const KeySchema& schema = *asked->second;
            cbor::append_text(out, table);
            cbor::append_array(out, 2 * writes.size());
            for (const api::WriteRequest& write : writes) {
                if (write.put_request && write.put_request->item) {
                    MR_CHECK_OK(append_key_bytes(out, schema, *write.put_request->item));
                    MR_CHECK_OK(
                        append_value_bytes(out, directory, schema, *write.put_request->item));
                } else if (write.delete_request && write.delete_request->key) {
                    MR_CHECK_OK(append_key_bytes(out, schema, *write.delete_request->key));
                    cbor::append_null(out);
                }
            }
        }
    }
    append_capacities(out, output.consumed_capacity);
    append_metrics_map(out, output.item_collection_metrics);
    return {};
}

Result<void> encode_transact_get(std::string& out, Directory& directory,
                                 const TransactGetItemsRequest& request,
                                 const api::TransactGetItemsOutput& output) {
    append_success(out);
    cbor::append_array(out, 2);
    cbor::append_array(out, request.schemas.size());
    for (size_t i = 0; i < request.schemas.size(); ++i) {
        const bool there =
            output.responses && i < output.responses->size() && (*output.responses)[i].item;
        if (!there) {
            cbor::append_null(out);
            continue;
        }
        const item::Item& item = *(*output.responses)[i].item;
        if (request.projections[i]) {
            append_ordinals(out, item, *request.projections[i]);
        } else {
            MR_CHECK_OK(append_value_bytes(out, directory, *request.schemas[i], item));
        }
    }
    append_transact_capacities(out, output.consumed_capacity);
    return {};
}

void encode_transact_write(std::string& out, const api::TransactWriteItemsOutput& output) {
    append_success(out);
    cbor::append_array(out, 3);
    cbor::append_array(out, 0);
    append_transact_capacities(out, output.consumed_capacity);
    append_metrics_map(out, output.item_collection_metrics);
}

void append_frame(std::string& out, std::string_view message) {
    append_u32(out, static_cast<uint32_t>(message.size() + kFrameHeaderBytes));
    append_u32(out, uint32_t{kLastFrame} << 24);
    out += message;
}

}  // namespace millrace::dax
