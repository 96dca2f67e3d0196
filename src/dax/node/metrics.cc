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

std::string Metrics::text(const NodeOptions& options, const CacheCounters& items,
                          const CacheCounters& queries) const {
    std::string out;
    const std::string labels =
        fmt::format("{{cluster=\"{}\",node=\"{}\"}}", options.cluster, options.node_name);
    const auto write = [&](std::string_view name, std::string_view kind, uint64_t value) {
        fmt::format_to(std::back_inserter(out),
                       "# TYPE millrace_dax_{0} {1}\nmillrace_dax_{0}{2} {3}\n", name, kind, labels,
                       value);
    };
    const auto total = [&](std::string_view name, uint64_t value) {
        write(fmt::format("{}_total", name), "counter", value);
    };
    total("item_cache_hits", items.hits);
    total("item_cache_misses", items.misses);
    // One cache for both, so queries and scans are counted together.
    total("query_cache_hits", queries.hits);
    total("query_cache_misses", queries.misses);
    total("evicted_entries", items.evicted + queries.evicted);
    write("item_cache_bytes", "gauge", items.bytes);
    write("query_cache_bytes", "gauge", queries.bytes);
    for (size_t i = 0; i < std::size(kMethods); ++i) {
        if (kRequestNames[i].empty()) continue;
        total(fmt::format("{}_request_count", kRequestNames[i]),
              requests_[i].load(std::memory_order_relaxed));
    }
    total("error_request_count", errors_.load(std::memory_order_relaxed));
    total("fault_request_count", faults_.load(std::memory_order_relaxed));
    total("throttled_request_count", throttled_.load(std::memory_order_relaxed));
    return out;
}

}  // namespace millrace::dax
