#include "store/durability_queue.h"

#include <algorithm>
#include <memory>

#include "core/one_shot.h"

namespace millrace::store {

DurabilityQueue::DurabilityQueue(Engine& engine, Ticket start,
                                 std::function<void(EngineStatus)> failed)
    : engine_(engine), failed_callback_(std::move(failed)), committed_(start), durable_(start) {
    if (!engine_.sync_is_free()) thread_ = std::thread([this] { run(); });
}

DurabilityQueue::~DurabilityQueue() { stop(); }

void DurabilityQueue::committed(Ticket ticket) {
    committed_.store(ticket, std::memory_order_seq_cst);
    if (engine_.sync_is_free()) {
        durable_.store(ticket, std::memory_order_release);
        return;
    }
    // Only the first commit after a quiet moment pays for waking the thread.
    if (idle_.load(std::memory_order_seq_cst)) {
        const MutexLock lock(mutex_);
        wake_.notify_one();
    }
}

void DurabilityQueue::when_durable(Ticket ticket, std::function<void(bool)> callback) {
    bool durable = ticket <= this->durable();
    if (!durable) {
        const MutexLock lock(mutex_);
        durable = ticket <= this->durable();
        if (!durable && !failed_ && !stopping_) {
            waiters_.push_back({ticket, std::move(callback)});
            return;
        }
    }
    callback(durable);
}

bool DurabilityQueue::wait(Ticket ticket) {
    if (ticket <= durable()) return true;
    const auto done = std::make_shared<OneShot<bool>>();
    when_durable(ticket, [done](bool durable) { done->give(durable); });
    return done->wait();
}

void DurabilityQueue::stop() {
    std::vector<Waiter> left;
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    {
        const MutexLock lock(mutex_);
        left.swap(waiters_);
    }
    for (const Waiter& waiter : left) waiter.callback(waiter.ticket <= durable());
}

void DurabilityQueue::run() {
    std::vector<Waiter> ready;
    for (;;) {
        {
            MutexLock lock(mutex_);
            for (;;) {
                idle_.store(true, std::memory_order_seq_cst);
                if (committed_.load(std::memory_order_seq_cst) > durable() || stopping_) break;
                lock.wait(wake_);
            }
            idle_.store(false, std::memory_order_seq_cst);
            if (stopping_ && committed_.load() <= durable()) return;
        }
        const Ticket ticket = committed_.load(std::memory_order_seq_cst);
        const EngineStatus status = engine_.sync();
        const bool ok = status == EngineStatus::kOk;
        if (ok) durable_.store(ticket, std::memory_order_release);
        {
            const MutexLock lock(mutex_);
            if (!ok) failed_ = true;
            const auto first_ready =
                std::partition(waiters_.begin(), waiters_.end(),
                               [&](const Waiter& w) { return ok && w.ticket > ticket; });
            ready.assign(std::make_move_iterator(first_ready),
                         std::make_move_iterator(waiters_.end()));
            waiters_.erase(first_ready, waiters_.end());
        }
        for (const Waiter& waiter : ready) waiter.callback(ok);
        ready.clear();
        if (!ok) {
            failed_callback_(status);
            return;
        }
    }
}

}  // namespace millrace::store
