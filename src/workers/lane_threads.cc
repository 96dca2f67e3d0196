#include "workers/lane_threads.h"

#include <exception>
#include <system_error>

#include "core/log.h"

namespace millrace::workers {

bool LaneThreads::start(const std::string& name,
                        std::function<void(const std::atomic<bool>& stop)> body) {
    const MutexLock lock(mutex_);
    lanes_.remove_if([](const std::unique_ptr<Lane>& lane) {
        if (!lane->done) return false;
        lane->thread.join();
        return true;
    });
    if (stop_) return false;
    auto lane = std::make_unique<Lane>();
    auto work = [this, raw = lane.get(), name, body = std::move(body)] {
        try {
            body(stop_);
        } catch (const std::exception& error) {
            log::error("{} ended: {}", name, error.what());
        }
        raw->done = true;
    };
    try {
        lane->thread = std::thread(std::move(work));
    } catch (const std::system_error& error) {
        log::warn("{}: there can be no more threads: {}", name, error.what());
        return false;
    }
    lanes_.push_back(std::move(lane));
    return true;
}

void LaneThreads::ask_to_stop() {
    stop_ = true;
    hub_.signal(contracts::kLanesStopKey);
}

void LaneThreads::stop() {
    ask_to_stop();
    std::list<std::unique_ptr<Lane>> lanes;
    {
        const MutexLock lock(mutex_);
        lanes.swap(lanes_);
    }
    for (const auto& lane : lanes) lane->thread.join();
}

}  // namespace millrace::workers
