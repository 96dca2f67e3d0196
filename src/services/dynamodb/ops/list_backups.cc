// ListBackups: in the order of their making, of one table or of all. IAM: dynamodb:ListBackups.
// Cost: O(backups of the account behind the starting point). Source: DynamoDB API Reference,
// ListBackups.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {
namespace {

bool has_type(const Backup& backup, std::string_view type) {
    return type == "ALL" || type == (backup.system ? "SYSTEM" : "USER");
}

}  // namespace

Result<void> ListBackups::check(const Input&) { return {}; }

Result<void> ListBackups::authorize(DynamoDbService&, OpContext& context, const Input&,
                                    AuthzRequests& requests) {
    ask_for_list(context, "ListBackups", requests);
    return {};
}

Outcome<ListBackups::Output> ListBackups::run(DynamoDbService&, OpContext& context,
                                              const Input& input) {
    std::optional<TableAddress> table;
    if (input.table_name) {
        table = parse_table_address(*input.table_name, context.account(), context.region());
        if (!table)
            return errors::validation("Invalid TableArn: Invalid ResourceArn provided as input " +
                                      *input.table_name);
    }
    std::string from;
    if (input.exclusive_start_backup_arn) {
        const auto start = parse_record_arn(*input.exclusive_start_backup_arn, RecordKind::kBackup);
        if (!start)
            return errors::validation("Invalid ExclusiveStartBackupArn: " +
                                      *input.exclusive_start_backup_arn);
        from = start->id + '\0';
    }
    const std::string_view type =
        input.backup_type ? std::string_view(*input.backup_type) : std::string_view("USER");
    const auto limit = static_cast<size_t>(input.limit.value_or(100));
    Output output;
    output.backup_summaries.emplace();
    const std::string partition =
        record_partition(context.account(), context.region(), RecordKind::kBackup);
    context.txn().scan(
        {store::Space::kBackups, partition, from, ""}, [&](std::string_view, std::string_view row) {
            const auto backup = decode_backup(row);
            if (!backup || !has_type(*backup, type)) return true;
            if (table && backup->table.name != table->name) return true;
            if (input.time_range_lower_bound && backup->created < *input.time_range_lower_bound)
                return true;
            if (input.time_range_upper_bound && backup->created >= *input.time_range_upper_bound)
                return true;
            if (output.backup_summaries->size() == limit) {
                output.last_evaluated_backup_arn = output.backup_summaries->back().backup_arn;
                return false;
            }
            const auto details = describe_details(*backup);
            auto& summary = output.backup_summaries->emplace_back();
            summary.table_name = backup->table.name;
            summary.table_id = backup->table.uuid;
            summary.table_arn = backup->table.arn();
            summary.backup_arn = details.backup_arn;
            summary.backup_name = details.backup_name;
            summary.backup_creation_date_time = details.backup_creation_date_time;
            summary.backup_expiry_date_time = details.backup_expiry_date_time;
            summary.backup_status = details.backup_status;
            summary.backup_type = details.backup_type;
            summary.backup_size_bytes = details.backup_size_bytes;
            return true;
        });
    return output;
}

}  // namespace millrace::dynamodb
