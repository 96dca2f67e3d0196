// DeleteTable: the table is gone with the answer; its items are deleted in the background.
// IAM: dynamodb:DeleteTable. Errors: deletion protection. Source: DynamoDB API Reference,
// DeleteTable.
#include "services/dynamodb/operations.h"
#include "services/dynamodb/table_stream.h"

namespace millrace::dynamodb {

Result<void> DeleteTable::check(const Input&) { return {}; }

Result<void> DeleteTable::authorize(DynamoDbService& service, OpContext& context,
                                    const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "DeleteTable", requests);
    return {};
}

Outcome<DeleteTable::Output> DeleteTable::run(DynamoDbService& service, OpContext& context,
                                              const Input& input) {
    MR_TRY(const TableRef found, need_definition(service, context, *input.table_name));
    if (found->deletion_protection) return errors::deletion_protected();
    if (found->is_updating()) return errors::table_being_updated(found->name);
    Table table = *found;
    if (table.stream) disable_stream(context, table);
    service.catalog().erase(context.txn(), table);
    context.txn().put({store::Space::kTables, kDeletedTables, table_id_bytes(table.id)},
                      encode_table(table));
    context.wake("dynamodb/deletion");
    Output output;
    output.table_description = describe_table(table, "DELETING");
    return output;
}

}  // namespace millrace::dynamodb
