// LaunchPad: keeps a launcher ready in control groups of its own, since entering them takes the
// kernel longer than all else of a start. Says in the log how functions are isolated and limited.
// Thread-safety: take() and give_back() from any thread; stop() once, when nothing that was taken
// is left: sandboxes end with the pad's thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "sandbox/cgroups.h"
#include "sandbox/launch.h"

namespace millrace::sandbox {

struct Place {
    size_t number = 0;                    // no two that are taken have the same
    std::unique_ptr<ControlGroup> group;  // null: there are none
    Prepared prepared;
};

class LaunchPad {
public:
    static constexpr size_t kReadyMax = 1;

    // `root`: of ControlGroups, for tests.
    explicit LaunchPad(std::string root = "");
    ~LaunchPad() { stop(); }
    // Waits until one is ready. An error says why none could be made, the control group included:
    // whether there are any is settled when the pad starts.
    Result<Place> take();
    // The sandbox has ended.
    void give_back(size_t number);
    void stop();

private:
    void run();
    void check();
    Result<Place> make(size_t number) const;

    ControlGroups groups_;
    Mutex mutex_;
    std::condition_variable changed_;
    bool stop_ MR_GUARDED_BY(mutex_) = false;
    size_t waiting_ MR_GUARDED_BY(mutex_) = 0;
    std::set<size_t> numbers_ MR_GUARDED_BY(mutex_);
    std::vector<Result<Place>> ready_ MR_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace millrace::sandbox
