// Background work on backups: running the jobs, and dropping what is older than it must be kept.
// Thread-safety: one thread at a time each.
#pragma once

#include <string>

#include "contracts/worker.h"
#include "services/dynamodb/backup/jobs.h"

namespace millrace::dynamodb {

// Backups, restores, exports and imports, one step of one of them at a time, in turn.
class BackupJobs final : public contracts::Worker {
public:
    explicit BackupJobs(DynamoDbService& service) : service_(service), imports_(service) {}
    std::string name() const override { return "dynamodb/backups"; }
    std::string wake_key() const override;
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
    ImportStepper imports_;
    std::string last_;  // the job that had the last step
};

// Drops records of tables' histories that no restore may ask for any more. A pass goes over all of
// them, so a record is there at most a pass longer than it must be.
class HistoryTrimmer final : public contracts::Worker {
public:
    explicit HistoryTrimmer(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/history"; }
    std::string wake_key() const override { return "dynamodb/history"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
    // Where the pass goes on. Losing it costs only another pass.
    std::string partition_;
    std::string sort_;
};

// Drops expired system backups, and exports and imports that nobody asks for any more.
class RecordSweeper final : public contracts::Worker {
public:
    explicit RecordSweeper(DynamoDbService& service) : service_(service) {}
    std::string name() const override { return "dynamodb/backup-records"; }
    TimePoint step(TimePoint now) override;

private:
    DynamoDbService& service_;
    std::string partition_;
    std::string sort_;
};

}  // namespace millrace::dynamodb
