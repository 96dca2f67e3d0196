// Metrics: what a node has done, in Prometheus' text form, under the names of DAX's CloudWatch
// metrics in snake case. Thread-safety: safe from any thread; counting is one relaxed addition.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <string>

#include "core/error.h"
#include "dax/cache/cache.h"
#include "dax/node/parts.h"
#include "dax/wire/methods.h"

namespace millrace::dax {

class Metrics {
public:
    // `method` must be one of kMethods.
    void count(const MethodInfo& method) { add(requests_[&method - kMethods]); }
    void count(const Error& error);
    // The exposition format, version 0.0.4.
    std::string text(const NodeOptions& options, const CacheCounters& items,
                     const CacheCounters& queries) const;

private:
    using Counter = std::atomic<uint64_t>;
    static void add(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }
    std::array<Counter, std::size(kMethods)> requests_{};
    Counter errors_{0};  // of the client, throttling among them
    Counter faults_{0};
    Counter throttled_{0};
};

}  // namespace millrace::dax
