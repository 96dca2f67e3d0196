// LaneThreads: one thread per lane. Thread-safety: safe from any thread; stop() once, by the owner.
// Ownership: the hub outlives it.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "contracts/lane_host.h"
#include "contracts/wake_hub.h"
#include "core/mutex.h"

namespace millrace::workers {

class LaneThreads final : public contracts::LaneHost {
public:
    explicit LaneThreads(contracts::WakeHub& hub) : hub_(hub) {}
    ~LaneThreads() override { stop(); }
    bool start(const std::string& name,
               std::function<void(const std::atomic<bool>& stop)> body) override;
    // Every lane ends soon and none starts any more; does not wait.
    void ask_to_stop();
    // Asks all to stop and returns when none runs.
    void stop();

private:
    struct Lane {
        std::atomic<bool> done{false};
        std::thread thread;
    };
    contracts::WakeHub& hub_;
    std::atomic<bool> stop_{false};
    Mutex mutex_;
    std::list<std::unique_ptr<Lane>> lanes_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::workers
