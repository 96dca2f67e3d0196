#include "services/lambda/service.h"

#include "core/one_shot.h"
#include "services/lambda/errors.h"
#include "services/lambda/pollers.h"

namespace millrace::lambda {
namespace {

// Batches of a queue that are worked on at the same time.
constexpr int kQueueLanes = 5;

}  // namespace

void LambdaService::start(contracts::FunctionRunner& runner) {
    runner_ = &runner;
    std::vector<Mapping> mappings;
    parts_.store.run([&](store::Txn& txn) {
        mappings.clear();
        txn.scan_space(store::Space::kMappings, "mapping/", "", "mapping0",
                       [&](std::string_view, std::string_view, std::string_view row) {
                           mappings.push_back(decode_mapping(row));
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    for (const Mapping& mapping : mappings) refresh(mapping, true);
}

std::optional<Function> LambdaService::find(store::Txn& txn, std::string_view account,
                                            std::string_view region, std::string_view name) {
    const auto row = txn.get(function_key(account, region, name));
    if (!row) return std::nullopt;
    return decode_function(*row);
}

void LambdaService::put(store::Txn& txn, const Function& function) {
    txn.put(function_key(function.account, function.region, function.name), encode(function));
}

void LambdaService::put(store::Txn& txn, const Mapping& mapping) {
    txn.put(mapping_key(mapping.account, mapping.region, mapping.uuid), encode(mapping));
}

void LambdaService::begin(const std::string& id,
                          std::shared_ptr<const contracts::FunctionSpec> spec,
                          contracts::Invocation invocation) {
    {
        const MutexLock lock(mutex_);
        invocations_[id] = std::nullopt;
    }
    runner_.load()->run(std::move(spec), std::move(invocation),
                        [this, id](contracts::InvocationResult done) {
                            {
                                const MutexLock lock(mutex_);
                                const auto found = invocations_.find(id);
                                if (found != invocations_.end()) found->second = std::move(done);
                            }
                            parts_.hub.signal(invocation_key(id));
                        });
}

std::optional<contracts::InvocationResult> LambdaService::result(const std::string& id) {
    const MutexLock lock(mutex_);
    const auto found = invocations_.find(id);
    if (found == invocations_.end() || !found->second) return std::nullopt;
    std::optional<contracts::InvocationResult> done = std::move(found->second);
    invocations_.erase(found);
    return done;
}

contracts::InvocationResult LambdaService::invoke_and_wait(
    std::shared_ptr<const contracts::FunctionSpec> spec, std::string payload) {
    const auto done = std::make_shared<OneShot<contracts::InvocationResult>>();
    contracts::Invocation invocation;
    invocation.request_id = parts_.rng.uuid();
    invocation.payload = std::move(payload);
    invocation.invoked_arn = spec->arn;
    runner_.load()->run(
        std::move(spec), std::move(invocation),
        [done](contracts::InvocationResult result) { done->give(std::move(result)); });
    return done->wait();
}

void LambdaService::refresh(const Mapping& mapping, bool exists) {
    const std::string prefix = "mapping " + mapping.uuid;
    parts_.lanes.ask_to_stop(prefix);
    parts_.hub.signal("mapping/" + mapping.uuid);
    if (!exists || !mapping.enabled || runner_.load() == nullptr) return;
    if (mapping.of_queue()) {
        for (int lane = 0; lane < kQueueLanes; ++lane) {
            parts_.lanes.start(prefix + " lane " + std::to_string(lane),
                               [this, mapping](const std::atomic<bool>& stop) {
                                   QueuePoller(*this, mapping).run(stop);
                               });
        }
    } else {
        parts_.lanes.start(prefix + " stream", [this, mapping](const std::atomic<bool>& stop) {
            StreamPoller(*this, mapping).run(stop);
        });
    }
}

}  // namespace millrace::lambda
