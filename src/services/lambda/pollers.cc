#include "services/lambda/pollers.h"

#include <algorithm>
#include <condition_variable>
#include <set>

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "core/bytes.h"
#include "core/log.h"

namespace millrace::lambda {
namespace {

constexpr std::chrono::seconds kLookAgain{5};
constexpr std::chrono::seconds kThrottledPause{1};
constexpr std::chrono::milliseconds kFirstBackOff{100};
constexpr std::chrono::seconds kLongestBackOff{60};
constexpr size_t kEventBytesMax = 6 << 20;

std::string queue_event(const std::vector<contracts::QueueMessage>& batch, const std::string& arn,
                        const std::string& region) {
    std::string event;
    codec::JsonWriter json(event);
    json.begin_object();
    json.key("Records");
    json.begin_array();
    for (const contracts::QueueMessage& message : batch) {
        json.begin_object();
        json.member("messageId", message.message_id);
        json.member("receiptHandle", message.receipt_handle);
        json.member("body", message.body);
        json.key("attributes");
        json.begin_object();
        for (const auto& [name, value] : message.system_attributes) json.member(name, value);
        json.end_object();
        json.key("messageAttributes");
        json.begin_object();
        for (const auto& attribute : message.attributes) {
            json.key(attribute.name);
            json.begin_object();
            if (attribute.data_type.starts_with("Binary")) {
                json.member("binaryValue", codec::base64_encode(attribute.value));
            } else {
                json.member("stringValue", attribute.value);
            }
            json.key("stringListValues");
            json.raw("[]");
            json.key("binaryListValues");
            json.raw("[]");
            json.member("dataType", attribute.data_type);
            json.end_object();
        }
        json.end_object();
        if (!message.md5_of_attributes.empty())
            json.member("md5OfMessageAttributes", message.md5_of_attributes);
        json.member("md5OfBody", message.md5_of_body);
        json.member("eventSource", "aws:sqs");
        json.member("eventSourceARN", arn);
        json.member("awsRegion", region);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return event;
}

std::string stream_event(const contracts::StreamRecord* first, size_t count) {
    std::string event = "{\"Records\":[";
    for (size_t i = 0; i < count; ++i) {
        if (i > 0) event += ',';
        event += first[i].event_json;
    }
    return event + "]}";
}

}  // namespace

BatchOutcome read_batch_answer(std::string_view payload,
                               const std::vector<std::string>& identifiers) {
    BatchOutcome outcome;
    const auto answer = codec::parse_json(payload);
    if (!answer || !answer->is_object()) return outcome;
    const codec::JsonValue* failures = answer->find("batchItemFailures");
    if (failures == nullptr || !failures->is_array()) return outcome;
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

bool role_may(LambdaService& service, const std::string& role_arn, const std::string& function_name,
              const std::string& resource, std::initializer_list<const char*> actions) {
    const auto caller = service.parts().roles.caller_of_role(role_arn, function_name);
    if (!caller) return false;
    contracts::RequestFacts facts;
    facts.now = service.parts().clock.now();
    for (const char* action : actions) {
        contracts::AuthzRequest request;
        request.action = action;
        request.resource = resource;
        request.resource_account = (*caller)->account_id;
        if (!service.parts().authorizer.decide(**caller, request, facts).allowed()) return false;
    }
    return true;
}

void Poller::wait(const std::string& key, uint64_t epoch, TimePoint until,
                  const std::atomic<bool>& stop) {
    struct Signal {
        Mutex mutex;
        std::condition_variable condition;
        bool woken MR_GUARDED_BY(mutex) = false;
    };
    const auto signal = std::make_shared<Signal>();
    const auto wake = [signal] {
        const MutexLock lock(signal->mutex);
        signal->woken = true;
        signal->condition.notify_one();
    };
    contracts::WakeHub& hub = service_.parts().hub;
    const std::string own_key = "mapping/" + mapping_.uuid;
    const auto own_id = hub.wait(own_key, hub.epoch(own_key), wake);
    // No key: only the time, and the mapping's own changes.
    const auto id = key.empty() ? 0 : hub.wait(key, epoch, wake);
    {
        MutexLock lock(signal->mutex);
        while (!signal->woken && !stop) {
            const Duration left = until - service_.parts().clock.now();
            if (left <= Duration::zero()) break;
            // Short pieces, so that stopping the server does not wait.
            lock.wait_for(signal->condition,
                          std::min<Duration>(left, std::chrono::milliseconds(250)));
        }
    }
    if (!key.empty()) hub.cancel(key, id);
    hub.cancel(own_key, own_id);
}

std::shared_ptr<const contracts::FunctionSpec> Poller::function(
    std::initializer_list<const char*> actions) {
    std::optional<Function> found;
    service_.parts().store.run([&](store::Txn& txn) {
        found = service_.find(txn, mapping_.account, mapping_.region, mapping_.function);
        return store::TxnDecision::kRollback;
    });
    if (!found || !role_may(service_, found->role, found->name, mapping_.source_arn, actions))
        return nullptr;
    return found->spec();
}

// ---- queues ----

void QueuePoller::run(const std::atomic<bool>& stop) {
    contracts::QueueReader& queues = service_.parts().queues;
    const Clock& clock = service_.parts().clock;
    while (!stop) {
        const auto facts = queues.describe(mapping_.source_arn);
        const auto spec =
            facts ? function({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"})
                  : nullptr;
        if (!spec) {
            wait("", 0, clock.now() + kLookAgain, stop);
            continue;
        }
        std::vector<contracts::QueueMessage> batch;
        size_t bytes = 0;
        TimePoint window_end{};
        for (;;) {
            const uint64_t epoch = service_.parts().hub.epoch(facts->wake_key);
            std::optional<TimePoint> next_visible;
            auto received =
                queues.receive(mapping_.source_arn,
                               mapping_.batch_size - static_cast<int>(batch.size()), next_visible);
            if (!received) break;
            if (batch.empty() && !received->empty())
                window_end = clock.now() + std::chrono::seconds(mapping_.window_s);
            for (auto& message : *received) {
                bytes += message.body.size();
                batch.push_back(std::move(message));
            }
            if (stop || static_cast<int>(batch.size()) >= mapping_.batch_size ||
                bytes >= kEventBytesMax)
                break;
            if (!batch.empty() && clock.now() >= window_end) break;
            const TimePoint until = batch.empty() ? clock.now() + kLookAgain : window_end;
            wait(facts->wake_key, epoch, next_visible ? std::min(until, *next_visible) : until,
                 stop);
            if (batch.empty()) break;  // look at the function anew
        }
        if (!batch.empty() && !work(*spec, batch)) wait("", 0, clock.now() + kThrottledPause, stop);
    }
}

bool QueuePoller::work(const contracts::FunctionSpec& spec,
                       const std::vector<contracts::QueueMessage>& batch) {
    const auto result =
        service_.invoke_and_wait(std::make_shared<contracts::FunctionSpec>(spec),
                                 queue_event(batch, mapping_.source_arn, mapping_.region));
    if (result.kind != contracts::InvocationResult::Kind::kOk)
        return result.kind ==
               contracts::InvocationResult::Kind::kFunctionError;  // the visibility timeout brings
                                                                   // them back
    std::vector<std::string> identifiers;
    for (const auto& message : batch) identifiers.push_back(message.message_id);
    BatchOutcome outcome;
    if (mapping_.partial_failures) outcome = read_batch_answer(result.payload, identifiers);
    if (outcome.all_failed) return true;
    std::vector<std::string> handles;
    for (const auto& message : batch) {
        if (std::find(outcome.failed.begin(), outcome.failed.end(), message.message_id) ==
            outcome.failed.end()) {
            handles.push_back(message.receipt_handle);
        }
    }
    if (const auto removed = service_.parts().queues.remove(mapping_.source_arn, handles);
        !removed) {
        log::warn("mapping {}: deleting {} messages failed, they will come again: {}",
                  mapping_.uuid, handles.size(), removed.error().message);
    }
    return true;
}

// ---- streams ----

store::Version StreamPoller::load_position(const contracts::StreamShard& shard) {
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    service_.parts().store.read(position_key(mapping_.uuid, shard.shard_id), row, ticket);
    if (row) {
        ByteReader reader(*row);
        const uint64_t major = reader.u64();
        return {major, reader.u64()};
    }
    store::Version start;
    if (mapping_.starting_position == "LATEST") {
        if (const auto latest =
                service_.parts().streams.latest(mapping_.source_arn, shard.shard_id))
            start = *latest;
    }
    save_position(shard, start);
    return start;
}

void StreamPoller::save_position(const contracts::StreamShard& shard, store::Version done) {
    std::string row;
    append_u64(row, done.major);
    append_u64(row, done.minor);
    // Not waited for: after a crash a batch may come again, never be skipped.
    service_.parts().store.run([&](store::Txn& txn) {
        txn.put(position_key(mapping_.uuid, shard.shard_id), row);
        return store::TxnDecision::kCommit;
    });
}

store::Version StreamPoller::deliver(const std::vector<contracts::StreamRecord>& records,
                                     store::Version before, const std::atomic<bool>& stop) {
    const Clock& clock = service_.parts().clock;
    size_t begin = 0;
    size_t end = records.size();
    int attempts = 0;
    Duration back_off = kFirstBackOff;
    while (begin < records.size() && !stop) {
        if (mapping_.age_max_s > 0 &&
            records[begin].created + std::chrono::seconds(mapping_.age_max_s) < clock.now()) {
            before = records[begin].version;
            end = std::max(end, ++begin);
            if (begin == end) end = records.size();
            continue;
        }
        const auto spec = function(
            {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"});
        bool failed = true;
        bool by_function = false;  // throttling, a failed start or missing rights are no attempts
        size_t done = 0;           // records of the batch from its front that are done
        if (spec) {
            const auto result =
                service_.invoke_and_wait(spec, stream_event(&records[begin], end - begin));
            failed = result.kind != contracts::InvocationResult::Kind::kOk;
            by_function =
                result.kind == contracts::InvocationResult::Kind::kFunctionError || !failed;
            if (!failed && mapping_.partial_failures) {
                std::vector<std::string> identifiers;
                for (size_t i = begin; i < end; ++i)
                    identifiers.push_back(records[i].sequence_number);
                const BatchOutcome outcome = read_batch_answer(result.payload, identifiers);
                failed = outcome.all_failed || !outcome.failed.empty();
                // The checkpoint is the lowest number reported.
                while (!outcome.all_failed && failed && done < identifiers.size() &&
                       std::find(outcome.failed.begin(), outcome.failed.end(), identifiers[done]) ==
                           outcome.failed.end()) {
                    done += 1;
                }
            }
        }
        if (!failed) done = end - begin;
        if (done > 0) {
            before = records[begin + done - 1].version;
            begin += done;
            if (begin == end) end = records.size();
            attempts = failed ? attempts : 0;
            back_off = kFirstBackOff;
        }
        if (!failed) continue;
        if (by_function) attempts += 1;
        if (by_function && mapping_.bisect && end - begin > 1) {
            end = begin + (end - begin) / 2;  // splitting uses up no retry
            attempts -= 1;
            continue;
        }
        if (by_function && mapping_.retries_max >= 0 && attempts > mapping_.retries_max) {
            log::warn("mapping {}: {} records are dropped after {} attempts", mapping_.uuid,
                      end - begin, attempts);
            before = records[end - 1].version;
            begin = end;
            end = records.size();
            attempts = 0;
            continue;
        }
        wait("", 0, clock.now() + back_off, stop);
        back_off = std::min<Duration>(back_off * 2, kLongestBackOff);
    }
    return before;
}

void StreamPoller::run(const std::atomic<bool>& stop) {
    contracts::StreamReader& streams = service_.parts().streams;
    const Clock& clock = service_.parts().clock;
    const auto read_max = static_cast<size_t>(mapping_.batch_size);
    while (!stop) {
        const auto shards = streams.shards(mapping_.source_arn);
        if (!shards) {
            wait("", 0, clock.now() + kLookAgain, stop);
            continue;
        }
        // Parents come first and are read to their end before their children.
        for (const contracts::StreamShard& shard : *shards) {
            store::Version position = load_position(shard);
            while (!stop) {
                const uint64_t epoch = service_.parts().hub.epoch(shard.wake_key);
                auto records = streams.read(mapping_.source_arn, shard.shard_id, position, read_max,
                                            kEventBytesMax);
                if (!records) break;
                if (!records->empty() && mapping_.window_s > 0 && records->size() < read_max) {
                    wait("", 0, clock.now() + std::chrono::seconds(mapping_.window_s), stop);
                    records = streams.read(mapping_.source_arn, shard.shard_id, position, read_max,
                                           kEventBytesMax);
                    if (!records) break;
                }
                if (records->empty()) {
                    if (shard.closed) break;
                    wait(shard.wake_key, epoch, clock.now() + kLookAgain, stop);
                    break;
                }
                const store::Version done = deliver(*records, position, stop);
                if (done != position) save_position(shard, done);
                position = done;
            }
        }
        if (!shards->empty() && shards->back().closed) wait("", 0, clock.now() + kLookAgain, stop);
    }
}

}  // namespace millrace::lambda
