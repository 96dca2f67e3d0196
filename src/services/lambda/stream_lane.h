// How a stream's mapping works: a StreamCoordinator starts the lanes of each shard once the shard's
// parent was read to its end; a ShardLane follows a shard in order, with its own checkpoint. With a
// ParallelizationFactor each shard has several lanes, and each takes the records of its own items.
// Thread-safety: each is confined to its thread.
// Source: Lambda Developer Guide, "Using Lambda with Amazon DynamoDB".
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/lambda/lane.h"

namespace millrace::lambda {

class StreamCoordinator : public Lane {
public:
    using Lane::Lane;
    void run();

private:
    // Writes checkpoints for the lanes that the shard has now. False: the run is over.
    bool prepare(const contracts::StreamShard& shard);
    struct Started {
        int lanes = 0;
        std::shared_ptr<std::atomic<int>> left;  // that have not come to the shard's end
    };
    // Those that cannot be started now are when the coordinator looks again.
    void start_lanes(const contracts::StreamShard& shard, Started& started);

    std::map<std::string, Started> started_;  // by shard
};

class ShardLane : public Lane {
public:
    ShardLane(std::shared_ptr<MappingRun> run, const std::atomic<bool>& stop,
              contracts::StreamShard shard, int lane);
    // Until the lane is to stop. True: the shard is closed and read to its end, or gone.
    bool run();

private:
    struct Range {
        size_t begin = 0;
        size_t end = 0;
        int failures = 0;  // by the function, of exactly these records
        int invocations = 0;
    };
    // Reads on until there is a batch or nothing more. False: the stream cannot be read.
    bool fill();
    // As it is now; kOpen too when the stream cannot be read.
    enum class State : uint8_t { kOpen, kClosed, kGone };
    State look();
    bool takes(const contracts::StreamRecord& record) const;
    // Of pending_, how many records make the next event.
    size_t next_batch() const;
    // Delivers the batch, in parts if need be, until all of it is done or the lane is to stop, and
    // moves the checkpoint after each part.
    void deliver(const std::vector<contracts::StreamRecord>& batch);
    struct Attempt {
        bool failed = true;
        bool counts = false;  // throttling, a failed start or missing rights are no attempts
        size_t done = 0;      // records from the front that are done
    };
    Attempt attempt(const contracts::StreamRecord* first, size_t count, std::string& problem);
    void discard(const contracts::StreamRecord* first, size_t count, std::string_view condition,
                 int invocations);
    void checkpoint(store::Version done);

    const contracts::StreamShard shard_;
    const int lane_;
    std::deque<contracts::StreamRecord> pending_;
    size_t pending_bytes_ = 0;
    store::Version read_to_;   // of the last record that was read, taken or not
    store::Version position_;  // of the last that is done
};

}  // namespace millrace::lambda
