// WakeHub: how something that waits learns that something happened, without polling on a timer.
// A key names what is waited for ("sqs:<queue id>"). Signals are hints: a waiter looks again, and
// also looks at its deadline. Every key has an epoch, so that a signal between looking and waiting
// is not lost: read epoch(key) first, look, then wait with that epoch.
// Thread-safety: safe from any thread; callbacks run on the signalling thread and must be short.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"

namespace millrace::contracts {

class WakeHub {
public:
    using WaiterId = uint64_t;

    uint64_t epoch(std::string_view key);
    void signal(std::string_view key);
    // Calls back once at the next signal, or right away (and returns 0) if the epoch is no longer
    // `seen`.
    WaiterId wait(std::string_view key, uint64_t seen, std::function<void()> wake);
    // After it returned true the callback will not run. False: it ran or is running.
    bool cancel(std::string_view key, WaiterId id);

private:
    struct Entry {
        uint64_t epoch = 0;
        std::vector<std::pair<WaiterId, std::function<void()>>> waiters;
    };
    struct Shard {
        Mutex mutex;
        std::unordered_map<std::string, Entry> entries MR_GUARDED_BY(mutex);
        WaiterId next_id MR_GUARDED_BY(mutex) = 1;
        // Epochs of dropped entries continue here, so that a forgotten key never repeats one.
        uint64_t floor MR_GUARDED_BY(mutex) = 0;
    };
    Shard& shard_of(std::string_view key);
    std::array<Shard, 64> shards_;
};

}  // namespace millrace::contracts
