// DescribeTable. IAM: dynamodb:DescribeTable. ItemCount and TableSizeBytes are as of the last time
// the counters were written, as DynamoDB's are hours old. Source: DynamoDB API Reference,
// DescribeTable.
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

Result<void> DescribeTable::check(const Input&) { return {}; }

Result<void> DescribeTable::authorize(DynamoDbService& service, OpContext& context,
                                      const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "DescribeTable", requests);
    return {};
}

Outcome<DescribeTable::Output> DescribeTable::run(DynamoDbService& service, OpContext& context,
                                                  const Input& input) {
    MR_TRY(const TableRef table, need_definition(service, context, *input.table_name));
    const auto counter = [&](char which, int64_t pending) {
        const auto value = context.txn().get(statistics_key(table->id, which));
        return (value ? static_cast<int64_t>(ByteReader(*value).u64()) : 0) + pending;
    };
    Output output;
    output.table = describe_table(*table, "ACTIVE", counter('i', table->statistics->items.load()),
                                  counter('b', table->statistics->bytes.load()));
    return output;
}

}  // namespace millrace::dynamodb
