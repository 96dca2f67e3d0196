// WorkerHost: runs the services' background workers, each when it is due or when its key is
// signalled, never two steps of one worker at a time.
// Thread-safety: add() before start(); start and stop by one owner thread. Ownership: owns the
// workers; the hub and the clock outlive it. What the hub calls back into is shared with the hub's
// waiters, so a signal during or after stop() finds it alive.
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
    // Returns when no step runs any more and no waiter of the hub is left. Steps are short; none
    // is cut off.
    void stop();

private:
    struct Slot {
        std::unique_ptr<contracts::Worker> worker;
        TimePoint due{};
        bool running = false;
        bool woken = false;  // signalled while it ran
        contracts::WakeHub::WaiterId waiter = 0;
    };
    struct Schedule {
        Mutex mutex;
        std::condition_variable changed;
        bool stopping MR_GUARDED_BY(mutex) = false;
        std::deque<Slot> slots;  // their members are guarded by mutex, but for `worker`
    };
    void run();
    void watch(size_t index);

    const Clock& clock_;
    contracts::WakeHub& hub_;
    const std::shared_ptr<Schedule> schedule_ = std::make_shared<Schedule>();
    std::vector<std::thread> threads_;
};

}  // namespace millrace::workers
