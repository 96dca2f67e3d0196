#include "services/sqs/sweeper.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/sqs/delivery.h"

namespace millrace::sqs {
namespace {

constexpr size_t kRowsPerStep = 500;
constexpr auto kQuietPause = std::chrono::seconds(10);
constexpr auto kDeduplicationPause = std::chrono::seconds(60);
constexpr auto kLowMarksPause = std::chrono::seconds(60);
// No transaction lives as long: a message that is committed later has a greater sequence.
constexpr auto kLowMarkAge = std::chrono::minutes(10);

}  // namespace

TimePoint Sweeper::step(TimePoint now) {
    const std::optional<TimePoint> moves = moves_.step(now);
    bool more = sweep_doomed();
    more = sweep_expired(now) || more;
    more = sweep_deduplication(now) || more;
    note_low_marks(now);
    if (more) return now;
    return std::min(moves.value_or(TimePoint::max()), now + kQuietPause);
}

// Of a doomed row's queue nothing at or below its sequence changes any more (sends, receives and
// deletes conflict with the purge), so the rows are found without putting them into the conflict
// set: otherwise each send to the queue would make this start again.
bool Sweeper::sweep_doomed() {
    bool found = false;
    std::string next_id;
    Sequence next_through = 0;
    std::string next_from;
    store_.run([&](store::Txn& txn) {
        found = false;
        std::string id;
        Sequence through = 0;
        txn.scan({store::Space::kQueues, kDoomedPartition, "", ""},
                 [&](std::string_view queue_id, std::string_view value) {
                     id = queue_id;
                     through = ByteReader(value).u64();
                     found = true;
                     return false;
                 });
        if (!found) return store::TxnDecision::kRollback;
        std::vector<std::string> sorts;
        const auto collect = [&](const std::string& first, const std::string& end) {
            const bool same = doomed_id_ == id && doomed_through_ == through;
            const std::string from = same ? std::max(doomed_from_, first) : first;
            if (from >= end || sorts.size() == kRowsPerStep) return;
            txn.scan_space(
                store::Space::kMessages, id, from, "",
                [&](std::string_view partition, std::string_view sort, std::string_view) {
                    if (partition != id || sort >= end) return false;
                    sorts.emplace_back(sort);
                    return sorts.size() < kRowsPerStep;
                });
        };
        collect(message_sort(0), message_sort(through + 1));
        collect(state_sort(0), state_sort(through + 1));
        for (const std::string& sort : sorts) txn.erase({store::Space::kMessages, id, sort});
        if (sorts.size() == kRowsPerStep) {
            next_id = id;
            next_through = through;
            next_from = sorts.back();
            return store::TxnDecision::kCommit;
        }
        next_id.clear();
        next_from.clear();
        txn.erase({store::Space::kQueues, kDoomedPartition, id});
        if (through == kWholeQueue) {
            txn.erase({store::Space::kQueues, kLowPartition, id});
            txn.erase({store::Space::kFifo, id, "last"});
            txn.erase_range(store::Space::kDeduplication, id, "", "");
            txn.erase_range(store::Space::kQueues, kMovesPartition, id,
                            id + std::string(8, '\xff'));
        }
        return store::TxnDecision::kCommit;
    });
    doomed_id_ = next_id;
    doomed_through_ = next_through;
    doomed_from_ = next_from;
    return found;
}

bool Sweeper::sweep_expired(TimePoint now) {
    bool more = false;
    for (const auto& live : service_.queues()) {
        const auto queue = live->definition();
        const int64_t expired_us = (epoch_ms(now) - int64_t{queue->retention_s} * 1000) * 1000;
        const auto oldest = live->index.oldest();
        // A sequence is the time of sending in microseconds, or a little later.
        if (!oldest || static_cast<int64_t>(*oldest) > expired_us) continue;
        std::vector<Sequence> expired =
            live->index.first_through(static_cast<Sequence>(expired_us), kRowsPerStep);
        more = more || expired.size() == kRowsPerStep;
        const store::RunResult result = store_.run([&](store::Txn& txn) {
            const QueueRef ref = service_.find(txn, {queue->region, queue->account, queue->name});
            if (!ref || ref.live != live) return store::TxnDecision::kRollback;
            for (const Sequence sequence : expired) erase_message(txn, ref, sequence);
            return store::TxnDecision::kCommit;
        });
        if (result.status == store::CommitStatus::kOk && queue->fifo)
            service_.hub().signal(sqs::wake_key(*queue));  // what came behind them in their groups
    }
    return more;
}

bool Sweeper::sweep_deduplication(TimePoint now) {
    if (now < deduplication_due_) return false;
    bool more = false;
    std::string partition;
    std::string from;
    store_.run([&](store::Txn& txn) {
        more = false;
        size_t seen = 0;
        std::vector<std::pair<std::string, std::string>> expired;
        txn.scan_space(
            store::Space::kDeduplication, deduplication_partition_, deduplication_from_, "",
            [&](std::string_view queue_id, std::string_view digest, std::string_view row) {
                if (seen == kRowsPerStep) {
                    partition = queue_id;
                    from = digest;
                    more = true;
                    return false;
                }
                seen += 1;
                if (deduplication_over(row, now)) expired.emplace_back(queue_id, digest);
                return true;
            });
        for (const auto& [queue_id, digest] : expired) {
            const store::KeyView key{store::Space::kDeduplication, queue_id, digest};
            // Again, within the conflict set: a send may have renewed it.
            const auto row = txn.get(key);
            if (row && deduplication_over(*row, now)) txn.erase(key);
        }
        return store::TxnDecision::kCommit;
    });
    if (!more) {
        partition.clear();
        from.clear();
        deduplication_due_ = now + kDeduplicationPause;
    }
    deduplication_partition_ = partition;
    deduplication_from_ = from;
    return more;
}

void Sweeper::note_low_marks(TimePoint now) {
    if (now < low_marks_due_) return;
    low_marks_due_ = now + kLowMarksPause;
    const auto settled = static_cast<Sequence>((now - kLowMarkAge).time_since_epoch().count());
    std::unordered_map<std::string, Sequence> marks;
    std::unordered_map<std::string, Sequence> seen;
    bool changed = false;
    for (const auto& live : service_.queues()) {
        const std::string& id = live->definition()->id;
        const auto written = low_marks_.find(id);
        const Sequence before = written == low_marks_.end() ? 0 : written->second;
        // Never above what was given when this was last looked at: whatever the clock does, what is
        // sent from now on, or was on its way then, has a greater sequence.
        const Sequence last = live->index.last_sequence();
        Sequence mark = std::min(settled, last_seen_[id]);
        if (const auto oldest = live->index.oldest()) mark = std::min(mark, *oldest - 1);
        seen[id] = last;
        const bool useful = mark > before;
        marks[id] = useful ? mark : before;
        changed = changed || useful;
    }
    last_seen_ = std::move(seen);
    if (!changed) return;
    store_.run([&](store::Txn& txn) {
        for (const auto& live : service_.queues()) {
            const auto queue = live->definition();
            const auto mark = marks.find(queue->id);
            if (mark == marks.end()) continue;
            const auto written = low_marks_.find(queue->id);
            if (written != low_marks_.end() && mark->second <= written->second) continue;
            // The queue's row joins the conflict set: none is left behind by a deleted queue.
            if (!service_.find(txn, {queue->region, queue->account, queue->name})) continue;
            std::string bytes;
            append_u64(bytes, mark->second);
            txn.put({store::Space::kQueues, kLowPartition, queue->id}, bytes);
        }
        return store::TxnDecision::kCommit;
    });
    low_marks_ = std::move(marks);
}

}  // namespace millrace::sqs
