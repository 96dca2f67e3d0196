// Metrics: what a node has done, in Prometheus' text form, under the names of DAX's CloudWatch
// metrics in snake case. Thread-safety: safe from any thread; counting is one relaxed addition.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "dax/cache/cache.h"
#include "dax/node/parts.h"
#include "dax/wire/methods.h"

namespace millrace::dax {

struct Figure {
    std::string name;  // without the prefix
    std::string_view kind;
    uint64_t value = 0;
};
struct NodeFigures {
    std::string labels;  // {account="...",region="...",cluster="...",node="..."}
    std::vector<Figure> figures;
};
// All nodes' figures in the exposition format, version 0.0.4: each kind of figure once, with a line
// for every node. Every node must have the same figures.
std::string exposition(const std::vector<NodeFigures>& nodes);

class Metrics {
public:
    // `method` must be one of kMethods.
    void count(const MethodInfo& method) { add(requests_[&method - kMethods]); }
    void count(const Error& error);
    NodeFigures figures(const NodeOptions& options, const CacheCounters& items,
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
