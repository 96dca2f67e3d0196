#include "services/dynamodb/workers/stream_splitter.h"

#include <algorithm>
#include <numeric>

#include "contracts/wake_hub.h"
#include "services/dynamodb/table_stream.h"

namespace millrace::dynamodb {
namespace {

// The part of the counts that belongs to the shard [from, to).
std::pair<size_t, size_t> buckets_of(uint64_t from, uint64_t to) {
    constexpr int kShift = 64 - StreamHeat::kBits;
    return {from >> kShift, to == 0 ? StreamHeat::kBuckets : to >> kShift};
}

uint64_t sum(const HeatCounts& counts, size_t begin, size_t end) {
    return std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(begin),
                           counts.begin() + static_cast<std::ptrdiff_t>(end), uint64_t{0});
}

}  // namespace

std::optional<uint64_t> split_point(const HeatCounts& counts, uint64_t from, uint64_t to) {
    const auto [begin, end] = buckets_of(from, to);
    const uint64_t all = sum(counts, begin, end);
    std::optional<uint64_t> best;
    uint64_t best_smaller = std::max<uint64_t>(1, all / 8) - 1;
    uint64_t left = 0;
    for (size_t bucket = begin; bucket + 1 < end; ++bucket) {
        left += counts[bucket];
        const uint64_t smaller = std::min(left, all - left);
        if (smaller <= best_smaller) continue;
        best_smaller = smaller;
        best = StreamHeat::hash_of(bucket + 1);
    }
    return best;
}

TimePoint StreamSplitter::step(TimePoint now) {
    const bool whole_window = window_began_ && now - *window_began_ >= kWindow;
    const double limit = whole_window
                             ? service_.options().stream_shard_rate *
                                   std::chrono::duration<double>(now - *window_began_).count()
                             : 0;
    if (window_began_ && !whole_window) return *window_began_ + kWindow;
    std::map<uint64_t, HeatCounts> tables;  // by id: those with records above the limit
    for (const auto& [id, statistics] : service_.catalog().all_statistics()) {
        HeatCounts counts;
        for (size_t i = 0; i < counts.size(); ++i) {
            std::atomic<uint32_t>& records = statistics->stream_heat.records[i];
            counts[i] = records.load(std::memory_order_relaxed) == 0 ? 0 : records.exchange(0);
        }
        if (whole_window && static_cast<double>(sum(counts, 0, counts.size())) > limit)
            tables[id] = counts;
    }
    window_began_ = now;
    std::map<std::pair<uint64_t, uint32_t>, int> hot;
    struct Split {
        TableAddress address;
        uint64_t stream_id;
        uint64_t hash_at;
    };
    std::vector<Split> splits;
    const auto look_at = [&](const Table& table, const HeatCounts& counts) {
        const auto& shards = table.stream->shards;
        for (size_t i = 0; i < shards.size(); ++i) {
            const uint64_t to = i + 1 < shards.size() ? shards[i + 1].hash_from : 0;
            const auto [begin, end] = buckets_of(shards[i].hash_from, to);
            if (static_cast<double>(sum(counts, begin, end)) <= limit) continue;
            const std::pair<uint64_t, uint32_t> shard{table.stream->id, shards[i].number};
            const auto before = hot_.find(shard);
            hot[shard] = before == hot_.end() ? 1 : before->second + 1;
            const auto hash_at = split_point(counts, shards[i].hash_from, to);
            if (hot[shard] >= kHotWindows && hash_at) {
                splits.push_back(
                    {{table.account, table.region, table.name}, table.stream->id, *hash_at});
            }
        }
    };
    if (!tables.empty()) {
        service_.store().run([&](store::Txn& txn) {
            hot.clear();
            splits.clear();
            // Definitions' partitions begin with the account's digits.
            txn.scan_space(store::Space::kTables, "0", "", ":",
                           [&](std::string_view, std::string_view, std::string_view row) {
                               const auto table = decode_table(row);
                               if (!table || !table->stream) return true;
                               const auto found = tables.find(table->id);
                               if (found != tables.end()) look_at(*table, found->second);
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
    }
    hot_ = std::move(hot);
    for (const Split& found : splits) split(found.address, found.stream_id, found.hash_at, now);
    return now + kWindow;
}

void StreamSplitter::split(const TableAddress& address, uint64_t stream_id, uint64_t hash_at,
                           TimePoint now) {
    uint32_t parent = 0;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        const TableRef found = service_.catalog().load(txn, address);
        if (!found || !found->stream || found->stream->id != stream_id ||
            found->stream->shards.size() >= kOpenShardsMax) {
            return store::TxnDecision::kRollback;
        }
        Table table = *found;
        parent = table.stream->shard_of(hash_at).number;
        if (!split_shard(txn, table, hash_at, now, service_.rng()))
            return store::TxnDecision::kRollback;
        service_.catalog().put(txn, table);
        return store::TxnDecision::kCommit;
    });
    // Readers of the parent learn that it has ended.
    if (result.status == store::CommitStatus::kOk && service_.store().wait_durable(result.ticket))
        service_.hub().signal(contracts::stream_wake_key(stream_id, parent));
}

}  // namespace millrace::dynamodb
