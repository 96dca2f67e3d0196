// QueueLane: takes batches from a queue and invokes the function, one batch at a time. One lane
// waits for messages; when it has a batch it lets another lane wait in its place, up to a limit
// that shrinks while invocations are throttled.
// Thread-safety: confined to its thread; lanes of a mapping share the MappingRun.
// Source: Lambda Developer Guide, "Using Lambda with Amazon SQS".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/lambda/lane.h"

namespace millrace::lambda {

class QueueLane : public Lane {
public:
    using Lane::Lane;
    static void start_first(const std::shared_ptr<MappingRun>& run);
    void run();

private:
    enum class Worked : uint8_t { kDone, kFailed, kThrottled };
    static bool start(const std::shared_ptr<MappingRun>& run);
    // Fills batch_ until it is full, its window ends or the lane is to stop. False: the queue
    // cannot be read.
    bool collect(const contracts::QueueFacts& facts);
    // What waited while the last event was worked on is this lane's for a whole visibility timeout
    // again, or all of it is let go: it comes back in its order.
    void keep_leftovers(const contracts::QueueFacts& facts);
    // Deletes messages that no filter lets through, of those from that one on.
    void drop_filtered(size_t from);
    Worked work(const Target& target);
    void remove(const std::vector<std::string>& handles);
    // From waiting for messages to work and back. end_work: false when this lane is one too many.
    void begin_work();
    bool end_work(Worked worked);

    struct Taken {
        contracts::QueueMessage message;
        std::string record;  // as JSON
    };
    // What the next event has; what did not fit into the last one is already here.
    std::vector<Taken> batch_;
};

}  // namespace millrace::lambda
