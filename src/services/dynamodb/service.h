// DynamoDbService: tables and items. The one header of this room that others include.
// Thread-safety: safe from any thread. Ownership: store, clock and rng are the app's.
#pragma once

#include <memory>
#include <vector>

#include "contracts/operation.h"
#include "contracts/worker.h"
#include "services/dynamodb/catalog.h"

namespace millrace::dynamodb {

struct DynamoDbOptions {
    // Records a second above which a stream's shard is split. Source of the default: what a shard
    // of AWS takes.
    double stream_shard_rate = 1000;
};

class DynamoDbService {
public:
    DynamoDbService(store::Store& store, const Clock& clock, Rng& rng, contracts::WakeHub& hub,
                    DynamoDbOptions options = {})
        : store_(store), clock_(clock), rng_(rng), hub_(hub), options_(options), catalog_(store) {}

    contracts::ServiceEntry entry();
    // Deleting what deleted tables left, expiring items.
    std::vector<std::unique_ptr<contracts::Worker>> make_workers();

    store::Store& store() { return store_; }
    const Clock& clock() const { return clock_; }
    Rng& rng() { return rng_; }
    contracts::WakeHub& hub() { return hub_; }
    const DynamoDbOptions& options() const { return options_; }
    Catalog& catalog() { return catalog_; }

private:
    store::Store& store_;
    const Clock& clock_;
    Rng& rng_;
    contracts::WakeHub& hub_;
    const DynamoDbOptions options_;
    Catalog catalog_;
};

}  // namespace millrace::dynamodb
