// UpdateTable: billing, throughput, stream, deletion protection, table class. Index changes are not
// offered yet. IAM: dynamodb:UpdateTable. Source: DynamoDB API Reference, UpdateTable.
#include "services/dynamodb/operations.h"
#include "services/dynamodb/table_stream.h"

namespace millrace::dynamodb {

Result<void> UpdateTable::check(const Input& input) {
    if (input.global_secondary_index_updates)
        return errors::unsupported("GlobalSecondaryIndexUpdates");
    if (input.replica_updates) return errors::unsupported("ReplicaUpdates");
    MR_CHECK_OK(check_table_options(input));
    if (!input.provisioned_throughput && !input.billing_mode && !input.stream_specification &&
        !input.deletion_protection_enabled && !input.table_class && !input.on_demand_throughput) {
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
    Table table = *found;
    if (input.billing_mode) {
        const bool on_demand = *input.billing_mode == "PAY_PER_REQUEST";
        if (!on_demand && table.on_demand && !input.provisioned_throughput) {
            return errors::invalid_parameter(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                "BillingMode is PROVISIONED");
        }
        if (on_demand && !table.on_demand) table.on_demand_since = context.now();
        if (on_demand && !table.on_demand) table.throughput = {};
        table.on_demand = on_demand;
        table.show_billing = true;
    }
    if (input.provisioned_throughput && table.on_demand) {
        return errors::invalid_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST");
    }
    if (input.provisioned_throughput) {
        const Throughput wanted{input.provisioned_throughput->read_capacity_units.value_or(1),
                                input.provisioned_throughput->write_capacity_units.value_or(1)};
        if (wanted == table.throughput) {
            return errors::validation(fmt::format(
                "The provisioned throughput for the table will not change. The requested value "
                "equals the current value. "
                "Current ReadCapacityUnits provisioned for the table: {}. Requested "
                "ReadCapacityUnits: {}. Current "
                "WriteCapacityUnits provisioned for the table: {}. Requested WriteCapacityUnits: "
                "{}. Refer to the Amazon "
                "DynamoDB Developer Guide for current limits and how to request higher limits.",
                table.throughput.read_units, wanted.read_units, table.throughput.write_units,
                wanted.write_units));
        }
        if (wanted.read_units > table.throughput.read_units ||
            wanted.write_units > table.throughput.write_units)
            table.last_increase = context.now();
        if (wanted.read_units < table.throughput.read_units ||
            wanted.write_units < table.throughput.write_units)
            table.last_decrease = context.now();
        table.throughput = wanted;
    }
    if (input.on_demand_throughput)
        MR_CHECK_OK(apply_on_demand_throughput(table, *input.on_demand_throughput));
    if (input.stream_specification)
        MR_CHECK_OK(apply_stream_specification(context, table, *input.stream_specification));
    if (input.deletion_protection_enabled)
        table.deletion_protection = *input.deletion_protection_enabled;
    if (input.table_class) table.table_class = *input.table_class;
    service.catalog().put(context.txn(), table);
    Output output;
    output.table_description = describe_table(table, "UPDATING", 0, 0);
    return output;
}

}  // namespace millrace::dynamodb
