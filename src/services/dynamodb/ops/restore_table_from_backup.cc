// RestoreTableFromBackup: makes a table of a backup. It is CREATING until its items and index
// entries are there.
//
// IAM:     dynamodb:RestoreTableFromBackup on backup and table, and what writes items there.
// Errors:  BackupNotFoundException, BackupInUseException, TableAlreadyExistsException.
// Source:  DynamoDB API Reference, RestoreTableFromBackup.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> RestoreTableFromBackup::check(const Input& input) {
    return check_overrides(overrides_of(input));
}

Result<void> RestoreTableFromBackup::authorize(DynamoDbService&, OpContext& context,
                                               const Input& input, AuthzRequests& requests) {
    const auto address = parse_record_arn(input.backup_arn.value_or(""), RecordKind::kBackup);
    if (!address) return {};
    ask_for_restore(context, *input.backup_arn, address->table.account, input.target_table_name,
                    "RestoreTableFromBackup", requests);
    return {};
}

Outcome<RestoreTableFromBackup::Output> RestoreTableFromBackup::run(DynamoDbService& service,
                                                                    OpContext& context,
                                                                    const Input& input) {
    MR_TRY(const Backup backup, need_backup(context, *input.backup_arn));
    if (backup.status != JobStatus::kDone) return errors::backup_in_use(*input.backup_arn);
    Output output;
    MR_TRY(
        output.table_description,
        start_restore(service, context, backup.table, *input.target_table_name, overrides_of(input),
                      {*input.backup_arn, backup.table.arn(), backup.created}, std::nullopt));
    return output;
}

}  // namespace millrace::dynamodb
