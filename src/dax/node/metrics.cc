#include "dax/node/metrics.h"

#include <fmt/format.h>

namespace millrace::dax {
namespace {

// As kMethods: what each is counted as.
constexpr std::string_view kRequestNames[] = {"",
                                              "",
                                              "",
                                              "",
                                              "",
                                              "get_item",
                                              "put_item",
                                              "update_item",
                                              "delete_item",
                                              "query",
                                              "scan",
                                              "batch_get_item",
                                              "batch_write_item",
                                              "transact_get_items",
                                              "transact_write_items"};
static_assert(std::size(kRequestNames) == std::size(kMethods));

}  // namespace

void Metrics::count(const Error& error) {
    add(error.http_status >= 500 ? faults_ : errors_);
    if (error.code == "ThrottlingException" || error.code == "RequestLimitExceeded" ||
        error.code == "ProvisionedThroughputExceededException") {
        add(throttled_);
    }
}

std::string exposition(const std::vector<NodeFigures>& nodes) {
    std::string out;
    if (nodes.empty()) return out;
    for (size_t i = 0; i < nodes.front().figures.size(); ++i) {
        const Figure& first = nodes.front().figures[i];
        fmt::format_to(std::back_inserter(out), "# TYPE millrace_dax_{} {}\n", first.name,
                       first.kind);
        for (const NodeFigures& node : nodes) {
            fmt::format_to(std::back_inserter(out), "millrace_dax_{}{} {}\n", first.name,
                           node.labels, node.figures[i].value);
        }
    }
    return out;
}

NodeFigures Metrics::figures(const NodeOptions& options, const CacheCounters& items,
                             const CacheCounters& queries) const {
    NodeFigures all;
    all.labels = fmt::format("{{account=\"{}\",region=\"{}\",cluster=\"{}\",node=\"{}\"}}",
                             options.account, options.region, options.cluster, options.node_name);
    const auto total = [&](std::string_view name, uint64_t value) {
        all.figures.push_back({fmt::format("{}_total", name), "counter", value});
    };
    total("item_cache_hits", items.hits);
    total("item_cache_misses", items.misses);
    // One cache for both, so queries and scans are counted together.
    total("query_cache_hits", queries.hits);
    total("query_cache_misses", queries.misses);
    total("evicted_entries", items.evicted + queries.evicted);
    all.figures.push_back({"item_cache_bytes", "gauge", items.bytes});
    all.figures.push_back({"query_cache_bytes", "gauge", queries.bytes});
    for (size_t i = 0; i < std::size(kMethods); ++i) {
        if (kRequestNames[i].empty()) continue;
        total(fmt::format("{}_request_count", kRequestNames[i]),
              requests_[i].load(std::memory_order_relaxed));
    }
    total("error_request_count", errors_.load(std::memory_order_relaxed));
    total("fault_request_count", faults_.load(std::memory_order_relaxed));
    total("throttled_request_count", throttled_.load(std::memory_order_relaxed));
    return all;
}

}  // namespace millrace::dax
