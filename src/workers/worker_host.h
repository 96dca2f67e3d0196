// WorkerHost: runs the services' background workers, each when it is due or when its key is
// signalled, never two steps of one worker at a time.
// Thread-safety: add() before start(); start and stop by one owner thread. Ownership: owns the
// workers.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "core/mutex.h"
#include "core/time.h"

namespace millrace::workers {

class WorkerHost {
public:
    // A worker whose step throws waits so long before its next.
    static constexpr std::chrono::seconds kBackOff{5};

    WorkerHost(const Clock& clock, contracts::WakeHub& hub) : clock_(clock), hub_(hub) {}
    ~WorkerHost() { stop(); }

    void add(std::unique_ptr<contracts::Worker> worker);
    void start(size_t threads);
    // Returns when no step runs any more. Steps are short; none is cut off.
    void stop();

private:
    struct Slot {
        std::unique_ptr<contracts::Worker> worker;
        TimePoint due{};
        bool running = false;
        bool woken = false;  // signalled while it ran
    };
    void run();
    void watch(Slot& slot);

    const Clock& clock_;
    contracts::WakeHub& hub_;
    Mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    std::deque<Slot> slots_;  // their members are guarded by mutex_, but for `worker`
    std::vector<std::thread> threads_;
};

}  // namespace millrace::workers
