#include "services/lambda/mapping_lanes.h"

#include <vector>

#include "core/log.h"
#include "services/lambda/queue_lane.h"
#include "services/lambda/stream_lane.h"

namespace millrace::lambda {
namespace {

// In case a wake-up is lost: changes are signalled.
constexpr std::chrono::seconds kLookAtLeast{30};

}  // namespace

MappingRun::MappingRun(LambdaService& s, Mapping m, Filter f)
    : service(s), mapping(std::move(m)), filter(std::move(f)) {}

void MappingRun::end() {
    ended_ = true;
    service.parts().hub.signal(key());
}

bool MappingRun::start_lane(std::function<void(const std::atomic<bool>& stop)> body) {
    lanes_ += 1;
    const bool started = service.parts().lanes.start(
        "mapping " + mapping.uuid,
        [self = shared_from_this(), body = std::move(body)](const std::atomic<bool>& stop) {
            // Ends the lane also when the body throws.
            struct End {
                MappingRun& run;
                ~End() {
                    run.lanes_ -= 1;
                    run.service.parts().hub.signal(MappingLanes::kWakeKey);
                }
            } const end{*self};
            body(stop);
        });
    if (!started) lanes_ -= 1;
    return started;
}

void MappingRun::start_first_lane() {
    if (mapping.of_queue()) {
        QueueLane::start_first(shared_from_this());
    } else {
        start_lane([self = shared_from_this()](const std::atomic<bool>& stop) {
            StreamCoordinator(self, stop).run();
        });
    }
}

bool MappingRun::write(const std::function<void(store::Txn&)>& change) {
    bool mine = false;
    const auto result = service.parts().store.run([&](store::Txn& txn) {
        const auto row = txn.get(mapping_key(mapping.account, mapping.region, mapping.uuid));
        mine = row && decode_mapping(*row).generation == mapping.generation;
        if (!mine) return store::TxnDecision::kRollback;
        change(txn);
        return store::TxnDecision::kCommit;
    });
    return mine && result.status == store::CommitStatus::kOk;
}

void MappingRun::note_result(const std::string& text) {
    {
        const MutexLock lock(mutex);
        if (last_result == text) return;
        last_result = text;
    }
    write([&](store::Txn& txn) { txn.put(result_key(mapping), "\x01" + text); });
}

void MappingLanes::step() {
    if (service_.invoker().runner() == nullptr) return;
    std::map<std::string, Mapping> wanted;
    const auto read = service_.parts().store.run([&](store::Txn& txn) {
        wanted.clear();
        txn.scan_space(store::Space::kMappings, "mapping/", "", "mapping0",
                       [&](std::string_view, std::string_view uuid, std::string_view row) {
                           Mapping mapping = decode_mapping(row);
                           if (mapping.enabled) wanted.emplace(uuid, std::move(mapping));
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    if (read.status != store::CommitStatus::kOk ||
        !service_.parts().store.wait_durable(read.ticket)) {
        return;
    }
    std::vector<std::shared_ptr<MappingRun>> starting;
    {
        const MutexLock lock(mutex_);
        for (auto run = runs_.begin(); run != runs_.end();) {
            const auto found = wanted.find(run->first);
            const bool same = found != wanted.end() &&
                              found->second.generation == run->second->mapping.generation;
            if (!same && !run->second->ended()) run->second->end();
            run = run->second->idle() ? runs_.erase(run) : std::next(run);
        }
        for (const auto& [uuid, mapping] : wanted) {
            bool blocked = false;
            for (const auto& [other, run] : runs_) {
                blocked = blocked || other == uuid ||
                          (run->mapping.source_arn == mapping.source_arn &&
                           run->mapping.function_arn() == mapping.function_arn());
            }
            if (blocked) continue;
            auto filter = Filter::make(mapping.filters);
            if (!filter) {
                log::error("mapping {}: a stored filter cannot be read", uuid);
                continue;
            }
            auto run = std::make_shared<MappingRun>(service_, mapping, *std::move(filter));
            runs_.emplace(uuid, run);
            starting.push_back(std::move(run));
        }
    }
    for (const auto& run : starting) run->start_first_lane();
}

bool MappingLanes::busy(const std::string& uuid) {
    const MutexLock lock(mutex_);
    const auto run = runs_.find(uuid);
    return run != runs_.end() && !run->second->idle();
}

TimePoint MappingWorker::step(TimePoint now) {
    lanes_.step();
    return now + kLookAtLeast;
}

}  // namespace millrace::lambda
