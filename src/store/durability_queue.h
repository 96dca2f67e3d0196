// DurabilityQueue: makes commits durable in groups and tells those who wait. One thread syncs the
// engine over and over while there is something to sync; everything committed before a sync starts
// becomes durable with it, however many transactions that is.
// Thread-safety: safe from any thread; stop() once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "store/engine.h"
#include "store/store.h"

namespace millrace::store {

class DurabilityQueue {
public:
    // `failed` is called once, from the sync thread, when a sync fails; nothing later is ever
    // durable.
    DurabilityQueue(Engine& engine, Ticket start, std::function<void(EngineStatus)> failed);
    ~DurabilityQueue();

    void committed(Ticket ticket);
    Ticket durable() const { return durable_.load(std::memory_order_acquire); }
    void when_durable(Ticket ticket, std::function<void(bool)> callback);
    bool wait(Ticket ticket);
    // Syncs what is left, then ends the thread. Callbacks that wait for more get false.
    void stop();

private:
    struct Waiter {
        Ticket ticket;
        std::function<void(bool)> callback;
    };
    void run();

    Engine& engine_;
    std::function<void(EngineStatus)> failed_callback_;
    std::atomic<Ticket> committed_;
    std::atomic<Ticket> durable_;
    std::atomic<bool> idle_{false};
    Mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    bool failed_ MR_GUARDED_BY(mutex_) = false;
    std::vector<Waiter> waiters_ MR_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace millrace::store
