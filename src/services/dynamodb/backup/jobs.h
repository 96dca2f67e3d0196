// The steps of jobs, one bounded piece each. What a step wrote and where the next one goes on are
// one transaction, so that a job continues after a crash as if there had been none.
// Thread-safety: one thread at a time (the worker's).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/backup/records.h"
#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

// Whether the job moved on; false: the store refused, ask again later.
using StepResult = bool;

// Backup and restore: copies a page of items.
StepResult copy_step(DynamoDbService& service, const Job& job);
// Export: writes one data file, at the end the manifests.
StepResult export_step(DynamoDbService& service, const Job& job);

// Import: reads on in the S3 object, whose unpacked state is kept between steps and made again
// when it is lost.
class ImportStepper {
public:
    explicit ImportStepper(DynamoDbService& service);
    ~ImportStepper();
    StepResult step(const Job& job);

private:
    struct Reading;
    DynamoDbService& service_;
    std::unique_ptr<Reading> reading_;
};

// ---- what the steps share ----

// Of an export or import whose description is gone or cannot be read: it ends, instead of being
// tried for ever.
inline constexpr std::string_view kLostRecordCode = "InternalServerError";
inline constexpr std::string_view kLostRecordText = "The description of the job is lost";

// The job as it is in the store now; nothing when it has ended.
std::optional<Job> current_job(store::Txn& txn, const Job& seen);
// Removes the job and lets its source go.
void end_job(DynamoDbService& service, store::Txn& txn, const Job& job);
// What operations of other services see of a job: its account and region, as the service itself.
contracts::RequestInfo request_of(const Job& job);

}  // namespace millrace::dynamodb
