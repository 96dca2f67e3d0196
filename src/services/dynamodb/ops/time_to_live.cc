// UpdateTimeToLive, DescribeTimeToLive. Items that were there before are found by the back-fill
// (workers/expiry.h). IAM: the actions of these names. Source: DynamoDB API Reference.
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {
namespace {

// How long a change keeps the next one out. Source: DynamoDB API Reference, UpdateTimeToLive.
constexpr Duration kChangeInterval = std::chrono::hours(1);

}  // namespace

Result<void> UpdateTimeToLive::check(const Input&) { return {}; }

Result<void> UpdateTimeToLive::authorize(DynamoDbService& service, OpContext& context,
                                         const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "UpdateTimeToLive", requests);
    return {};
}

Outcome<UpdateTimeToLive::Output> UpdateTimeToLive::run(DynamoDbService& service,
                                                        OpContext& context, const Input& input) {
    MR_TRY(const TableRef found, need_definition(service, context, *input.table_name));
    if (found->creating) return errors::table_busy(found->name, "created");
    Table table = *found;
    const bool enable = input.time_to_live_specification->enabled.value_or(false);
    if (enable == table.ttl.enabled) {
        return errors::validation(enable ? "TimeToLive is already enabled"
                                         : "TimeToLive is already disabled");
    }
    const std::string attribute = input.time_to_live_specification->attribute_name.value_or("");
    if (!enable && attribute != table.ttl.attribute) {
        return errors::validation(
            "TimeToLive is active on a different AttributeName: current AttributeName is " +
            table.ttl.attribute);
    }
    if (table.ttl.changed != TimePoint{} && context.now() < table.ttl.changed + kChangeInterval) {
        return errors::validation(
            "Time to live has been modified multiple times within a fixed interval");
    }
    table.ttl.changed = context.now();
    table.ttl.enabled = enable;
    table.ttl.attribute = attribute;
    if (enable) {
        table.ttl.generation += 1;
        context.txn().put({store::Space::kTables, kTtlBackfills, table_id_bytes(table.id)},
                          table_id_bytes(table.id));
        context.wake("dynamodb/expiry");
    }
    service.catalog().put(context.txn(), table);
    Output output;
    output.time_to_live_specification = input.time_to_live_specification;
    return output;
}

Result<void> DescribeTimeToLive::check(const Input&) { return {}; }

Result<void> DescribeTimeToLive::authorize(DynamoDbService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "DescribeTimeToLive", requests);
    return {};
}

Outcome<DescribeTimeToLive::Output> DescribeTimeToLive::run(DynamoDbService& service,
                                                            OpContext& context,
                                                            const Input& input) {
    MR_TRY(const TableRef table, need_definition(service, context, *input.table_name));
    Output output;
    auto& description = output.time_to_live_description.emplace();
    description.time_to_live_status = table->ttl.enabled ? "ENABLED" : "DISABLED";
    if (table->ttl.enabled) description.attribute_name = table->ttl.attribute;
    return output;
}

}  // namespace millrace::dynamodb
