// ThreadPool: runs blocking or long work (scans, blob I/O, hashing of large bodies) off the io
// threads. The queue is bounded; a full queue refuses, and the caller answers with throttling.
// Thread-safety: safe from any thread. stop() runs what is queued and returns when nothing runs.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace millrace::net {

class ThreadPool {
public:
    static constexpr size_t kQueueMax = 1024;

    explicit ThreadPool(size_t threads, size_t queue_max = kQueueMax);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // False: the queue is full or the pool stopped; the job was not taken.
    [[nodiscard]] bool submit(std::function<void()> job);
    // The same for the next part of work already begun, which must not be refused for want of room.
    [[nodiscard]] bool submit_continuation(std::function<void()> job);
    void stop();

private:
    bool enqueue(std::function<void()> job, size_t queue_max);
    void run();
    const size_t queue_max_;
    Mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_ MR_GUARDED_BY(mutex_);
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace millrace::net
