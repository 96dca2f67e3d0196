// LambdaService: functions, invocations and event source mappings. The one header of this room that
// others include. Thread-safety: safe from any thread. Ownership: LambdaParts are the app's.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "contracts/credentials.h"
#include "contracts/function_runner.h"
#include "contracts/lane_host.h"
#include "contracts/operation.h"
#include "contracts/queue_reader.h"
#include "contracts/stream_reader.h"
#include "contracts/wake_hub.h"
#include "services/lambda/function.h"
#include "store/blob_store.h"

namespace millrace::lambda {

struct LambdaParts {
    store::Store& store;
    store::BlobStore& blobs;
    const Clock& clock;
    Rng& rng;
    contracts::WakeHub& hub;
    contracts::RoleAssumer& roles;
    const contracts::Authorizer& authorizer;
    contracts::QueueReader& queues;
    contracts::StreamReader& streams;
    contracts::LaneHost& lanes;
    // Whether a zip can be unpacked.
    std::function<Result<void>(std::string_view zip)> check_zip;
};

class LambdaService {
public:
    explicit LambdaService(LambdaParts parts) : parts_(std::move(parts)) {}
    contracts::ServiceEntry entry();

    // Once the server listens: functions can run from now on; enabled mappings start.
    void start(contracts::FunctionRunner& runner);

    std::optional<Function> find(store::Txn& txn, std::string_view account, std::string_view region,
                                 std::string_view name);
    void put(store::Txn& txn, const Function& function);
    void put(store::Txn& txn, const Mapping& mapping);

    // Begins an invocation; its id is the token to ask result() with. The WakeHub key
    // invocation_key(id) is signalled when it is done.
    void begin(const std::string& id, std::shared_ptr<const contracts::FunctionSpec> spec,
               contracts::Invocation invocation);
    // Nothing while it runs; the result once.
    std::optional<contracts::InvocationResult> result(const std::string& id);
    static std::string invocation_key(const std::string& id) { return "lambda:" + id; }
    // Runs it and waits: for mappings.
    contracts::InvocationResult invoke_and_wait(std::shared_ptr<const contracts::FunctionSpec> spec,
                                                std::string payload);

    // After a mapping was made, changed or deleted (and is durable): its lanes start or stop.
    void refresh(const Mapping& mapping, bool exists);
    // True while the mapping's lanes still work on a batch.
    bool busy(const Mapping& mapping) { return parts_.lanes.running("mapping " + mapping.uuid); }

    LambdaParts& parts() { return parts_; }
    contracts::FunctionRunner* runner() { return runner_.load(); }

private:
    LambdaParts parts_;
    std::atomic<contracts::FunctionRunner*> runner_{nullptr};
    Mutex mutex_;
    // Of invocations that somebody waits for; done ones are taken out by result().
    std::unordered_map<std::string, std::optional<contracts::InvocationResult>> invocations_
        MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::lambda
