// LaneHost: threads for work that waits, such as event source mappings that wait for an invocation.
// Implemented by workers. Thread-safety: safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace millrace::contracts {

// WakeHub key signalled when the lanes are asked to stop: whoever waits in a lane waits for it too.
inline constexpr std::string_view kLanesStopKey = "lanes/stop";

class LaneHost {
public:
    virtual ~LaneHost() = default;
    // Runs `body` on a thread of its own until it returns; it must return soon after `stop` is
    // true. Joins lanes that have ended: never under a lock that a lane may want. False: it was
    // not started, because the host was asked to stop or there can be no more threads.
    virtual bool start(const std::string& name,
                       std::function<void(const std::atomic<bool>& stop)> body) = 0;
};

}  // namespace millrace::contracts
