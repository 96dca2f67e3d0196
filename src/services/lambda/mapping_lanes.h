// MappingLanes: which event source mappings are at work. A worker compares what runs with what is
// stored, and starts and stops lanes. A new state of a mapping starts only after all lanes of the
// older one ended; so does a new mapping of a source and function whose older one still works. What
// a lane writes is fenced by its mapping's generation.
// Thread-safety: step() by one thread at a time, the rest safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "contracts/worker.h"
#include "core/mutex.h"
#include "services/lambda/filter.h"
#include "services/lambda/service.h"

namespace millrace::lambda {

// One state of a mapping at work, shared by its lanes.
class MappingRun : public std::enable_shared_from_this<MappingRun> {
public:
    MappingRun(LambdaService& service, Mapping mapping, Filter filter);

    LambdaService& service;
    const Mapping mapping;
    const Filter filter;

    // The lanes end after what they are doing now.
    void end();
    bool ended() const { return ended_; }
    // No lane is left.
    bool idle() const { return lanes_ == 0; }
    void start_first_lane();

    // False when no lane can be started any more.
    bool start_lane(std::function<void(const std::atomic<bool>& stop)> body);
    // Signalled by end(), and for the coordinator by lanes that finished.
    std::string key() const { return "mapping/" + mapping.uuid; }

    // Queues: how many lanes there are, how many of them wait for messages, and how many there may
    // be at the moment.
    struct Crew {
        int lanes = 0;
        int waiting = 0;
        int lanes_max = 0;
    };
    Mutex mutex;
    Crew crew MR_GUARDED_BY(mutex);
    // Streams: shards that were read to their end.
    std::set<std::string> finished MR_GUARDED_BY(mutex);
    std::string last_result MR_GUARDED_BY(mutex);

    // Writes in a transaction that commits only while the mapping is as this run knows it. Not
    // waited for: after a crash a batch may come again, never be skipped. False: the run is over.
    bool write(const std::function<void(store::Txn&)>& change);
    // LastProcessingResult, when it is another than before. Streams only.
    void note_result(const std::string& text);

private:
    std::atomic<bool> ended_{false};
    std::atomic<int> lanes_{0};
};

class MappingLanes {
public:
    static constexpr std::string_view kWakeKey = "lambda/mappings";

    explicit MappingLanes(LambdaService& service) : service_(service) {}
    // Makes what runs follow what is stored. O(mappings).
    void step();
    // True while lanes of the mapping work.
    bool busy(const std::string& uuid);

private:
    LambdaService& service_;
    Mutex mutex_;
    std::map<std::string, std::shared_ptr<MappingRun>> runs_ MR_GUARDED_BY(mutex_);  // by UUID
};

class MappingWorker final : public contracts::Worker {
public:
    explicit MappingWorker(MappingLanes& lanes) : lanes_(lanes) {}
    std::string name() const override { return "lambda/mappings"; }
    std::string wake_key() const override { return std::string(MappingLanes::kWakeKey); }
    TimePoint step(TimePoint now) override;

private:
    MappingLanes& lanes_;
};

}  // namespace millrace::lambda
