// Sweeper: deletes, in small transactions, the rows of queues that were deleted or purged, messages
// older than their queue's retention, and deduplication rows past their time; runs message move
// tasks. Thread-safety: one thread at a time.
#pragma once

#include <string>
#include <unordered_map>

#include "contracts/worker.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/service.h"

namespace millrace::sqs {

class Sweeper final : public contracts::Worker {
public:
    explicit Sweeper(SqsService& service)
        : service_(service), store_(service.store()), moves_(service) {}
    std::string name() const override { return "sqs/sweeper"; }
    std::string wake_key() const override { return std::string(kMoveWakeKey); }
    TimePoint step(TimePoint now) override;

private:
    // Each does a bounded piece; true when there is more to do at once.
    bool sweep_doomed();
    bool sweep_expired(TimePoint now);
    bool sweep_deduplication(TimePoint now);
    void note_low_marks(TimePoint now);

    SqsService& service_;
    store::Store& store_;
    MoveRunner moves_;
    // Where the last step ended, so that no step scans over what an earlier one deleted.
    std::string doomed_id_;
    Sequence doomed_through_ = 0;  // a later purge raises it: then from the start again
    std::string doomed_from_;
    std::string deduplication_partition_;
    std::string deduplication_from_;
    TimePoint deduplication_due_{};
    TimePoint low_marks_due_{};
    // By queue id: the marks as written, and the sequences last given when they were.
    std::unordered_map<std::string, Sequence> low_marks_;
    std::unordered_map<std::string, Sequence> last_seen_;
};

}  // namespace millrace::sqs
