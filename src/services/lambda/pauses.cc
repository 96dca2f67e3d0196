#include "services/lambda/pauses.h"

#include <condition_variable>
#include <memory>

#include "core/mutex.h"

namespace millrace::lambda {

void HubPauses::wait(const WatchedKeys& keys, TimePoint until) {
    struct Signal {
        Mutex mutex;
        std::condition_variable condition;
        bool woken MR_GUARDED_BY(mutex) = false;
    };
    const auto signal = std::make_shared<Signal>();
    std::vector<contracts::WakeHub::WaiterId> ids;
    for (const auto& [key, epoch] : keys) {
        ids.push_back(hub_.wait(key, epoch, [signal] {
            const MutexLock lock(signal->mutex);
            signal->woken = true;
            signal->condition.notify_one();
        }));
    }
    {
        MutexLock lock(signal->mutex);
        while (!signal->woken) {
            const Duration left = until - clock_.now();
            if (left <= Duration::zero()) break;
            lock.wait_for(signal->condition, left);
        }
    }
    for (size_t i = 0; i < keys.size(); ++i) {
        if (ids[i] != 0) hub_.cancel(keys[i].first, ids[i]);
    }
}

}  // namespace millrace::lambda
