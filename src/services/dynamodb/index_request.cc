#include "services/dynamodb/index_request.h"

#include <algorithm>
#include <set>

namespace millrace::dynamodb {
namespace {

// "[a, b]"
template <class Names>
std::string list_of(const Names& names) {
    std::string list;
    for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
    return "[" + list + "]";
}

std::vector<std::string> names_of(const Definitions& definitions) {
    std::vector<std::string> names;
    for (const auto& [name, type] : definitions) names.push_back(name);
    return names;
}

}  // namespace

Result<Definitions> read_definitions(
    const std::vector<model::dynamodb::AttributeDefinition>& definitions) {
    Definitions read;
    for (const auto& definition : definitions) {
        const auto type = item::type_from_name(*definition.attribute_type);
        if (!read.emplace(*definition.attribute_name, type.value_or(item::Type::kString)).second) {
            return errors::invalid_parameter("Duplicate value in attribute name: " +
                                             *definition.attribute_name);
        }
    }
    return read;
}

Result<KeyAttributes> read_keys(const KeySchemaRequest& schema, const Definitions& definitions,
                                size_t parts_max, bool of_index) {
    if (schema.empty() || schema[0].key_type != "HASH") {
        return errors::validation(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    }
    if (parts_max == 1 && schema.size() > 1 && schema[1].key_type != "RANGE") {
        return errors::validation(
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    }
    std::set<std::string> names;
    KeyAttributes keys;
    size_t hashes = 0;
    size_t sorts = 0;
    for (const auto& element : schema) {
        const std::string& name = *element.attribute_name;
        if (!names.insert(name).second) {
            return errors::validation(
                "Both the Hash Key and the Range Key element in the KeySchema have the same name");
        }
        const bool hash = element.key_type == "HASH";
        if (hash && sorts > 0) {
            return errors::validation(
                "Invalid KeySchema: All HASH key elements must come before RANGE key elements");
        }
        if (++(hash ? hashes : sorts) > parts_max) {
            return errors::validation(fmt::format("Invalid KeySchema: More than {} {} key elements",
                                                  parts_max, *element.key_type));
        }
        const auto definition = definitions.find(name);
        KeyAttribute attribute{
            name, definition == definitions.end() ? item::Type::kString : definition->second};
        if (hash) {
            if (hashes == 1)
                keys.hash = std::move(attribute);
            else
                keys.more_hashes.push_back(std::move(attribute));
        } else if (sorts == 1) {
            keys.sort = std::move(attribute);
        } else {
            keys.more_sorts.push_back(std::move(attribute));
        }
    }
    const bool defined = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return definitions.contains(name);
    });
    if (defined) return keys;
    if (!of_index) {
        return errors::validation("Invalid KeySchema: Some index key attribute have no definition");
    }
    return errors::invalid_parameter(
        fmt::format("Some index key attributes are not defined in AttributeDefinitions. Keys: {}, "
                    "AttributeDefinitions: {}",
                    list_of(names), list_of(names_of(definitions))));
}

Result<void> read_projection(const std::optional<model::dynamodb::Projection>& projection,
                             Index& index) {
    if (!projection || !projection->projection_type)
        return errors::invalid_parameter("Unknown ProjectionType: null");
    const std::string& type = *projection->projection_type;
    const bool include = type == "INCLUDE";
    if (include && !projection->non_key_attributes) {
        return errors::invalid_parameter(
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    }
    if (!include && projection->non_key_attributes) {
        return errors::invalid_parameter(
            fmt::format("ProjectionType is {}, but NonKeyAttributes is specified", type));
    }
    index.projection = include               ? ProjectionKind::kInclude
                       : type == "KEYS_ONLY" ? ProjectionKind::kKeysOnly
                                             : ProjectionKind::kAll;
    if (include) index.non_key_attributes = *projection->non_key_attributes;
    return {};
}

Result<Index> read_local_index(const model::dynamodb::LocalSecondaryIndex& request,
                               const Definitions& definitions, const KeyAttributes& table_keys) {
    if (!table_keys.sort) {
        return errors::invalid_parameter(
            "Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex");
    }
    Index index;
    index.global = false;
    index.name = *request.index_name;
    MR_TRY(index.keys, read_keys(*request.key_schema, definitions, 1, true));
    if (!index.keys.sort) {
        return errors::invalid_parameter("Index KeySchema does not have a range key for index: " +
                                         index.name);
    }
    if (index.keys.hash != table_keys.hash) {
        return errors::invalid_parameter(fmt::format(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
            "{}. index hash key: {}, table hash key: {}",
            index.name, index.keys.hash.name, table_keys.hash.name));
    }
    MR_CHECK_OK(read_projection(request.projection, index));
    return index;
}

Result<Throughput> read_index_throughput(
    const std::string& index,
    const std::optional<model::dynamodb::ProvisionedThroughput>& throughput, bool on_demand) {
    if (on_demand && throughput) {
        return errors::invalid_parameter(
            fmt::format("ProvisionedThroughput should not be specified for index: {} when "
                        "BillingMode is PAY_PER_REQUEST",
                        index));
    }
    if (!on_demand && !throughput) {
        return errors::invalid_parameter("ProvisionedThroughput is not specified for index: " +
                                         index);
    }
    if (!throughput) return Throughput{};
    return Throughput{*throughput->read_capacity_units, *throughput->write_capacity_units};
}

Result<void> check_indexes(const std::vector<Index>& indexes) {
    size_t global = 0;
    size_t projected = 0;
    std::set<std::string_view> names;
    for (const Index& index : indexes) {
        global += index.global ? 1 : 0;
        projected += index.non_key_attributes.size();
        if (!names.insert(index.name).second)
            return errors::invalid_parameter("Duplicate index name: " + index.name);
    }
    if (global > kGlobalIndexesMax) {
        return errors::invalid_parameter(fmt::format(
            "GlobalSecondaryIndex count exceeds the per-table limit of {}", kGlobalIndexesMax));
    }
    if (indexes.size() - global > kLocalIndexesMax) {
        return errors::invalid_parameter(fmt::format(
            "Number of LocalSecondaryIndexes exceeds per-table limit of {}", kLocalIndexesMax));
    }
    if (projected > kProjectedAttributesMax) {
        return errors::invalid_parameter(
            fmt::format("Number of projected non-key attributes over all indexes exceeds the limit "
                        "of {}",
                        kProjectedAttributesMax));
    }
    return {};
}

Result<void> check_definitions_used(const Definitions& definitions, const KeyAttributes& table_keys,
                                    const std::vector<Index>& indexes) {
    std::set<std::string> used;
    for (const std::string& name : table_keys.names()) used.insert(name);
    for (const Index& index : indexes) {
        for (const std::string& name : index.keys.names()) used.insert(name);
    }
    if (definitions.size() == used.size()) return {};
    if (indexes.empty()) {
        return errors::invalid_parameter(
            "Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions");
    }
    return errors::invalid_parameter(
        fmt::format("Some AttributeDefinitions are not used. AttributeDefinitions: {}, keys used: "
                    "{}",
                    list_of(names_of(definitions)), list_of(used)));
}

}  // namespace millrace::dynamodb
