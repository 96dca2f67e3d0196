// StreamSplitter: splits the shards of tables' streams that take more records than one reader
// should have to follow, by key hash. A shard that is hot through one item stays: its changes have
// an order. Shards are not rolled by time (AWS: about every four hours): records are trimmed one by
// one. Thread-safety: one thread at a time. Cost of a step: O(tables in use), and all definitions
// when a stream is hot.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "contracts/worker.h"
#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

// Open shards of a stream; each takes at least one bucket of StreamHeat.
inline constexpr size_t kOpenShardsMax = 16;

using HeatCounts = std::array<uint32_t, StreamHeat::kBuckets>;
// Where to split the shard [from, to) (`to` zero: up to the end) so that its records are shared
// best. Nothing: no place gives both sides an eighth of them.
std::optional<uint64_t> split_point(const HeatCounts& counts, uint64_t from, uint64_t to);

class StreamSplitter final : public contracts::Worker {
public:
    static constexpr std::chrono::seconds kWindow{2};
    // A shard is split when it was hot in so many windows on end.
    static constexpr int kHotWindows = 3;

    explicit StreamSplitter(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/stream-splitter"; }
    TimePoint step(TimePoint now) override;

private:
    void split(const TableAddress& address, uint64_t stream_id, uint64_t hash_at, TimePoint now);

    DynamoDbService& service_;
    std::optional<TimePoint> window_began_;
    // Stream and number of the shards that were hot in the last window, and in how many on end.
    std::map<std::pair<uint64_t, uint32_t>, int> hot_;
};

}  // namespace millrace::dynamodb
