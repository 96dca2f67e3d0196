// DynamoDbService: tables and items. The one header of this room that others include.
// Thread-safety: safe from any thread. Ownership: store, clock and rng are the app's.
#pragma once

#include <memory>
#include <vector>

#include "contracts/operation.h"
#include "contracts/worker.h"
#include "services/dynamodb/catalog.h"

namespace millrace::dynamodb {

class DynamoDbService {
public:
    DynamoDbService(store::Store& store, const Clock& clock, Rng& rng, contracts::WakeHub& hub)
        : store_(store), clock_(clock), rng_(rng), hub_(hub), catalog_(store) {}

    contracts::ServiceEntry entry();
    // Deleting what deleted tables left, expiring items.
    std::vector<std::unique_ptr<contracts::Worker>> make_workers();

    store::Store& store() { return store_; }
    const Clock& clock() const { return clock_; }
    Rng& rng() { return rng_; }
    contracts::WakeHub& hub() { return hub_; }
    Catalog& catalog() { return catalog_; }

private:
    store::Store& store_;
    const Clock& clock_;
    Rng& rng_;
    contracts::WakeHub& hub_;
    Catalog catalog_;
};

}  // namespace millrace::dynamodb
