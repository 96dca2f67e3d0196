// LaneHost: threads for work that waits, such as event source mappings that wait for an invocation.
// Implemented by workers. Thread-safety: safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace millrace::contracts {

class LaneHost {
public:
    virtual ~LaneHost() = default;
    // Runs `body` on a thread of its own until it returns; it must return soon after `stop` is
    // true.
    virtual void start(const std::string& name,
                       std::function<void(const std::atomic<bool>& stop)> body) = 0;
    // Asks every lane whose name begins so to stop; does not wait.
    virtual void ask_to_stop(const std::string& prefix) = 0;
    // True while a lane whose name begins so runs.
    virtual bool running(const std::string& prefix) = 0;
};

}  // namespace millrace::contracts
