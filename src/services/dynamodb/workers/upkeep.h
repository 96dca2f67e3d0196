// Upkeep of tables in the background: deleting what deleted tables left, writing the item counters,
// finding and deleting expired items, dropping the tokens of old transactions. Each step does a
// bounded piece in its own transaction. Thread-safety: one thread at a time each.
#pragma once

#include <string>

#include "contracts/worker.h"
#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

class TableDeletion final : public contracts::Worker {
public:
    explicit TableDeletion(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/deletion"; }
    std::string wake_key() const override { return "dynamodb/deletion"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
};

class StatisticsWriter final : public contracts::Worker {
public:
    explicit StatisticsWriter(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/statistics"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
};

class Expiry final : public contracts::Worker {
public:
    explicit Expiry(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/expiry"; }
    std::string wake_key() const override { return "dynamodb/expiry"; }
    TimePoint step(TimePoint now) override;

private:
    bool back_fill();
    bool expire(const Table& table, TimePoint now);
    DynamoDbService& service_;
};

class TokenSweeper final : public contracts::Worker {
public:
    explicit TokenSweeper(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/tokens"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
    // Where the next step goes on; empty: at the beginning. Losing it costs only another pass.
    std::string partition_;
    std::string sort_;
};

}  // namespace millrace::dynamodb
