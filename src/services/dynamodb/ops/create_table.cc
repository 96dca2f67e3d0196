// CreateTable: makes a table, with a stream if asked for. It is ACTIVE when the answer is there;
// the answer itself says CREATING, as DynamoDB's does.
//
// IAM:     dynamodb:CreateTable on the table.
// Errors:  ValidationException, ResourceInUseException.
// Source:  DynamoDB API Reference, CreateTable; recorded texts.
#include <algorithm>

#include "services/dynamodb/index_request.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/table_stream.h"

namespace millrace::dynamodb {
namespace {

Result<void> check_throughput(const CreateTable::Input& input) {
    const bool on_demand = input.billing_mode == "PAY_PER_REQUEST";
    if (on_demand) {
        if (!input.provisioned_throughput) return {};
        return errors::invalid_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST");
    }
    if (!input.provisioned_throughput) {
        return errors::invalid_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
            "PROVISIONED");
    }
    for (const auto& [units, name] :
         {std::pair{input.provisioned_throughput->read_capacity_units, "ReadCapacityUnits"},
          {input.provisioned_throughput->write_capacity_units, "WriteCapacityUnits"}}) {
        if (units.value_or(0) > kUnitsMax) {
            return errors::validation(
                fmt::format("Given value {} for {} is out of bounds", *units, name));
        }
    }
    return {};
}

// The model allows an ARN's length and characters; a new table is given a name.
Result<void> check_name(const std::string& name) {
    const std::string quoted = "'" + name + "'";
    if (name.size() < 3) {
        return errors::constraint(quoted, "tableName",
                                  "Member must have length greater than or equal to 3");
    }
    if (name.size() > 255) {
        return errors::constraint(quoted, "tableName",
                                  "Member must have length less than or equal to 255");
    }
    const bool fits = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '-';
    });
    if (!fits) {
        return errors::constraint(
            quoted, "tableName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
    }
    return {};
}

// Keys and indexes; sets also the billing mode, which decides on the indexes' throughput.
Result<void> read_schema(const CreateTable::Input& input, Table& table) {
    MR_TRY(const Definitions definitions, read_definitions(*input.attribute_definitions));
    MR_TRY(table.keys, read_keys(*input.key_schema, definitions, 1, false));
    table.on_demand = input.billing_mode == "PAY_PER_REQUEST";
    if (input.local_secondary_indexes) {
        for (const auto& request : *input.local_secondary_indexes) {
            MR_TRY(Index index, read_local_index(request, definitions, table.keys));
            table.indexes.push_back(std::move(index));
        }
    }
    if (input.global_secondary_indexes) {
        for (const auto& request : *input.global_secondary_indexes) {
            MR_TRY(Index index, read_global_index(request, definitions, table.on_demand));
            table.indexes.push_back(std::move(index));
        }
    }
    MR_CHECK_OK(check_indexes(table.indexes));
    MR_CHECK_OK(check_definitions_used(definitions, table.keys, table.indexes));
    for (const auto& definition : *input.attribute_definitions) {
        table.definitions.push_back(
            {*definition.attribute_name, definitions.at(*definition.attribute_name)});
    }
    return {};
}

}  // namespace

Result<void> CreateTable::check(const Input& input) {
    // The public model requires only the name.
    if (!input.attribute_definitions) {
        return errors::constraint("null", "attributeDefinitions", "Member must not be null");
    }
    if (!input.key_schema)
        return errors::constraint("null", "keySchema", "Member must not be null");
    if (!input.table_name->starts_with("arn:")) MR_CHECK_OK(check_name(*input.table_name));
    if (input.key_schema->size() > 2) {
        return errors::constraint("'[...]'", "keySchema",
                                  "Member must have length less than or equal to 2");
    }
    MR_CHECK_OK(check_table_options(input));
    if (input.local_secondary_indexes && input.local_secondary_indexes->empty())
        return errors::invalid_parameter("List of LocalSecondaryIndexes is empty");
    if (input.global_secondary_indexes && input.global_secondary_indexes->empty())
        return errors::invalid_parameter("List of GlobalSecondaryIndexes is empty");
    if (input.tags) MR_CHECK_OK(check_tags(*input.tags));
    return check_throughput(input);
}

Result<void> CreateTable::authorize(DynamoDbService&, OpContext& context, const Input& input,
                                    AuthzRequests& requests) {
    ask(context, input.table_name, "CreateTable", requests);
    return {};
}

Outcome<CreateTable::Output> CreateTable::run(DynamoDbService& service, OpContext& context,
                                              const Input& input) {
    const auto address =
        parse_table_address(*input.table_name, context.account(), context.region());
    if (!address)
        return errors::validation("Invalid TableArn: Invalid ResourceArn provided as input " +
                                  *input.table_name);
    Table table;
    table.account = address->account;
    table.region = address->region;
    table.name = address->name;
    MR_CHECK_OK(read_schema(input, table));
    if (service.catalog().load(context.txn(), *address)) return errors::table_exists(address->name);
    table.id = context.rng().next_u64();
    table.uuid = context.rng().uuid();
    context.rng().fill({reinterpret_cast<uint8_t*>(table.hash_key.data()), sizeof table.hash_key});
    table.created = context.now();
    for (Index& index : table.indexes) index.id = context.rng().next_u64();
    table.show_billing = table.on_demand;
    if (table.on_demand) table.on_demand_since = context.now();
    if (input.provisioned_throughput) {
        table.throughput = {input.provisioned_throughput->read_capacity_units.value_or(1),
                            input.provisioned_throughput->write_capacity_units.value_or(1)};
    }
    if (input.on_demand_throughput) {
        MR_CHECK_OK(apply_on_demand_throughput(table.on_demand, table.throughput,
                                               *input.on_demand_throughput));
    }
    if (input.resource_policy) {
        MR_CHECK_OK(check_resource_policy(*input.resource_policy, table.arn()));
        table.policy = *input.resource_policy;
        table.policy_revision = new_policy_revision(context);
    }
    table.deletion_protection = input.deletion_protection_enabled.value_or(false);
    table.table_class = input.table_class.value_or("");
    if (input.tags) {
        for (const auto& tag : *input.tags) table.tags[*tag.key] = *tag.value;
        MR_CHECK_OK(check_tag_count(table));
    }
    if (input.stream_specification)
        MR_CHECK_OK(apply_stream_specification(context, table, *input.stream_specification));
    service.catalog().put(context.txn(), table);
    Output output;
    output.table_description = describe_table(table, "CREATING");
    return output;
}

}  // namespace millrace::dynamodb
