#include "workers/worker_host.h"

#include <algorithm>
#include <exception>

#include "core/log.h"

namespace millrace::workers {

void WorkerHost::add(std::unique_ptr<contracts::Worker> worker) {
    schedule_->slots.emplace_back().worker = std::move(worker);
}

void WorkerHost::start(size_t threads) {
    for (size_t i = 0; i < schedule_->slots.size(); ++i) watch(i);
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void WorkerHost::stop() {
    {
        const MutexLock lock(schedule_->mutex);
        schedule_->stopping = true;
        schedule_->changed.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    for (Slot& slot : schedule_->slots) {
        if (slot.worker && slot.waiter != 0) hub_.cancel(slot.worker->wake_key(), slot.waiter);
        slot.worker.reset();
    }
}

// Each signal is used up by its waiter, so a new one is set at once.
void WorkerHost::watch(size_t index) {
    const std::string key = schedule_->slots[index].worker->wake_key();
    if (key.empty()) return;
    const auto id = hub_.wait(key, hub_.epoch(key), [schedule = schedule_, index] {
        const MutexLock lock(schedule->mutex);
        schedule->slots[index].due = TimePoint{};
        schedule->slots[index].woken = true;
        schedule->changed.notify_one();
    });
    const MutexLock lock(schedule_->mutex);
    schedule_->slots[index].waiter = id;
}

void WorkerHost::run() {
    MutexLock lock(schedule_->mutex);
    for (;;) {
        if (schedule_->stopping) return;
        size_t next = schedule_->slots.size();
        for (size_t i = 0; i < schedule_->slots.size(); ++i) {
            const Slot& slot = schedule_->slots[i];
            if (!slot.running &&
                (next == schedule_->slots.size() || slot.due < schedule_->slots[next].due)) {
                next = i;
            }
        }
        const TimePoint now = clock_.now();
        if (next == schedule_->slots.size() || schedule_->slots[next].due > now) {
            // Bounded, so that a clock that is moved by hand is seen too.
            const Duration pause = next == schedule_->slots.size()
                                       ? Duration(std::chrono::seconds(1))
                                       : schedule_->slots[next].due - now;
            lock.wait_for(schedule_->changed, std::min<Duration>(pause, std::chrono::seconds(1)));
            continue;
        }
        Slot& slot = schedule_->slots[next];
        slot.running = true;
        const bool rearm = slot.woken;
        slot.woken = false;
        schedule_->mutex.native().unlock();
        if (rearm) watch(next);
        TimePoint due;
        try {
            due = slot.worker->step(now);
        } catch (const std::exception& error) {
            log::error("worker {} failed and is tried again in {} s: {}", slot.worker->name(),
                       kBackOff.count(), error.what());
            due = now + kBackOff;
        }
        schedule_->mutex.native().lock();
        slot.running = false;
        if (!slot.woken) slot.due = due;
        schedule_->changed.notify_one();
    }
}

}  // namespace millrace::workers
