#include "services/sqs/sweeper.h"

#include "core/bytes.h"
#include "services/sqs/delivery.h"

namespace millrace::sqs {
namespace {

constexpr size_t kRowsPerStep = 500;
constexpr auto kQuietPause = std::chrono::seconds(10);

}  // namespace

TimePoint Sweeper::step(TimePoint now) {
    const bool more = sweep_doomed() || sweep_expired(now);
    return more ? now : now + kQuietPause;
}

bool Sweeper::sweep_doomed() {
    bool found = false;
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
        const auto collect = [&](std::string_view sort, std::string_view) {
            sorts.emplace_back(sort);
            return sorts.size() < kRowsPerStep;
        };
        txn.scan({store::Space::kMessages, id, message_sort(0), message_sort(through + 1)},
                 collect);
        if (sorts.size() < kRowsPerStep) {
            txn.scan({store::Space::kMessages, id, state_sort(0), state_sort(through + 1)},
                     collect);
        }
        for (const std::string& sort : sorts) txn.erase({store::Space::kMessages, id, sort});
        if (sorts.size() < kRowsPerStep) {
            txn.erase({store::Space::kQueues, kDoomedPartition, id});
            const bool whole_queue = through == ~Sequence{0} - 1;
            if (whole_queue) {
                txn.erase({store::Space::kFifo, id, "last"});
                txn.erase_range(store::Space::kDeduplication, id, "", "");
            }
        }
        return store::TxnDecision::kCommit;
    });
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
        store_.run([&](store::Txn& txn) {
            const QueueRef ref = service_.find(txn, {queue->region, queue->account, queue->name});
            if (!ref || ref.live != live) return store::TxnDecision::kRollback;
            for (const Sequence sequence : expired) erase_message(txn, ref, sequence);
            return store::TxnDecision::kCommit;
        });
    }
    return more;
}

}  // namespace millrace::sqs
