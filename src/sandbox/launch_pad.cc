#include "sandbox/launch_pad.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/log.h"

namespace millrace::sandbox {

namespace {

constexpr GroupLimits kCheckLimits{256 << 20, 64, 128};

Error no_group(const char* what) {
    return Error{.code = "SandboxFailure",
                 .http_status = 500,
                 .message = fmt::format("the function's control group {}", what)};
}

}  // namespace

LaunchPad::LaunchPad(std::string root) : groups_(std::move(root)), thread_([this] { run(); }) {}

void LaunchPad::check() {
    const auto once = [this]() -> Result<void> {
        const auto group = groups_.make("check");
        if (groups_.limits_memory() && (!group || !group->limit(kCheckLimits)))
            return no_group("cannot be limited");
        return check_isolation(group ? group->entrances() : std::vector<std::string>());
    };
    Result<void> isolation = once();
    if (!isolation && groups_.limits_memory()) {
        groups_.give_up();
        isolation = once();
    }
    if (!isolation) {
        log::warn("functions cannot run on this machine: {}", isolation.error().message);
        return;
    }
    log::info("functions: {}; limits by {}",
              ::geteuid() == 0 ? "each as a user of its own" : "in user namespaces of this user",
              groups_.limits_memory() ? groups_.describe()
                                      : "looking ten times a second (there are no usable control "
                                        "groups), processor time is not shared out");
}

Result<Place> LaunchPad::make(size_t number) const {
    Place place;
    place.number = number;
    place.group = groups_.make(fmt::format("function-{}", number));
    if (groups_.limits_memory() && !place.group) return no_group("cannot be made");
    MR_TRY(place.prepared,
           prepare(place.group ? place.group->entrances() : std::vector<std::string>()));
    return place;
}

void LaunchPad::run() {
    check();
    bool failed = false;
    for (;;) {
        size_t number = 0;
        {
            MutexLock lock(mutex_);
            // After a failure none is made in advance: whoever waits next tries anew.
            while (!stop_ && ready_.size() >= (failed ? 0 : kReadyMax) + waiting_)
                lock.wait(changed_);
            if (stop_) return;
            while (numbers_.contains(number)) ++number;
            numbers_.insert(number);
        }
        Result<Place> made = make(number);
        failed = !made;
        const MutexLock lock(mutex_);
        if (failed) numbers_.erase(number);
        if (failed && ready_.size() >= waiting_) continue;
        ready_.push_back(std::move(made));
        changed_.notify_all();
    }
}

Result<Place> LaunchPad::take() {
    MutexLock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    while (ready_.empty() && !stop_) lock.wait(changed_);
    --waiting_;
    if (ready_.empty()) {
        return Error{
            .code = "SandboxFailure", .http_status = 500, .message = "the server is stopping"};
    }
    Result<Place> place = std::move(ready_.front());
    ready_.erase(ready_.begin());
    changed_.notify_all();
    return place;
}

void LaunchPad::give_back(size_t number) {
    const MutexLock lock(mutex_);
    numbers_.erase(number);
}

void LaunchPad::stop() {
    {
        const MutexLock lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    if (!thread_.joinable()) return;
    thread_.join();
    const MutexLock lock(mutex_);
    for (Result<Place>& place : ready_) {
        if (place) abandon(std::move(place->prepared));
    }
    ready_.clear();
}

}  // namespace millrace::sandbox
