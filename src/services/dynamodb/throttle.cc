#include "services/dynamodb/throttle.h"

#include <algorithm>

#include "services/dynamodb/capacity.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/table.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

constexpr double kBurstSeconds = 300;

// kIfCommitted: an attempt that does not commit, and may run again, costs nothing.
enum class Kept : uint8_t { kIfCommitted, kAlways };

Result<void> take(contracts::OpContext& context, const Table& table, const Index* index,
                  Capacity capacity, double units, Kept kept = Kept::kIfCommitted) {
    const Throughput& limits = index == nullptr ? table.throughput : index->throughput;
    const int64_t limit = capacity == Capacity::kRead ? limits.read_units : limits.write_units;
    if (limit <= 0) return {};
    const uint64_t resource = index == nullptr ? 0 : index->id;
    if (!table.statistics->throttle.take(resource, capacity, units, static_cast<double>(limit),
                                         table.on_demand ? 1 : kBurstSeconds, context.now())) {
        return errors::throttled(index == nullptr ? table.arn() : table.index_arn(*index),
                                 fmt::format("{}{}", index == nullptr ? "Table" : "Index",
                                             capacity == Capacity::kRead ? "Read" : "Write"),
                                 table.on_demand);
    }
    if (kept == Kept::kIfCommitted) {
        context.txn().on_abort([statistics = table.statistics, resource, capacity, units] {
            statistics->throttle.give_back(resource, capacity, units);
        });
    }
    return {};
}

}  // namespace

bool Throttle::take(uint64_t resource, Capacity capacity, double units, double units_per_second,
                    double burst_seconds, TimePoint now) {
    const MutexLock lock(mutex_);
    Bucket& bucket = buckets_[static_cast<size_t>(capacity)][resource];
    const double most = units_per_second * burst_seconds;
    if (bucket.units_per_second == 0) {
        bucket.units = most;
    } else if (now > bucket.filled) {
        bucket.units +=
            bucket.units_per_second * std::chrono::duration<double>(now - bucket.filled).count();
    }
    bucket.units = std::min(bucket.units, most);
    bucket.units_per_second = units_per_second;
    bucket.filled = std::max(bucket.filled, now);
    if (bucket.units <= 0) return false;
    bucket.units -= units;
    return true;
}

void Throttle::give_back(uint64_t resource, Capacity capacity, double units) {
    const MutexLock lock(mutex_);
    buckets_[static_cast<size_t>(capacity)][resource].units += units;
}

Result<void> take_read(contracts::OpContext& context, const Table& table, const Index* index,
                       double units) {
    // A local index uses the table's.
    return take(context, table, index != nullptr && index->global ? index : nullptr,
                Capacity::kRead, units);
}

Result<void> take_table_write(contracts::OpContext& context, const Table& table, double units) {
    return take(context, table, nullptr, Capacity::kWrite, units);
}

Result<void> take_failed_write(contracts::OpContext& context, const Table& table, double units) {
    return take(context, table, nullptr, Capacity::kWrite, units, Kept::kAlways);
}

Result<void> take_index_writes(contracts::OpContext& context, const Table& table,
                               const WriteCost& cost, double factor) {
    for (const auto& [name, units] : cost.index_units) {
        const Index* index = table.find_index(name);
        if (index == nullptr || units == 0) continue;
        MR_CHECK_OK(take(context, table, index->global ? index : nullptr, Capacity::kWrite,
                         units * factor));
    }
    return {};
}

Result<void> take_write(contracts::OpContext& context, const Table& table, const WriteCost& cost,
                        double factor) {
    MR_CHECK_OK(take_table_write(context, table, factor * write_units(cost.size_bytes)));
    return take_index_writes(context, table, cost, factor);
}

}  // namespace millrace::dynamodb
