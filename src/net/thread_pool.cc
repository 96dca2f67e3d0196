#include "net/thread_pool.h"

#include <cstdint>
#include <utility>

namespace millrace::net {

ThreadPool::ThreadPool(size_t threads, size_t queue_max) : queue_max_(queue_max) {
    threads_.reserve(threads);
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ThreadPool::~ThreadPool() { stop(); }

bool ThreadPool::submit(std::function<void()> job) { return enqueue(std::move(job), queue_max_); }

bool ThreadPool::submit_continuation(std::function<void()> job) {
    // Bounded by the number of requests in flight, each of which has one continuation at a time.
    return enqueue(std::move(job), SIZE_MAX);
}

bool ThreadPool::enqueue(std::function<void()> job, size_t queue_max) {
    {
        const MutexLock lock(mutex_);
        if (stopping_ || jobs_.size() >= queue_max) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void ThreadPool::run() {
    for (;;) {
        std::function<void()> job;
        {
            MutexLock lock(mutex_);
            while (jobs_.empty() && !stopping_) lock.wait(wake_);
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

void ThreadPool::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

}  // namespace millrace::net
