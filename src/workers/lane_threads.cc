#include "workers/lane_threads.h"

#include <exception>

#include "core/log.h"

namespace millrace::workers {

void LaneThreads::start(const std::string& name,
                        std::function<void(const std::atomic<bool>& stop)> body) {
    const MutexLock lock(mutex_);
    reap();
    if (stopping_) return;
    auto lane = std::make_unique<Lane>();
    lane->name = name;
    Lane* raw = lane.get();
    lane->thread = std::thread([raw, body = std::move(body)] {
        try {
            body(raw->stop);
        } catch (const std::exception& error) {
            log::error("{} ended: {}", raw->name, error.what());
        }
        raw->done = true;
    });
    lanes_.push_back(std::move(lane));
}

void LaneThreads::reap() {
    lanes_.remove_if([](const std::unique_ptr<Lane>& lane) {
        if (!lane->done) return false;
        lane->thread.join();
        return true;
    });
}

void LaneThreads::ask_to_stop(const std::string& prefix) {
    const MutexLock lock(mutex_);
    for (const auto& lane : lanes_) {
        if (lane->name.starts_with(prefix)) lane->stop = true;
    }
}

bool LaneThreads::running(const std::string& prefix) {
    const MutexLock lock(mutex_);
    reap();
    for (const auto& lane : lanes_) {
        if (lane->name.starts_with(prefix)) return true;
    }
    return false;
}

void LaneThreads::stop() {
    std::list<std::unique_ptr<Lane>> lanes;
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        lanes.swap(lanes_);
    }
    for (const auto& lane : lanes) lane->stop = true;
    for (const auto& lane : lanes) lane->thread.join();
}

}  // namespace millrace::workers
