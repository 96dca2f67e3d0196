// Key schemas and indexes as CreateTable and UpdateTable ask for them, checked.
// Thread-safety: pure functions. Errors: ValidationException.
// Source: DynamoDB API Reference, CreateTable, UpdateTable; Developer Guide, "Quotas".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/errors.h"
#include "services/dynamodb/table.h"

namespace millrace::dynamodb {

inline constexpr size_t kLocalIndexesMax = 5;
inline constexpr size_t kGlobalIndexesMax = 20;
inline constexpr size_t kKeyPartsMax = 4;  // of each part of a global index's key
inline constexpr size_t kProjectedAttributesMax = 100;

using Definitions = std::map<std::string, item::Type>;
using KeySchemaRequest = std::vector<model::dynamodb::KeySchemaElement>;

Result<Definitions> read_definitions(
    const std::vector<model::dynamodb::AttributeDefinition>& definitions);
// `parts_max`: attributes of each part of the key.
Result<KeyAttributes> read_keys(const KeySchemaRequest& schema, const Definitions& definitions,
                                size_t parts_max, bool of_index);
Result<void> read_projection(const std::optional<model::dynamodb::Projection>& projection,
                             Index& index);
Result<Index> read_local_index(const model::dynamodb::LocalSecondaryIndex& request,
                               const Definitions& definitions, const KeyAttributes& table_keys);
// Throughput is asked for, or not, as the table's billing wants it.
Result<Throughput> read_index_throughput(
    const std::string& index,
    const std::optional<model::dynamodb::ProvisionedThroughput>& throughput, bool on_demand);
// Of all indexes: how many, their names, what they project in sum.
Result<void> check_indexes(const std::vector<Index>& indexes);
// Every definition is of a key.
Result<void> check_definitions_used(const Definitions& definitions, const KeyAttributes& table_keys,
                                    const std::vector<Index>& indexes);

// `Request`: GlobalSecondaryIndex or CreateGlobalSecondaryIndexAction.
template <class Request>
Result<Index> read_global_index(const Request& request, const Definitions& definitions,
                                bool on_demand) {
    if (request.warm_throughput) return errors::unsupported("WarmThroughput");
    Index index;
    index.name = *request.index_name;
    MR_TRY(index.keys, read_keys(*request.key_schema, definitions, kKeyPartsMax, true));
    MR_CHECK_OK(read_projection(request.projection, index));
    MR_TRY(index.throughput,
           read_index_throughput(index.name, request.provisioned_throughput, on_demand));
    if (request.on_demand_throughput) {
        MR_CHECK_OK(
            apply_on_demand_throughput(on_demand, index.throughput, *request.on_demand_throughput));
    }
    return index;
}

}  // namespace millrace::dynamodb
