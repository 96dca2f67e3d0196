#include "services/lambda/lane.h"

#include <algorithm>
#include <set>

#include "codec/json.h"

namespace millrace::lambda {

BatchOutcome read_batch_answer(std::string_view payload,
                               const std::vector<std::string>& identifiers) {
    BatchOutcome outcome;
    const auto answer = codec::parse_json(payload);
    outcome.all_failed = !answer && !payload.empty();
    if (!answer || !answer->is_object()) return outcome;
    const codec::JsonValue* failures = answer->find("batchItemFailures");
    if (failures == nullptr || failures->is_null()) return outcome;
    outcome.all_failed = !failures->is_array();
    const std::set<std::string_view> known(identifiers.begin(), identifiers.end());
    for (const codec::JsonValue& failure : failures->elements()) {
        const auto identifier =
            failure.is_object() ? failure.find_string("itemIdentifier") : std::nullopt;
        if (!identifier || !known.contains(*identifier)) {
            outcome.all_failed = true;
            return outcome;
        }
        outcome.failed.emplace_back(*identifier);
    }
    return outcome;
}

void Lane::wait(const std::string& key, uint64_t seen, TimePoint until) {
    const std::string stop_key(contracts::kLanesStopKey);
    WatchedKeys keys{{run_->key(), epoch(run_->key())}, {stop_key, epoch(stop_key)}};
    if (!key.empty()) keys.emplace_back(key, seen);
    // What stops the lane from here on changes an epoch.
    if (stopped()) return;
    service_.pauses().wait(keys, until);
}

std::optional<Target> Lane::find_target(std::initializer_list<const char*> actions,
                                        std::shared_ptr<const contracts::PolicyDocument> policy,
                                        std::string& problem) {
    std::optional<Target> target;
    const FunctionName name{mapping_.account, mapping_.region, mapping_.function,
                            mapping_.qualifier};
    const auto read = service_.parts().store.run([&](store::Txn& txn) {
        target = service_.resolve(txn, name, service_.parts().rng);
        return store::TxnDecision::kRollback;
    });
    if (read.status != store::CommitStatus::kOk) {
        problem = "PROBLEM: Internal error";
        return std::nullopt;
    }
    if (!target) {
        problem = "PROBLEM: Function not found: " + name.arn();
        return std::nullopt;
    }
    if (service_.role_may(target->function, mapping_.source_arn, actions, std::move(policy)))
        return target;
    problem = "PROBLEM: Cannot access stream " + mapping_.source_arn +
              ". Please ensure the role can perform the GetRecords, GetShardIterator, "
              "DescribeStream, and ListStreams Actions on your stream in IAM.";
    return std::nullopt;
}

contracts::InvocationResult Lane::invoke(const Target& target, std::string event) {
    contracts::Invocation invocation;
    invocation.request_id = service_.parts().rng.uuid();
    invocation.payload = std::move(event);
    invocation.invoked_arn = target.invoked_arn;
    return service_.invoker().run_and_wait(target.function.spec(), target.reserved_concurrency,
                                           std::move(invocation));
}

}  // namespace millrace::lambda
