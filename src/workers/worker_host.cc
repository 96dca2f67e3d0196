#include "workers/worker_host.h"

#include <algorithm>
#include <exception>

#include "core/log.h"

namespace millrace::workers {

void WorkerHost::add(std::unique_ptr<contracts::Worker> worker) {
    slots_.emplace_back().worker = std::move(worker);
}

void WorkerHost::start(size_t threads) {
    for (Slot& slot : slots_) watch(slot);
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void WorkerHost::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

// Each signal is used up by its waiter, so a new one is set at once. The hub outlives the host.
void WorkerHost::watch(Slot& slot) {
    const std::string key = slot.worker->wake_key();
    if (key.empty()) return;
    hub_.wait(key, hub_.epoch(key), [this, &slot] {
        const MutexLock lock(mutex_);
        slot.due = TimePoint{};
        slot.woken = true;
        changed_.notify_one();
    });
}

void WorkerHost::run() {
    MutexLock lock(mutex_);
    for (;;) {
        if (stopping_) return;
        Slot* next = nullptr;
        for (Slot& slot : slots_) {
            if (!slot.running && (next == nullptr || slot.due < next->due)) next = &slot;
        }
        const TimePoint now = clock_.now();
        if (next == nullptr || next->due > now) {
            // Bounded, so that a clock that is moved by hand is seen too.
            const Duration pause =
                next == nullptr ? Duration(std::chrono::seconds(1)) : next->due - now;
            lock.wait_for(changed_, std::min<Duration>(pause, std::chrono::seconds(1)));
            continue;
        }
        next->running = true;
        const bool rearm = next->woken;
        next->woken = false;
        mutex_.native().unlock();
        if (rearm) watch(*next);
        TimePoint due;
        try {
            due = next->worker->step(now);
        } catch (const std::exception& error) {
            log::error("worker {} failed and is tried again in {} s: {}", next->worker->name(),
                       kBackOff.count(), error.what());
            due = now + kBackOff;
        }
        mutex_.native().lock();
        next->running = false;
        if (!next->woken) next->due = due;
        changed_.notify_one();
    }
}

}  // namespace millrace::workers
