#include "gateway/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::gateway {
namespace {

std::atomic<uint64_t> next_id{1};

void add(std::atomic<uint64_t>& counter, uint64_t n) {
    // Only its own thread writes it, so no read-modify-write instruction is needed.
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

constexpr std::array<std::string_view, 4> kStatusNames = {"ok", "client_error", "server_error",
                                                          "other"};

size_t status_index(int status) {
    if (status >= 200 && status < 400) return 0;
    if (status >= 400 && status < 500) return 1;
    if (status >= 500 && status < 600) return 2;
    return 3;
}

}  // namespace

Metrics::Metrics(std::vector<Label> labels)
    : id_(next_id.fetch_add(1)), labels_(std::move(labels)) {}
Metrics::~Metrics() = default;

Metrics::PerThread& Metrics::mine() {
    thread_local uint64_t cached_id = 0;
    thread_local PerThread* cached = nullptr;
    if (cached_id == id_) return *cached;
    auto made = std::make_unique<PerThread>();
    made->slots = std::make_unique<Slot[]>(labels_.size());
    cached = made.get();
    cached_id = id_;
    const MutexLock lock(mutex_);
    threads_.push_back(std::move(made));
    return *cached;
}

void Metrics::record(size_t slot, int status, std::chrono::nanoseconds duration) {
    if (slot >= labels_.size()) return;
    Slot& counters = mine().slots[slot];
    add(counters.by_status[status_index(status)], 1);
    const auto ns = static_cast<uint64_t>(std::max<int64_t>(duration.count(), 0));
    const auto bound = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), ns / 1000);
    add(counters.buckets[static_cast<size_t>(bound - kBoundsUs.begin())], 1);
    add(counters.total_ns, ns);
}

std::string Metrics::text() const {
    struct Sum {
        std::array<uint64_t, 4> by_status{};
        std::array<uint64_t, kBoundsUs.size() + 1> buckets{};
        uint64_t total_ns = 0;
        uint64_t count = 0;
    };
    std::vector<Sum> sums(labels_.size());
    {
        const MutexLock lock(mutex_);
        for (const auto& thread : threads_) {
            for (size_t i = 0; i < labels_.size(); ++i) {
                const Slot& slot = thread->slots[i];
                for (size_t s = 0; s < 4; ++s) {
                    sums[i].by_status[s] += slot.by_status[s].load(std::memory_order_relaxed);
                }
                for (size_t b = 0; b < slot.buckets.size(); ++b) {
                    sums[i].buckets[b] += slot.buckets[b].load(std::memory_order_relaxed);
                }
                sums[i].total_ns += slot.total_ns.load(std::memory_order_relaxed);
            }
        }
    }
    std::string out;
    const auto to = std::back_inserter(out);
    out +=
        "# HELP millrace_requests_total Requests answered.\n"
        "# TYPE millrace_requests_total counter\n";
    for (size_t i = 0; i < sums.size(); ++i) {
        for (size_t s = 0; s < 4; ++s) {
            sums[i].count += sums[i].by_status[s];
            if (sums[i].by_status[s] == 0) continue;
            fmt::format_to(
                to,
                "millrace_requests_total{{service=\"{}\",operation=\"{}\",status=\"{}\"}} "
                "{}\n",
                labels_[i].service, labels_[i].operation, kStatusNames[s], sums[i].by_status[s]);
        }
    }
    out +=
        "# HELP millrace_request_seconds Time from the request's head to its answer.\n"
        "# TYPE millrace_request_seconds histogram\n";
    for (size_t i = 0; i < sums.size(); ++i) {
        if (sums[i].count == 0) continue;
        uint64_t cumulative = 0;
        for (size_t b = 0; b < kBoundsUs.size(); ++b) {
            cumulative += sums[i].buckets[b];
            fmt::format_to(
                to,
                "millrace_request_seconds_bucket{{service=\"{}\",operation=\"{}\",le=\"{}\"}} {}\n",
                labels_[i].service, labels_[i].operation, static_cast<double>(kBoundsUs[b]) / 1e6,
                cumulative);
        }
        cumulative += sums[i].buckets.back();
        fmt::format_to(to,
                       "millrace_request_seconds_bucket{{service=\"{0}\",operation=\"{1}\","
                       "le=\"+Inf\"}} {2}\n"
                       "millrace_request_seconds_sum{{service=\"{0}\",operation=\"{1}\"}} {3}\n"
                       "millrace_request_seconds_count{{service=\"{0}\",operation=\"{1}\"}} {2}\n",
                       labels_[i].service, labels_[i].operation, cumulative,
                       static_cast<double>(sums[i].total_ns) / 1e9);
    }
    return out;
}

}  // namespace millrace::gateway
