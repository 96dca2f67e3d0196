// DeleteBackup: the backup is gone with the answer; its items are deleted in the background.
// IAM: dynamodb:DeleteBackup on the backup. Errors: BackupNotFoundException, BackupInUseException
// while it is made or restored. Source: DynamoDB API Reference, DeleteBackup.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> DeleteBackup::check(const Input&) { return {}; }

Result<void> DeleteBackup::authorize(DynamoDbService&, OpContext&, const Input& input,
                                     AuthzRequests& requests) {
    ask_for_record(input.backup_arn, RecordKind::kBackup, "DeleteBackup", requests);
    return {};
}

Outcome<DeleteBackup::Output> DeleteBackup::run(DynamoDbService&, OpContext& context,
                                                const Input& input) {
    MR_TRY(const Backup backup, need_backup(context, *input.backup_arn));
    if (backup.status != JobStatus::kDone) return errors::backup_in_use(*input.backup_arn);
    for (const Job& job : all_jobs(context.txn())) {
        if (job.source.id == backup.table.id) return errors::backup_in_use(*input.backup_arn);
    }
    delete_backup(context.txn(), backup);
    context.wake("dynamodb/deletion");
    Output output;
    output.backup_description = describe_backup(backup, true);
    return output;
}

}  // namespace millrace::dynamodb
