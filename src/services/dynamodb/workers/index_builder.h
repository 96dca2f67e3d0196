// IndexBuilder: fills new global indexes from the items that are there, and empties deleted ones.
// One small transaction a step, in which the items are read again: a write meanwhile wins, and the
// step is repeated. Where it stands is in a row, so that a restart goes on.
// Thread-safety: one thread at a time.
#pragma once

#include <string>

#include "contracts/operation.h"
#include "contracts/worker.h"
#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

// Begins with what the index's state asks for, once the operation has committed.
void start_index_job(contracts::OpContext& context, const Table& table, const Index& index);

class IndexBuilder final : public contracts::Worker {
public:
    explicit IndexBuilder(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/indexes"; }
    std::string wake_key() const override { return "dynamodb/indexes"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
};

}  // namespace millrace::dynamodb
