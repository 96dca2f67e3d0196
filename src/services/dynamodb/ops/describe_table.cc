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
    const auto size = [&](uint64_t id, const TableStatistics& pending) {
        const auto counter = [&](char which) {
            const auto value = context.txn().get(statistics_key(id, which));
            return value ? static_cast<int64_t>(ByteReader(*value).u64()) : 0;
        };
        return Size{counter('i') + pending.items.load(), counter('b') + pending.bytes.load()};
    };
    std::vector<Size> index_sizes;
    for (const Index& index : table->indexes)
        index_sizes.push_back(size(index.id, *index.statistics));
    Output output;
    output.table = describe_table(*table, table->is_updating() ? "UPDATING" : "ACTIVE",
                                  size(table->id, *table->statistics), index_sizes);
    return output;
}

}  // namespace millrace::dynamodb
