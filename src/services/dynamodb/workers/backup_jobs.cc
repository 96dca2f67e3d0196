#include "services/dynamodb/workers/backup_jobs.h"

#include <map>

#include "contracts/wake_hub.h"
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kHistoryRowsPerStep = 2000;
constexpr size_t kRecordsPerStep = 100;
constexpr std::chrono::seconds kRetryPause{5};
constexpr std::chrono::minutes kIdlePause{10};
// Between passes: a 24th of the shortest recovery period, so that a history is never much longer
// than its period.
constexpr std::chrono::hours kTrimPause{1};

}  // namespace

std::string BackupJobs::wake_key() const { return std::string(kBackupJobsWake); }

TimePoint BackupJobs::step(TimePoint now) {
    std::vector<Job> jobs;
    service_.store().run([&](store::Txn& txn) {
        jobs = all_jobs(txn);
        return store::TxnDecision::kRollback;
    });
    if (jobs.empty()) {
        // Tables without recovery need their histories no more.
        if (!std::exchange(last_, {}).empty()) service_.hub().signal("dynamodb/history");
        return now + kIdlePause;
    }
    const Job* job = &jobs.front();
    for (const Job& candidate : jobs) {
        if (job_key(candidate).sort > last_) {
            job = &candidate;
            break;
        }
    }
    last_ = job_key(*job).sort;
    bool moved = false;
    switch (job->kind) {
        case JobKind::kBackup:
        case JobKind::kRestore:
            moved = copy_step(service_, *job);
            break;
        case JobKind::kExport:
            moved = export_step(service_, *job);
            break;
        case JobKind::kImport:
            moved = imports_.step(*job);
            break;
    }
    return moved ? now : now + kRetryPause;
}

TimePoint HistoryTrimmer::step(TimePoint now) {
    bool more = false;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        more = false;
        std::string next_partition;
        std::string next_sort;
        std::vector<std::pair<store::Key, TimePoint>> rows;
        txn.scan_space(
            store::Space::kHistory, partition_, sort_, "",
            [&](std::string_view partition, std::string_view sort, std::string_view value) {
                // One table at a time.
                const bool same = rows.empty() || partition.substr(0, 8) ==
                                                      rows.front().first.partition.substr(0, 8);
                if (rows.size() == kHistoryRowsPerStep || !same) {
                    more = true;
                    next_partition = partition;
                    next_sort = sort;
                    return false;
                }
                const auto record = decode_history(sort, value);
                MR_ASSERT(record.has_value());
                rows.push_back({{store::Space::kHistory, std::string(partition), std::string(sort)},
                                record->time});
                return true;
            });
        // After the records: a table that has some was there before them.
        if (!rows.empty()) {
            const uint64_t table_id = ByteReader(rows.front().first.partition).u64();
            std::optional<TableAddress> address;
            txn.scan_space(store::Space::kTables, "0", "", ":",
                           [&](std::string_view, std::string_view, std::string_view row) {
                               const auto table = decode_table(row);
                               if (table && table->id == table_id)
                                   address = {table->account, table->region, table->name};
                               return !address;
                           });
            TimePoint keep_behind = TimePoint::max();
            const TableRef table = address ? service_.catalog().load(txn, *address) : nullptr;
            if (table && table->id == table_id) {
                if (table->history.recovery)
                    keep_behind = now - std::chrono::hours(24 * table->history.recovery_days);
                if (table->history.readers > 0) {
                    for (const Job& job : all_jobs(txn)) {
                        if (!job.live_source || job.source.id != table_id) continue;
                        keep_behind = std::min(keep_behind, job.cut->oldest - Duration(1));
                        if (job.from)
                            keep_behind = std::min(keep_behind, job.from->oldest - Duration(1));
                    }
                }
            }
            for (const auto& [key, time] : rows) {
                if (time <= keep_behind) txn.erase(key);
            }
        }
        txn.on_commit([this, next_partition, next_sort](store::Version) {
            partition_ = next_partition;
            sort_ = next_sort;
        });
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk) return now + kRetryPause;
    return more ? now : now + kTrimPause;
}

TimePoint RecordSweeper::step(TimePoint now) {
    bool more = false;
    bool deleted = false;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        more = deleted = false;
        std::string next_partition;
        std::string next_sort;
        size_t seen = 0;
        std::vector<Backup> expired;
        std::vector<store::Key> old;
        // Descriptions' partitions begin with the account's digits and end with their kind.
        txn.scan_space(
            store::Space::kBackups, partition_.empty() ? "0" : std::string_view(partition_), sort_,
            ":", [&](std::string_view partition, std::string_view sort, std::string_view row) {
                if (seen++ == kRecordsPerStep) {
                    more = true;
                    next_partition = partition;
                    next_sort = sort;
                    return false;
                }
                const auto ended_long_ago = [&](const auto& entry) {
                    return entry && entry->status != JobStatus::kInProgress &&
                           entry->ended + kTransferKept <= now;
                };
                const auto kind = static_cast<RecordKind>(partition.back());
                if (kind == RecordKind::kBackup) {
                    auto backup = decode_backup(row);
                    if (backup && backup->system && backup->expires <= now)
                        expired.push_back(std::move(*backup));
                } else if (kind == RecordKind::kExport ? ended_long_ago(decode_export(row))
                                                       : ended_long_ago(decode_import(row))) {
                    old.push_back(
                        {store::Space::kBackups, std::string(partition), std::string(sort)});
                }
                return true;
            });
        for (const store::Key& key : old) txn.erase(key);
        const std::vector<Job> jobs = all_jobs(txn);
        for (const Backup& backup : expired) {
            const bool read = std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) {
                return job.source.id == backup.table.id;
            });
            if (read) continue;  // the next pass finds it again
            delete_backup(txn, backup);
            deleted = true;
        }
        txn.on_commit([this, next_partition, next_sort](store::Version) {
            partition_ = next_partition;
            sort_ = next_sort;
        });
        return store::TxnDecision::kCommit;
    });
    if (deleted) service_.hub().signal("dynamodb/deletion");
    if (result.status != store::CommitStatus::kOk) return now + kRetryPause;
    return more ? now : now + kTrimPause;
}

}  // namespace millrace::dynamodb
