// Mutex and MutexLock with clang's thread-safety annotations: what a mutex guards is checked when
// compiling. Lock order: core/lock_order.h.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MR_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define MR_THREAD_ANNOTATION(x)
#endif
#define MR_GUARDED_BY(x) MR_THREAD_ANNOTATION(guarded_by(x))
#define MR_REQUIRES(...) MR_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define MR_EXCLUDES(...) MR_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define MR_NO_THREAD_SAFETY_ANALYSIS MR_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace millrace {

class MR_THREAD_ANNOTATION(capability("mutex")) Mutex {
public:
    void lock() MR_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
    void unlock() MR_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
    bool try_lock() MR_THREAD_ANNOTATION(try_acquire_capability(true)) { return mutex_.try_lock(); }
    std::mutex& native() { return mutex_; }

private:
    std::mutex mutex_;
};

class MR_THREAD_ANNOTATION(scoped_lockable) MutexLock {
public:
    explicit MutexLock(Mutex& mutex) MR_THREAD_ANNOTATION(acquire_capability(mutex))
        : lock_(mutex.native()) {}
    ~MutexLock() MR_THREAD_ANNOTATION(release_capability()) {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;
    // For waiting on a condition variable; the mutex is held again when wait returns.
    void wait(std::condition_variable& condition) { condition.wait(lock_); }
    template <class Rep, class Period>
    std::cv_status wait_for(std::condition_variable& condition,
                            std::chrono::duration<Rep, Period> d) {
        return condition.wait_for(lock_, d);
    }

private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace millrace
