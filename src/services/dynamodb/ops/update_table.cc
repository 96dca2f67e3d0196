// UpdateTable: billing, throughput, indexes, stream, deletion protection, table class. A new index
// is filled, a deleted one emptied, by workers/index_builder.h. IAM: dynamodb:UpdateTable. Source:
// DynamoDB API Reference, UpdateTable.
#include <algorithm>
#include <set>

#include "services/dynamodb/index_request.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/table_stream.h"
#include "services/dynamodb/workers/index_builder.h"

namespace millrace::dynamodb {
namespace {

// `what`: "table", or "index: <name>".
Result<void> change_throughput(OpContext& context,
                               const model::dynamodb::ProvisionedThroughput& request,
                               std::string_view what, Throughput& throughput,
                               TimePoint& last_increase, TimePoint& last_decrease) {
    const Throughput wanted{*request.read_capacity_units, *request.write_capacity_units};
    if (wanted == throughput) {
        return errors::validation(fmt::format(
            "The provisioned throughput for the {0} will not change. The requested value equals "
            "the current value. Current ReadCapacityUnits provisioned for the {0}: {1}. Requested "
            "ReadCapacityUnits: {2}. Current WriteCapacityUnits provisioned for the {0}: {3}. "
            "Requested WriteCapacityUnits: {4}. Refer to the Amazon DynamoDB Developer Guide for "
            "current limits and how to request higher limits.",
            what, throughput.read_units, wanted.read_units, throughput.write_units,
            wanted.write_units));
    }
    const auto grows = [](const Throughput& from, const Throughput& to) {
        return to.read_units > from.read_units || to.write_units > from.write_units;
    };
    if (grows(throughput, wanted)) last_increase = context.now();
    if (grows(wanted, throughput)) last_decrease = context.now();
    throughput = wanted;
    return {};
}

Result<void> create_index(OpContext& context, const UpdateTable::Input& input,
                          const model::dynamodb::CreateGlobalSecondaryIndexAction& request,
                          Table& table) {
    if (table.find_index(*request.index_name)) return errors::index_exists();
    Definitions definitions;
    for (const KeyAttribute& definition : table.definitions)
        definitions[definition.name] = definition.type;
    if (input.attribute_definitions) {
        MR_TRY(const Definitions given, read_definitions(*input.attribute_definitions));
        for (const auto& [name, type] : given) {
            const auto [known, added] = definitions.emplace(name, type);
            if (!added && known->second != type) {
                return errors::invalid_parameter(
                    "Attribute is defined with another type already: " + name);
            }
        }
    }
    MR_TRY(Index index, read_global_index(request, definitions, table.on_demand));
    index.id = context.rng().next_u64();
    index.state = IndexState::kBackfilling;
    index.keys.every([&](const KeyAttribute& key, bool) {
        if (std::find(table.definitions.begin(), table.definitions.end(), key) ==
            table.definitions.end()) {
            table.definitions.push_back(key);
        }
        return true;
    });
    start_index_job(context, table, index);
    table.indexes.push_back(std::move(index));
    return check_indexes(table.indexes);
}

Result<void> delete_index(OpContext& context, const std::string& name, Table& table) {
    Index* index = table.find_index(name);
    if (!index || !index->global) return errors::index_not_found(name);
    index->state = IndexState::kDeleting;
    start_index_job(context, table, *index);
    return {};
}

Result<void> change_indexes(OpContext& context, const UpdateTable::Input& input, Table& table) {
    const auto& updates = *input.global_secondary_index_updates;
    size_t changes = 0;
    std::set<std::string_view> names;
    for (const auto& update : updates) {
        const int actions =
            (update.create ? 1 : 0) + (update.update ? 1 : 0) + (update.delete_ ? 1 : 0);
        if (actions != 1) {
            return errors::invalid_parameter(
                "One of GlobalSecondaryIndexUpdate, GlobalSecondaryIndexCreate, "
                "GlobalSecondaryIndexDelete must be specified");
        }
        const std::string& name = update.create   ? *update.create->index_name
                                  : update.update ? *update.update->index_name
                                                  : *update.delete_->index_name;
        if (!names.insert(name).second) {
            return errors::invalid_parameter(
                "Only one global secondary index update per index is allowed simultaneously. "
                "Index: " +
                name);
        }
        if (update.update) continue;
        ++changes;
        for (const Index& index : table.indexes) {
            // An index may be deleted while it is still filled.
            const bool stops =
                update.delete_ && index.name == name && index.state == IndexState::kBackfilling;
            if (index.state != IndexState::kActive && !stops) ++changes;
        }
    }
    if (changes > 1) return errors::one_index_change_at_once();
    for (const auto& update : updates) {
        if (update.create) {
            MR_CHECK_OK(create_index(context, input, *update.create, table));
        } else if (update.delete_) {
            MR_CHECK_OK(delete_index(context, *update.delete_->index_name, table));
        } else {
            const auto& request = *update.update;
            if (request.warm_throughput) return errors::unsupported("WarmThroughput");
            Index* index = table.find_index(*request.index_name);
            if (!index || !index->global) return errors::index_not_found(*request.index_name);
            if (index->state == IndexState::kDeleting)
                return errors::index_being_deleted(table.name, index->name);
            if (request.on_demand_throughput) {
                MR_CHECK_OK(apply_on_demand_throughput(table.on_demand, index->throughput,
                                                       *request.on_demand_throughput));
            }
            MR_CHECK_OK(read_index_throughput(index->name, request.provisioned_throughput,
                                              table.on_demand));
            if (!request.provisioned_throughput) continue;
            MR_CHECK_OK(change_throughput(context, *request.provisioned_throughput,
                                          "index: " + index->name, index->throughput,
                                          index->last_increase, index->last_decrease));
        }
    }
    return {};
}

// A switch to provisioned capacity gives every index some, too.
Result<void> check_index_billing(const Table& table) {
    for (const Index& index : table.indexes) {
        if (index.global && !table.on_demand && index.throughput == Throughput{}) {
            return errors::invalid_parameter("ProvisionedThroughput is not specified for index: " +
                                             index.name);
        }
    }
    return {};
}

// Is anything asked for beside changes of indexes?
bool changes_table(const UpdateTable::Input& input) {
    return input.provisioned_throughput || input.billing_mode || input.stream_specification ||
           input.deletion_protection_enabled || input.table_class || input.on_demand_throughput;
}

}  // namespace

Result<void> UpdateTable::check(const Input& input) {
    if (input.replica_updates) return errors::unsupported("ReplicaUpdates");
    MR_CHECK_OK(check_table_options(input));
    if (!changes_table(input) &&
        (!input.global_secondary_index_updates || input.global_secondary_index_updates->empty())) {
        return errors::validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required");
    }
    if (input.billing_mode == "PAY_PER_REQUEST" && input.provisioned_throughput) {
        return errors::invalid_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST");
    }
    return {};
}

Result<void> UpdateTable::authorize(DynamoDbService& service, OpContext& context,
                                    const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "UpdateTable", requests);
    return {};
}

