// OneShot: one value that one thread gives and another waits for. Thread-safety: give() once from
// any thread, wait() once from any other. Ownership: share it (shared_ptr) with whoever gives, who
// may still be unlocking when wait() returns.
#pragma once

#include <condition_variable>
#include <optional>
#include <utility>

#include "core/mutex.h"

namespace millrace {

template <class T>
class OneShot {
public:
    void give(T value) {
        const MutexLock lock(mutex_);
        value_ = std::move(value);
        given_.notify_one();
    }
    // Blocks until the value is there.
    T wait() {
        MutexLock lock(mutex_);
        while (!value_) lock.wait(given_);
        return *std::move(value_);
    }

private:
    Mutex mutex_;
    std::condition_variable given_;
    std::optional<T> value_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace
