// CreateBackup: a copy of the table as it is at this point of the order of commits. The copy itself
// is made in the background; the table keeps its history until it is done.
//
// IAM:     dynamodb:CreateBackup on the table.
// Errors:  TableNotFoundException, TableInUseException, LimitExceededException.
// Source:  DynamoDB API Reference, CreateBackup.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> CreateBackup::check(const Input&) { return {}; }

Result<void> CreateBackup::authorize(DynamoDbService& service, OpContext& context,
                                     const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_name, "CreateBackup", requests);
    return {};
}

Outcome<CreateBackup::Output> CreateBackup::run(DynamoDbService& service, OpContext& context,
                                                const Input& input) {
    MR_TRY(const TableRef table, need_source(service, context, *input.table_name));
    MR_CHECK_OK(check_job_count(context, JobKind::kBackup, kBackupJobsMax));
    const TableAddress address{table->account, table->region, table->name};
    Backup backup;
    backup.id = new_record_id(context.now(), context.rng());
    backup.name = *input.backup_name;
    backup.created = context.now();
    backup.table = *table;
    backup.table.id = context.rng().next_u64();
    // The copy owns no index rows; deleting it must not reach those of the live table.
    for (Index& index : backup.table.indexes) index.id = context.rng().next_u64();
    context.txn().put(record_key(address, RecordKind::kBackup, backup.id), encode_backup(backup));

    Job job;
    job.kind = JobKind::kBackup;
    job.table = address;
    job.id = backup.id;
    job.source = *table;
    job.live_source = true;
    job.cut = cut_table(service, context, *table);
    job.position = first_position(table->id);
    start_job(context, job);
    Output output;
    output.backup_details = describe_details(backup);
    return output;
}

}  // namespace millrace::dynamodb