Outcome<UpdateTable::Output> UpdateTable::run(DynamoDbService& service, OpContext& context,
                                              const Input& input) {
    MR_TRY(const TableRef found, need_definition(service, context, *input.table_name));
    if (found->creating) return errors::table_busy(found->name, "created");
    // While an index is filled, other changes are allowed; while one is deleted, only changes of
    // the other indexes' throughput. Source: Developer Guide, "Managing Global Secondary Indexes".
    const bool deleting =
        std::any_of(found->indexes.begin(), found->indexes.end(),
                    [](const Index& index) { return index.state == IndexState::kDeleting; });
    if (deleting && changes_table(input)) return errors::table_being_updated(found->name);
    Table table = *found;
    if (input.billing_mode) {
        const bool on_demand = *input.billing_mode == "PAY_PER_REQUEST";
        if (!on_demand && table.on_demand && !input.provisioned_throughput) {
            return errors::invalid_parameter(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                "BillingMode is PROVISIONED");
        }
        if (on_demand && !table.on_demand) table.on_demand_since = context.now();
        if (on_demand != table.on_demand) {
            table.throughput = {};
            for (Index& index : table.indexes) index.throughput = {};
        }
        table.on_demand = on_demand;
        table.show_billing = true;
    }
    if (input.provisioned_throughput && table.on_demand) {
        return errors::invalid_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST");
    }
    if (input.provisioned_throughput) {
        MR_CHECK_OK(change_throughput(context, *input.provisioned_throughput, "table",
                                      table.throughput, table.last_increase, table.last_decrease));
    }
    if (input.on_demand_throughput) {
        MR_CHECK_OK(apply_on_demand_throughput(table.on_demand, table.throughput,
                                               *input.on_demand_throughput));
    }
    if (input.global_secondary_index_updates) MR_CHECK_OK(change_indexes(context, input, table));
    if (input.billing_mode) MR_CHECK_OK(check_index_billing(table));
    if (input.stream_specification)
        MR_CHECK_OK(apply_stream_specification(context, table, *input.stream_specification));
    if (input.deletion_protection_enabled)
        table.deletion_protection = *input.deletion_protection_enabled;
    if (input.table_class) table.table_class = *input.table_class;
    service.catalog().put(context.txn(), table);
    Output output;
    output.table_description = describe_table(table, "UPDATING");
    return output;
}

}  // namespace millrace::dynamodb
