#include "services/dynamodb/workers/index_builder.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/dynamodb/workers/erasing.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

constexpr uint8_t kJobFormat = 1;
// Few, so that a step seldom loses against writers.
constexpr size_t kItemsPerStep = 100;
constexpr size_t kItemBytesPerStep = 1 << 20;

struct Job {
    TableAddress table;
    // The first item that is not yet in the index; empty: from the beginning.
    std::string partition;
    std::string sort;
};

std::string encode_job(const Job& job) {
    std::string out;
    append_u8(out, kJobFormat);
    append_bytes(out, job.table.account);
    append_bytes(out, job.table.region);
    append_bytes(out, job.table.name);
    append_bytes(out, job.partition);
    append_bytes(out, job.sort);
    return out;
}

std::optional<Job> decode_job(std::string_view bytes) {
    ByteReader reader(bytes);
    if (reader.u8() != kJobFormat) return std::nullopt;
    Job job;
    job.table.account = reader.bytes();
    job.table.region = reader.bytes();
    job.table.name = reader.bytes();
    job.partition = reader.bytes();
    job.sort = reader.bytes();
    if (!reader.ok() || !reader.at_end()) return std::nullopt;
    return job;
}

store::Key job_key(std::string_view index_id) {
    return {store::Space::kTables, std::string(kIndexJobs), std::string(index_id)};
}

// False: all items are in the index.
bool fill(store::Txn& txn, const Table& table, const Index& index, Job& job) {
    const std::string id = table_id_bytes(table.id);
    std::vector<ItemKey> items;
    size_t bytes = 0;
    bool more = false;
    txn.scan_space(store::Space::kItems, job.partition.empty() ? id : job.partition, job.sort,
                   behind_id(id),
                   [&](std::string_view partition, std::string_view sort, std::string_view row) {
                       if (items.size() == kItemsPerStep || bytes >= kItemBytesPerStep) {
                           more = true;
                           job.partition = partition;
                           job.sort = sort;
                           return false;
                       }
                       bytes += row.size();
                       items.push_back({std::string(partition), std::string(sort)});
                       return true;
                   });
    for (const ItemKey& key : items) {
        // Read again, so that a change meanwhile is a conflict.
        const StoredItem stored = read_item(txn, key);
        if (stored.exists()) add_index_entry(txn, table, index, key, stored.view());
    }
    return more;
}

// Definitions are of keys only: those of a deleted index go with it.
void drop_unused_definitions(Table& table) {
    std::erase_if(table.definitions, [&](const KeyAttribute& definition) {
        return !table.keys.has(definition.name) &&
               std::none_of(table.indexes.begin(), table.indexes.end(),
                            [&](const Index& index) { return index.keys.has(definition.name); });
    });
}

}  // namespace

void start_index_job(contracts::OpContext& context, const Table& table, const Index& index) {
    Job job;
    job.table = {table.account, table.region, table.name};
    context.txn().put(job_key(table_id_bytes(index.id)), encode_job(job));
    context.wake("dynamodb/indexes");
}

TimePoint IndexBuilder::step(TimePoint now) {
    bool more = false;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        more = false;
        std::string id;
        std::optional<Job> job;
        txn.scan({store::Space::kTables, kIndexJobs, "", ""},
                 [&](std::string_view sort, std::string_view row) {
                     id = sort;
                     job = decode_job(row);
                     return !job.has_value();
                 });
        if (!job) return store::TxnDecision::kRollback;
        more = true;
        const uint64_t index_id = ByteReader(id).u64();
        // From the row: a change of the definition meanwhile is a conflict.
        const TableRef found = service_.catalog().load(txn, job->table);
        Table table = found ? *found : Table();
        const auto index =
            std::find_if(table.indexes.begin(), table.indexes.end(),
                         [&](const Index& candidate) { return candidate.id == index_id; });
        if (index != table.indexes.end() && index->state == IndexState::kBackfilling) {
            if (fill(txn, table, *index, *job)) {
                txn.put(job_key(id), encode_job(*job));
                return store::TxnDecision::kCommit;
            }
            index->state = IndexState::kActive;
            service_.catalog().put(txn, table);
        } else {
            if (erase_rows(txn, store::Space::kGsi, id)) return store::TxnDecision::kCommit;
            if (index != table.indexes.end()) {
                table.indexes.erase(index);
                drop_unused_definitions(table);
                service_.catalog().put(txn, table);
            }
            forget_size(service_, txn, index_id);
        }
        txn.erase(job_key(id));
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk) return now + std::chrono::seconds(10);
    return more ? now : now + std::chrono::minutes(10);
}

}  // namespace millrace::dynamodb
