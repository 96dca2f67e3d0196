// What the operations on backups, recovery, exports and imports share: cuts through a table, the
// definition of a table that is made of another, descriptions.
// Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/backup/records.h"
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

inline constexpr std::string_view kBackupJobsWake = "dynamodb/backups";
// Source: Amazon DynamoDB Developer Guide, quotas of backups, exports and imports.
inline constexpr size_t kRestoresMax = 50;
inline constexpr size_t kExportsMax = 300;
inline constexpr size_t kImportsMax = 50;
inline constexpr size_t kBackupJobsMax = 500;
inline constexpr int kRecoveryDaysMax = 35;
inline constexpr Duration kSystemBackupKept = std::chrono::hours(24 * 35);
// Descriptions of exports and imports.
inline constexpr Duration kTransferKept = std::chrono::hours(24 * 90);
inline constexpr Duration kClientTokenKept = std::chrono::hours(8);

// The table, from its row; TableNotFoundException, TableInUseException while it is being made.
Result<TableRef> need_source(DynamoDbService& service, OpContext& context, const std::string& name);
// LimitExceededException when as many jobs of the kind are under way in the account.
Result<void> check_job_count(OpContext& context, JobKind kind, size_t jobs_max);
// Writes the job and wakes its worker.
void start_job(OpContext& context, const Job& job);

// Makes a cut at this point of the order of commits, or in the past, and has the table keep its
// history for one reader more. Writes the table's definition.
Cut cut_table(DynamoDbService& service, OpContext& context, const Table& table,
              TimePoint time = Cut::kNow);
// The reader is done.
void release_table(DynamoDbService& service, store::Txn& txn, const TableAddress& address,
                   uint64_t table_id);

// The earliest and latest whole seconds to which the table can be restored. In the second in which
// recovery was enabled there is none yet: the earliest is behind the latest.
struct RecoveryWindow {
    TimePoint earliest{};
    TimePoint latest{};
};
RecoveryWindow recovery_window(const Table& table, TimePoint now);
model::dynamodb::ContinuousBackupsDescription describe_recovery(const Table& table, TimePoint now);

// What a restore may ask to be other than in the source.
struct RestoreOverrides {
    const std::optional<std::string>& billing_mode;
    const std::optional<std::vector<model::dynamodb::GlobalSecondaryIndex>>& global_indexes;
    const std::optional<std::vector<model::dynamodb::LocalSecondaryIndex>>& local_indexes;
    const std::optional<model::dynamodb::ProvisionedThroughput>& throughput;
    const std::optional<model::dynamodb::OnDemandThroughput>& on_demand_throughput;
    const std::optional<model::dynamodb::SSESpecification>& encryption;
};
template <class Input>
RestoreOverrides overrides_of(const Input& input) {
    return {input.billing_mode_override,          input.global_secondary_index_override,
            input.local_secondary_index_override, input.provisioned_throughput_override,
            input.on_demand_throughput_override,  input.sse_specification_override};
}
Result<void> check_overrides(const RestoreOverrides& overrides);
// A new table in the caller's account and region with the schema and settings of the source; tags,
// stream, TTL and recovery are not taken over. Starts the job that fills it.
// TableAlreadyExistsException, ValidationException.
Result<model::dynamodb::TableDescription> start_restore(DynamoDbService& service,
                                                        OpContext& context, const Table& source,
                                                        const std::string& name,
                                                        const RestoreOverrides& overrides,
                                                        TableOrigin origin, std::optional<Cut> cut);
// dynamodb:<action> on the source and the target, and what a restore does to the target.
void ask_for_restore(OpContext& context, const std::string& source_arn,
                     const std::string& source_account, const std::optional<std::string>& target,
                     std::string_view action, AuthzRequests& requests);
// dynamodb:<action> on a backup, export or import.
void ask_for_record(const std::optional<std::string>& arn, RecordKind kind, std::string_view action,
                    AuthzRequests& requests);
// dynamodb:<action> on every table.
void ask_for_list(OpContext& context, std::string_view action, AuthzRequests& requests);

// The backup of that ARN or BackupNotFoundException.
Result<Backup> need_backup(OpContext& context, const std::string& arn);
// Keeps the items of a table that is being deleted, for kSystemBackupKept.
void keep_system_backup(OpContext& context, const Table& table);
// Removes the backup and leaves its items to the deletion worker.
void delete_backup(store::Txn& txn, const Backup& backup);
model::dynamodb::BackupDetails describe_details(const Backup& backup);
model::dynamodb::BackupDescription describe_backup(const Backup& backup, bool deleted = false);

std::string_view status_name(JobStatus status);
model::dynamodb::ExportDescription describe_export(const Export& entry);
model::dynamodb::ImportTableDescription describe_import(const Import& entry);

}  // namespace millrace::dynamodb
