// Sweeper: deletes, in small transactions, the rows of queues that were deleted or purged, and
// messages older than their queue's retention. Thread-safety: one thread at a time.
#pragma once

#include <string>

#include "contracts/worker.h"
#include "services/sqs/service.h"

namespace millrace::sqs {

class Sweeper final : public contracts::Worker {
public:
    Sweeper(SqsService& service, store::Store& store) : service_(service), store_(store) {}
    std::string name() const override { return "sqs-sweeper"; }
    TimePoint step(TimePoint now) override;

private:
    bool sweep_doomed();
    bool sweep_expired(TimePoint now);

    SqsService& service_;
    store::Store& store_;
};

}  // namespace millrace::sqs
