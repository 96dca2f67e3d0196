// LaneThreads: one thread per lane. Thread-safety: safe from any thread; stop() once, by the owner.
#pragma once

#include <list>
#include <memory>
#include <thread>

#include "contracts/lane_host.h"
#include "core/mutex.h"

namespace millrace::workers {

class LaneThreads final : public contracts::LaneHost {
public:
    ~LaneThreads() override { stop(); }
    void start(const std::string& name,
               std::function<void(const std::atomic<bool>& stop)> body) override;
    void ask_to_stop(const std::string& prefix) override;
    bool running(const std::string& prefix) override;
    // Asks all to stop and returns when none runs.
    void stop();

private:
    struct Lane {
        std::string name;
        std::atomic<bool> stop{false};
        std::atomic<bool> done{false};
        std::thread thread;
    };
    void reap() MR_REQUIRES(mutex_);
    Mutex mutex_;
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    std::list<std::unique_ptr<Lane>> lanes_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::workers
