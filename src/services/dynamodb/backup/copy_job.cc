#include "auth/evaluate.h"
#include "services/dynamodb/backup/backups.h"
#include "services/dynamodb/backup/jobs.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kRowsPerStep = 500;
constexpr size_t kBytesPerStep = 4 << 20;

void copy_row(store::Txn& txn, uint64_t table_id, const CopiedItem& item) {
    const std::string partition = table_id_bytes(table_id) + std::string(item.key.hash());
    txn.put({store::Space::kItems, partition, item.key.sort}, item.row);
}

// As a write of a client does it, but nobody has written there before.
void restore_item(store::Txn& txn, const Table& table, const CopiedItem& item, TimePoint now) {
    std::vector<std::string> wakes;
    WriteContext writing{txn, now, wakes};
    writing.counted = false;  // in the job's transactions, so that a crash does not spoil the sum
    const ItemKey key{table_id_bytes(table.id) + std::string(item.key.hash()), item.key.sort};
    write_item(writing, table, key, std::nullopt, item::read_stored(item.row));
}

}  // namespace

std::optional<Job> current_job(store::Txn& txn, const Job& seen) {
    const auto row = txn.get(job_key(seen));
    return row ? decode_job(*row) : std::nullopt;
}

void end_job(DynamoDbService& service, store::Txn& txn, const Job& job) {
    txn.erase(job_key(job));
    if (job.live_source) {
        const Table& source = job.source;
        release_table(service, txn, {source.account, source.region, source.name}, source.id);
    }
}

contracts::RequestInfo request_of(const Job& job) {
    contracts::RequestInfo request;
    request.account_id = job.table.account;
    request.region = job.table.region;
    request.caller = std::make_shared<contracts::Caller>(
        auth::service_caller("dynamodb.amazonaws.com", job.table.account));
    return request;
}

StepResult copy_step(DynamoDbService& service, const Job& seen) {
    const store::RunResult result = service.store().run([&](store::Txn& txn) {
        auto job = current_job(txn, seen);
        if (!job) return store::TxnDecision::kRollback;
        TableRef target;
        std::optional<Backup> backup;
        size_t copies = 1;
        if (job->kind == JobKind::kRestore) {
            target = service.catalog().load(txn, job->table);
            copies += target ? target->indexes.size() : 0;
        } else {
            const auto row = txn.get(record_key(job->table, RecordKind::kBackup, job->id));
            if (row) backup = decode_backup(*row);
        }
        if (!target && !backup) {
            end_job(service, txn, *job);
            return store::TxnDecision::kCommit;
        }
        // Every item may be written once more for each index.
        const CopyPage page = read_copy_page(txn, job->source.id, job->cut, job->position,
                                             {kRowsPerStep, kBytesPerStep / copies});
        int64_t bytes = 0;
        for (const CopiedItem& item : page.items) {
            const auto view = item::read_stored(item.row);
            MR_ASSERT(view.has_value());
            bytes += static_cast<int64_t>(item::item_size(*view));
            if (target) {
                restore_item(txn, *target, item, service.clock().now());
            } else {
                copy_row(txn, backup->table.id, item);
            }
        }
        job->items += static_cast<int64_t>(page.items.size());
        job->bytes += bytes;
        if (target) {
            txn.add(statistics_key(target->id, 'i'), static_cast<int64_t>(page.items.size()));
            txn.add(statistics_key(target->id, 'b'), bytes);
        }
        if (!page.next.empty()) {
            job->position = page.next;
            txn.put(job_key(*job), encode_job(*job));
            return store::TxnDecision::kCommit;
        }
        if (target) {
            Table table = *target;
            table.creating = false;
            service.catalog().put(txn, table);
        } else {
            backup->status = JobStatus::kDone;
            backup->items = job->items;
            backup->bytes = job->bytes;
            txn.put(record_key(job->table, RecordKind::kBackup, job->id), encode_backup(*backup));
        }
        end_job(service, txn, *job);
        return store::TxnDecision::kCommit;
    });
    return result.status == store::CommitStatus::kOk;
}

}  // namespace millrace::dynamodb
