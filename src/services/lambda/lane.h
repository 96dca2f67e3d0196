// Lane: what the lanes of event source mappings have in common: waiting, and finding the function
// as it is now, with its role's rights. Thread-safety: confined to the lane's thread.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/mapping_lanes.h"

namespace millrace::lambda {

// How often what gives no signal is looked at: functions, roles, queues that are not there yet.
inline constexpr std::chrono::seconds kLookAgain{5};
// Of an event's JSON.
inline constexpr size_t kEventBytesMax = 6'291'456;

// What a function's answer says of a batch, with ReportBatchItemFailures.
struct BatchOutcome {
    bool all_failed = false;
    std::vector<std::string> failed;  // item identifiers, all of the batch
};
// `identifiers`: those of the batch. null, documents without the list, null and empty lists are
// success; no JSON, or an entry without an identifier of the batch, fails the whole batch.
BatchOutcome read_batch_answer(std::string_view payload,
                               const std::vector<std::string>& identifiers);

class Lane {
public:
    Lane(std::shared_ptr<MappingRun> run, const std::atomic<bool>& stop)
        : run_(std::move(run)), service_(run_->service), mapping_(run_->mapping), stop_(stop) {}

protected:
    bool stopped() const { return stop_ || run_->ended(); }
    // Until the key (may be empty) has another epoch, `until` is reached or the lane is to stop.
    void wait(const std::string& key, uint64_t epoch, TimePoint until);
    void wait_for(Duration time) { wait("", 0, service_.parts().clock.now() + time); }
    uint64_t epoch(const std::string& key) { return service_.parts().hub.epoch(key); }
    // The function as it is now; nothing when it is gone or its role may not do all of `actions` on
    // the source. `problem` gets why.
    std::optional<Target> find_target(std::initializer_list<const char*> actions,
                                      std::shared_ptr<const contracts::PolicyDocument> policy,
                                      std::string& problem);
    contracts::InvocationResult invoke(const Target& target, std::string event);

    const std::shared_ptr<MappingRun> run_;
    LambdaService& service_;
    const Mapping& mapping_;
    const std::atomic<bool>& stop_;
};

}  // namespace millrace::lambda
