// LambdaService: functions, invocations and event source mappings. The one header of this room that
// others include. Thread-safety: safe from any thread. Ownership: LambdaParts are the app's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "contracts/credentials.h"
#include "contracts/function_runner.h"
#include "contracts/lane_host.h"
#include "contracts/object_reader.h"
#include "contracts/operation.h"
#include "contracts/queue_reader.h"
#include "contracts/stream_reader.h"
#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "services/lambda/function.h"
#include "services/lambda/invoker.h"
#include "services/lambda/mapping.h"
#include "services/lambda/pauses.h"
#include "store/blob_store.h"

namespace millrace::lambda {

class AsyncQueue;
class MappingLanes;

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
    contracts::ObjectReader& objects;
    contracts::LaneHost& lanes;
    // Whether a zip can be unpacked.
    std::function<Result<void>(std::string_view zip)> check_zip;
    Pauses* pauses = nullptr;  // null: waits on the hub
};

// What a name stands for at the moment: a version's state and what limits it.
struct Target {
    Function function;
    int reserved_concurrency = -1;
    std::string invoked_arn;
};

class LambdaService {
public:
    explicit LambdaService(LambdaParts parts);
    ~LambdaService();
    contracts::ServiceEntry entry();

    // Once the server listens: functions can run from now on; mappings and asynchronous events
    // that were there start.
    void start(contracts::FunctionRunner& runner);
    // Makes lanes follow the mappings. Waits for start() by itself.
    std::unique_ptr<contracts::Worker> make_mapping_worker();
    // Whether code of a function lies in the blob. O(1).
    bool uses_blob(std::string_view blob_id);

    // $LATEST.
    std::optional<Function> find(store::Txn& txn, std::string_view account, std::string_view region,
                                 std::string_view name);
    // $LATEST or the version of that number.
    std::optional<Function> find_version(store::Txn& txn, const Function& latest,
                                         std::string_view version);
    // What runs under the name; an alias with weights is decided by `rng`.
    std::optional<Target> resolve(store::Txn& txn, const FunctionName& name, Rng& rng);
    // Writes $LATEST or a version, and keeps count of who refers to its code.
    void put(store::Txn& txn, const Function& function);
    void erase(store::Txn& txn, const Function& function);
    void put(store::Txn& txn, const Mapping& mapping);

    // Whether the role may do the actions on the resource, whose own policy also counts.
    bool role_may(const Function& function, const std::string& resource,
                  std::initializer_list<const char*> actions,
                  std::shared_ptr<const contracts::PolicyDocument> resource_policy = nullptr);

    LambdaParts& parts() { return parts_; }
    Invoker& invoker() { return invoker_; }
    AsyncQueue& async_queue() { return *async_queue_; }
    MappingLanes& mapping_lanes() { return *mapping_lanes_; }
    Pauses& pauses() { return *parts_.pauses; }

private:
    LambdaParts parts_;
    HubPauses hub_pauses_;
    Invoker invoker_;
    std::unique_ptr<AsyncQueue> async_queue_;
    std::unique_ptr<MappingLanes> mapping_lanes_;
};

// The account of an ARN: its fifth part.
std::string account_of_arn(std::string_view arn);

}  // namespace millrace::lambda
