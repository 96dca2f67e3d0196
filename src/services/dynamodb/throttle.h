// Throttle: what a table and its global indexes may use of their own provisioned throughput, or of
// OnDemandThroughput's maximum. One per table and process, in memory: a restart forgets the use.
//
// What is left unused of the last 300 seconds may be used at once (burst capacity); a maximum of an
// on-demand table has one second's burst. A request is let in while anything is left, whatever it
// costs, and what it costs beyond that is paid back before the next one.
// Thread-safety: safe from any thread. Cost: nothing for on-demand tables without a maximum.
// Source: DynamoDB Developer Guide, "Burst and adaptive capacity", "Maximum throughput for
// on-demand tables".
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "contracts/operation.h"
#include "core/mutex.h"
#include "core/result.h"

namespace millrace::dynamodb {

struct Index;
struct Table;
struct WriteCost;

enum class Capacity : uint8_t { kRead, kWrite };

class Throttle {
public:
    // False: nothing is left. `resource`: an index's id; 0: the table.
    bool take(uint64_t resource, Capacity capacity, double units, double units_per_second,
              double burst_seconds, TimePoint now);
    void give_back(uint64_t resource, Capacity capacity, double units);

private:
    struct Bucket {
        double units = 0;
        double units_per_second = 0;  // zero: new
        TimePoint filled{};
    };
    Mutex mutex_;
    std::unordered_map<uint64_t, Bucket> buckets_[2] MR_GUARDED_BY(mutex_);
};

// All but take_failed_write() give back when the transaction does not commit.

// Charges what was read; `index` null: of the table. ProvisionedThroughputExceededException, or
// ThrottlingException for the maximum of an on-demand table.
Result<void> take_read(contracts::OpContext& context, const Table& table, const Index* index,
                       double units);
// The same for the table's part of a write.
Result<void> take_table_write(contracts::OpContext& context, const Table& table, double units);
// The same for a write whose condition failed: its transaction does not commit.
Result<void> take_failed_write(contracts::OpContext& context, const Table& table, double units);
// The same for the indexes that a write touched.
Result<void> take_index_writes(contracts::OpContext& context, const Table& table,
                               const WriteCost& cost, double factor = 1);
// The same for the table and the indexes that a write touched.
Result<void> take_write(contracts::OpContext& context, const Table& table, const WriteCost& cost,
                        double factor = 1);

}  // namespace millrace::dynamodb
