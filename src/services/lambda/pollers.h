// Event source mappings at work: a QueuePoller takes batches from a queue, a StreamPoller follows a
// stream's shards in order. Both are woken by the WakeHub, act with the function role's rights, and
// invoke the function as it is now. Each runs on a lane of its own.
// Thread-safety: confined to the lane. Source: Lambda Developer Guide, "Using Lambda with Amazon
// SQS" and "Using Lambda with DynamoDB".
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "services/lambda/service.h"

namespace millrace::lambda {

// What a function's answer says of a batch, with ReportBatchItemFailures.
struct BatchOutcome {
    bool all_failed = false;
    std::vector<std::string> failed;  // item identifiers, all of the batch
};
// `identifiers`: those of the batch. Recorded: null, {}, [] and empty lists are success; an entry
// without a known identifier fails the whole batch.
BatchOutcome read_batch_answer(std::string_view payload,
                               const std::vector<std::string>& identifiers);

class Poller {
public:
    Poller(LambdaService& service, Mapping mapping)
        : service_(service), mapping_(std::move(mapping)) {}

protected:
    // Until the key is signalled, `until` is reached or the lane is to stop.
    void wait(const std::string& key, uint64_t epoch, TimePoint until,
              const std::atomic<bool>& stop);
    // The function as it is now; null when it is gone or its role may not do all of `actions`.
    std::shared_ptr<const contracts::FunctionSpec> function(
        std::initializer_list<const char*> actions);

    LambdaService& service_;
    const Mapping mapping_;
};

class QueuePoller : public Poller {
public:
    using Poller::Poller;
    void run(const std::atomic<bool>& stop);

private:
    // False: the function could not run; the messages come back by themselves.
    bool work(const contracts::FunctionSpec& spec,
              const std::vector<contracts::QueueMessage>& batch);
};

class StreamPoller : public Poller {
public:
    using Poller::Poller;
    void run(const std::atomic<bool>& stop);

private:
    store::Version load_position(const contracts::StreamShard& shard);
    void save_position(const contracts::StreamShard& shard, store::Version done);
    // Delivers records in order until all are done or the lane is to stop; the version of the last
    // that is done.
    store::Version deliver(const std::vector<contracts::StreamRecord>& records,
                           store::Version before, const std::atomic<bool>& stop);
};

// Whether the role may do the actions on the resource.
bool role_may(LambdaService& service, const std::string& role_arn, const std::string& function_name,
              const std::string& resource, std::initializer_list<const char*> actions);

}  // namespace millrace::lambda
