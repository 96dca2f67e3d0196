// Metrics: counters and latency histograms per operation, kept per thread and summed when somebody
// asks, in Prometheus' text form. Names: millrace_requests_total, millrace_request_seconds, ...
// Thread-safety: record() is safe from any thread; text() too. Recording costs a few nanoseconds.
// Ownership: owns every thread's counters; a Metrics must outlive the threads that record into it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"

namespace millrace::gateway {

class Metrics {
public:
    // Upper bounds of the histogram, microseconds.
    static constexpr std::array<uint64_t, 14> kBoundsUs = {
        50,     100,    250,     500,     1'000,     2'500,     5'000,
        10'000, 25'000, 100'000, 500'000, 1'000'000, 5'000'000, 20'000'000};

    struct Label {
        std::string service;
        std::string operation;
    };
    // One slot per label; `slots` is fixed for good.
    explicit Metrics(std::vector<Label> labels);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void record(size_t slot, int status, std::chrono::nanoseconds duration);
    // The exposition format, version 0.0.4; slots never used are left out.
    std::string text() const;

private:
    struct Slot {
        std::array<std::atomic<uint64_t>, 4> by_status{};  // 2xx and 3xx, 4xx, 5xx, other
        std::array<std::atomic<uint64_t>, kBoundsUs.size() + 1> buckets{};
        std::atomic<uint64_t> total_ns{0};
    };
    struct PerThread {
        std::unique_ptr<Slot[]> slots;
    };
    PerThread& mine();
    const uint64_t id_;  // tells instances apart in the threads' caches
    const std::vector<Label> labels_;
    mutable Mutex mutex_;
    std::vector<std::unique_ptr<PerThread>> threads_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::gateway
