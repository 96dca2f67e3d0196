// DescribeBackup. IAM: dynamodb:DescribeBackup on the backup. Source: DynamoDB API Reference,
// DescribeBackup.
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

Result<void> DescribeBackup::check(const Input&) { return {}; }

Result<void> DescribeBackup::authorize(DynamoDbService&, OpContext&, const Input& input,
                                       AuthzRequests& requests) {
    ask_for_record(input.backup_arn, RecordKind::kBackup, "DescribeBackup", requests);
    return {};
}

Outcome<DescribeBackup::Output> DescribeBackup::run(DynamoDbService&, OpContext& context,
                                                    const Input& input) {
    MR_TRY(const Backup backup, need_backup(context, *input.backup_arn));
    Output output;
    output.backup_description = describe_backup(backup);
    return output;
}

}  // namespace millrace::dynamodb
