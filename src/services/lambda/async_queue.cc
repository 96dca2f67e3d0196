#include "services/lambda/async_queue.h"

#include <algorithm>
#include <utility>

#include "codec/json_writer.h"
#include "core/bytes.h"
#include "core/check.h"
#include "core/log.h"
#include "services/lambda/destinations.h"

namespace millrace::lambda {
namespace {

using Kind = contracts::InvocationResult::Kind;
constexpr uint8_t kFormat = 1;
constexpr int kRetriesMax = 2;
constexpr std::chrono::hours kAgeMax{6};
constexpr std::chrono::minutes kRetryDelays[] = {std::chrono::minutes(1), std::chrono::minutes(2)};
// Between tries of what was throttled: from a second, doubling, up to five minutes.
constexpr std::chrono::seconds kPostponedMin{1};
constexpr std::chrono::seconds kPostponedMax{300};
// In case a wake-up is lost.
constexpr std::chrono::seconds kLookAgain{30};
// What the store did not take when an event was over.
constexpr std::chrono::seconds kEndAgain{10};
constexpr int kSendTriesMax = 3;
// The runner ends what runs well before.
constexpr std::chrono::seconds kDrainMax{30};
// Of the text in a dead-letter message's attribute.
constexpr size_t kErrorMessageMax = 1024;

store::Key state_key(std::string_view id) {
    return {store::Space::kAsyncInvocations, "state", std::string(id)};
}
store::Key content_key(std::string_view id) {
    return {store::Space::kAsyncInvocations, "content", std::string(id)};
}
std::string function_arn(const AsyncEvent& event) {
    return FunctionName{event.account, event.region, event.function, {}}.arn();
}

AsyncEvent decode_state(std::string_view id, std::string_view state) {
    ByteReader reader(state);
    MR_ASSERT(reader.u8() == kFormat);
    AsyncEvent event;
    event.id = id;
    for (std::string* text : {&event.account, &event.region, &event.function, &event.qualifier})
        *text = reader.bytes();
    event.created_ms = static_cast<int64_t>(reader.u64());
    event.due_ms = static_cast<int64_t>(reader.u64());
    event.attempts = static_cast<int>(reader.u32());
    event.postponed = static_cast<int>(reader.u32());
    MR_ASSERT(reader.ok() && reader.at_end());
    return event;
}

// What destinations are told.
std::string invocation_record(const AsyncEvent& event, const Function& function,
                              std::string_view condition, TimePoint now,
                              const contracts::InvocationResult* result) {
    std::string record;
    codec::JsonWriter json(record);
    json.begin_object();
    json.member("version", "1.0");
    json.member("timestamp", format_iso8601_ms(now));
    json.key("requestContext");
    json.begin_object();
    json.member("requestId", event.id);
    json.member("functionArn", event.qualifier.empty() ? function.arn() + ":" + std::string(kLatest)
                                                       : function.arn() + ":" + event.qualifier);
    json.member("condition", condition);
    const bool succeeded = result != nullptr && result->kind == Kind::kOk;
    json.member("approximateInvokeCount", event.attempts + (succeeded ? 1 : 0));
    json.end_object();
    json.key("requestPayload");
    json.raw(event.payload);
    if (result != nullptr) {
        json.key("responseContext");
        json.begin_object();
        json.member("statusCode", 200);
        json.member("executedVersion", function.version);
        if (!succeeded) json.member("functionError", "Unhandled");
        json.end_object();
        json.key("responsePayload");
        json.raw(result->payload.empty() ? "null" : result->payload);
    }
    json.end_object();
    return record;
}

}  // namespace

std::string encode_state(const AsyncEvent& event) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text :
         {&event.account, &event.region, &event.function, &event.qualifier})
        append_bytes(out, *text);
    append_u64(out, static_cast<uint64_t>(event.created_ms));
    append_u64(out, static_cast<uint64_t>(event.due_ms));
    append_u32(out, static_cast<uint32_t>(event.attempts));
    append_u32(out, static_cast<uint32_t>(event.postponed));
    return out;
}

std::string encode_content(const AsyncEvent& event) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, event.client_context);
    append_bytes(out, event.payload);
    return out;
}

AsyncEvent decode_event(std::string_view id, std::string_view state, std::string_view content) {
    AsyncEvent event = decode_state(id, state);
    ByteReader reader(content);
    MR_ASSERT(reader.u8() == kFormat);
    event.client_context = reader.bytes();
    event.payload = reader.bytes();
    MR_ASSERT(reader.ok() && reader.at_end());
    return event;
}

bool AsyncQueue::enqueue(store::Txn& txn, const AsyncEvent& event) {
    {
        const MutexLock lock(mutex_);
        if (size_ >= kEventsMax) return false;
    }
    add(txn, event);
    return true;
}

void AsyncQueue::add(store::Txn& txn, const AsyncEvent& event) {
    txn.put(state_key(event.id), encode_state(event));
    txn.put(content_key(event.id), encode_content(event));
    txn.on_commit(
        [this, arn = function_arn(event), due = event.due_ms, id = event.id](store::Version) {
            const MutexLock lock(mutex_);
            size_ += functions_[arn].waiting.emplace(due, id).second ? 1 : 0;
        });
}

void AsyncQueue::start() {
    load();
    service_.parts().lanes.start("asynchronous events",
                                 [this](const std::atomic<bool>& stop) { dispatch(stop); });
}

// Events that were enqueued since the server listens are found again here; the set has each once.
void AsyncQueue::load() {
    service_.parts().store.run([&](store::Txn& txn) {
        txn.scan_space(
            store::Space::kAsyncInvocations, "state", "", "statf",
            [&](std::string_view, std::string_view id, std::string_view row) {
                const AsyncEvent event = decode_state(id, row);
                const MutexLock lock(mutex_);
                size_ +=
                    functions_[function_arn(event)].waiting.emplace(event.due_ms, event.id).second
                        ? 1
                        : 0;
                return true;
            });
        return store::TxnDecision::kRollback;
    });
}

void AsyncQueue::dispatch(const std::atomic<bool>& stop) {
    contracts::WakeHub& hub = service_.parts().hub;
    const std::string key(kWakeKey);
    const std::string stop_key(contracts::kLanesStopKey);
    while (!stop) {
        const WatchedKeys keys{{key, hub.epoch(key)}, {stop_key, hub.epoch(stop_key)}};
        if (stop) break;
        service_.pauses().wait(keys, step());
    }
    drain();
}

// What failed may have been cut off by the stop: it stays as it was.
void AsyncQueue::drain() {
    const std::string key(kWakeKey);
    const TimePoint end = service_.parts().clock.now() + kDrainMax;
    while (service_.parts().clock.now() < end) {
        const WatchedKeys keys{{key, service_.parts().hub.epoch(key)}};
        std::deque<Finished> finished;
        {
            const MutexLock lock(mutex_);
            finished.swap(finished_);
        }
        // The store did not take these a moment ago: they run again, as logged.
        for (const Ending& ending : endings_) release(ending.event);
        endings_.clear();
        for (const Finished& one : finished) {
            if (one.result.kind == Kind::kOk) {
                settle(one);
            } else {
                release(one.event);
            }
        }
        {
            const MutexLock lock(mutex_);
            if (taken_.empty()) return;
        }
        service_.pauses().wait(keys, end);
    }
}

TimePoint AsyncQueue::step() {
    std::deque<Finished> finished;
    {
        const MutexLock lock(mutex_);
        finished.swap(finished_);
    }
    for (const Finished& one : finished) settle(one);
    const TimePoint now = service_.parts().clock.now();
    for (Ending& ending : std::exchange(endings_, {})) {
        if (ending.due > now) {
            endings_.push_back(std::move(ending));
        } else {
            end(std::move(ending));
        }
    }
    while (const auto id = take(now)) {
        if (auto event = read(*id)) begin(*std::move(event));
    }
    TimePoint next = now + kLookAgain;
    for (const Ending& ending : endings_) next = std::min(next, ending.due);
    const MutexLock lock(mutex_);
    for (const auto& [arn, of] : functions_) {
        // Where there is no room, a result will wake.
        if (of.waiting.empty() || of.running >= kRunningOfFunctionMax) continue;
        if (taken_.size() < kRunningMax)
            next = std::min(next, from_epoch_ms(of.waiting.begin()->first));
    }
    return next;
}

size_t AsyncQueue::size() {
    const MutexLock lock(mutex_);
    return size_;
}

// The functions take turns.
std::optional<std::string> AsyncQueue::take(TimePoint now) {
    const MutexLock lock(mutex_);
    if (taken_.size() >= kRunningMax) return std::nullopt;
    auto at = functions_.upper_bound(last_served_);
    for (size_t i = 0; i < functions_.size(); ++i, ++at) {
        if (at == functions_.end()) at = functions_.begin();
        OfFunction& of = at->second;
        if (of.running >= kRunningOfFunctionMax || of.waiting.empty()) continue;
        const auto first = of.waiting.begin();
        if (from_epoch_ms(first->first) > now) continue;
        std::string id = first->second;
        of.waiting.erase(first);
        of.running += 1;
        taken_[id] = at->first;
        last_served_ = at->first;
        return id;
    }
    return std::nullopt;
}

void AsyncQueue::release(const AsyncEvent& event) {
    const MutexLock lock(mutex_);
    const auto taken = taken_.find(event.id);
    const auto of = functions_.find(taken->second);
    of->second.running -= 1;
    size_ -= 1;
    if (of->second.running == 0 && of->second.waiting.empty()) functions_.erase(of);
    taken_.erase(taken);
}

std::optional<AsyncEvent> AsyncQueue::read(const std::string& id) {
    std::optional<AsyncEvent> event;
    const auto read = service_.parts().store.run([&](store::Txn& txn) {
        event.reset();
        const auto state = txn.get(state_key(id));
        const auto content = txn.get(content_key(id));
        if (state && content) event = decode_event(id, *state, *content);
        return store::TxnDecision::kRollback;
    });
    // Nothing runs that a power cut could take back.
    const bool durable =
        read.status == store::CommitStatus::kOk && service_.parts().store.wait_durable(read.ticket);
    if (event && durable) return event;
    AsyncEvent gone;
    gone.id = id;
    release(gone);
    return std::nullopt;
}

EventInvokeConfig AsyncQueue::config_of(const AsyncEvent& event, const Function& function) {
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    service_.parts().store.read(event_invoke_config_key(function, event.qualifier), row, ticket);
    return row ? decode_event_invoke_config(*row) : EventInvokeConfig();
}

namespace {

// A destination that is not reached is logged, and the event is done all the same.
void report_unreached(const AsyncEvent& event, const std::string& arn, const std::string& why) {
    log::warn("the event {} of {}: {} was not reached: {}", event.id, event.function, arn, why);
}

TimePoint expiry(const AsyncEvent& event, const EventInvokeConfig& config) {
    return from_epoch_ms(event.created_ms) + (config.age_max_s > 0
                                                  ? Duration(std::chrono::seconds(config.age_max_s))
                                                  : Duration(kAgeMax));
}

}  // namespace

void AsyncQueue::begin(AsyncEvent event) {
    std::optional<Target> target;
    service_.parts().store.run([&](store::Txn& txn) {
        target = service_.resolve(txn, event.target(), service_.parts().rng);
        return store::TxnDecision::kRollback;
    });
    if (!target) {
        log::warn("the event {} is dropped: there is no {}", event.id, event.target().arn());
        return end({std::move(event), {}, {}, {}});
    }
    const EventInvokeConfig config = config_of(event, target->function);
    if (service_.parts().clock.now() >= expiry(event, config))
        return finish(event, target->function, config, "EventAgeExceeded", nullptr);
    contracts::Invocation invocation;
    invocation.request_id = event.id;
    invocation.payload = event.payload;
    invocation.client_context = event.client_context;
    invocation.invoked_arn = target->invoked_arn;
    auto spec = target->function.spec();
    service_.invoker().run(std::move(spec), target->reserved_concurrency, std::move(invocation),
                           [this, event = std::move(event), function = std::move(target->function)](
                               contracts::InvocationResult result) {
                               {
                                   const MutexLock lock(mutex_);
                                   finished_.push_back({event, function, std::move(result)});
                               }
                               service_.parts().hub.signal(kWakeKey);
                           });
}

void AsyncQueue::settle(const Finished& finished) {
    AsyncEvent event = finished.event;
    const EventInvokeConfig config = config_of(event, finished.function);
    const TimePoint now = service_.parts().clock.now();
    const TimePoint end = expiry(event, config);
    switch (finished.result.kind) {
        case Kind::kOk:
            return finish(event, finished.function, config, "Success", &finished.result);
        case Kind::kFunctionError: {
            event.postponed = 0;
            event.attempts += 1;
            const int retries = config.retries_max < 0 ? kRetriesMax : config.retries_max;
            if (event.attempts > retries) {
                return finish(event, finished.function, config, "RetriesExhausted",
                              &finished.result);
            }
            const Duration delay = kRetryDelays[event.attempts == 1 ? 0 : 1];
            return postpone(std::move(event), std::min(now + delay, end));
        }
        case Kind::kThrottled:
        case Kind::kStartFailed: {
            const Duration delay = std::min<Duration>(
                kPostponedMin * (1 << std::min(event.postponed, 10)), kPostponedMax);
            event.postponed += 1;
            return postpone(std::move(event), std::min(now + delay, end));
        }
    }
}

void AsyncQueue::postpone(AsyncEvent event, TimePoint due) {
    event.due_ms = epoch_ms(due);
    const auto written = service_.parts().store.run([&](store::Txn& txn) {
        txn.put(state_key(event.id), encode_state(event));
        return store::TxnDecision::kCommit;
    });
    if (written.status != store::CommitStatus::kOk) {
        log::warn("the event {} of {}: its attempt {} is not stored, a restart will repeat it",
                  event.id, event.function, event.attempts);
    }
    const MutexLock lock(mutex_);
    const auto taken = taken_.find(event.id);
    OfFunction& of = functions_[taken->second];
    of.running -= 1;
    of.waiting.emplace(event.due_ms, event.id);
    taken_.erase(taken);
}

void AsyncQueue::finish(const AsyncEvent& event, const Function& function,
                        const EventInvokeConfig& config, std::string_view condition,
                        const contracts::InvocationResult* result) {
    const bool succeeded = result != nullptr && result->kind == Kind::kOk;
    const std::string& destination = succeeded ? config.on_success : config.on_failure;
    const TimePoint now = service_.parts().clock.now();
    Ending ending{event, function, {}, {}};
    if (!destination.empty()) {
        std::string record = invocation_record(event, function, condition, now, result);
        if (is_queue_arn(destination)) {
            ending.messages.push_back({destination, std::move(record), {}});
        } else if (record.size() > kPayloadBytesMax) {
            report_unreached(event, destination,
                             fmt::format("the record has {} bytes, {} are the limit", record.size(),
                                         kPayloadBytesMax));
        } else if (!service_.role_may(function, destination, {"lambda:InvokeFunction"})) {
            report_unreached(event, destination, "the execution role may not invoke it");
        } else {
            const FunctionName name =
                parse_function_name(destination, function.account, function.region);
            AsyncEvent& follow_up = ending.follow_up.emplace();
            follow_up.id = service_.parts().rng.uuid();
            follow_up.account = name.account;
            follow_up.region = name.region;
            follow_up.function = name.name;
            follow_up.qualifier = name.qualifier;
            follow_up.created_ms = follow_up.due_ms = epoch_ms(now);
            follow_up.payload = std::move(record);
        }
    }
    if (!succeeded && !function.dead_letter_arn.empty()) {
        std::string error = result == nullptr ? std::string(condition) : result->payload;
        if (error.empty()) error = condition;
        ending.messages.push_back(
            {function.dead_letter_arn,
             event.payload,
             {{"RequestID", "String", event.id},
              {"ErrorCode", "Number", "200"},
              {"ErrorMessage", "String", error.substr(0, kErrorMessageMax)}}});
    }
    end(std::move(ending));
}

// Whether nothing is left to send.
bool AsyncQueue::send(Ending& ending) {
    std::erase_if(ending.messages, [&](const Ending::Message& message) {
        const auto sent = send_to_queue(service_, ending.function, message.queue_arn, message.body,
                                        message.attributes);
        if (sent) return true;
        // Its own fault, or for too long not.
        const bool refused = sent.error().http_status < 500 || ending.tries >= kSendTriesMax;
        if (refused) report_unreached(ending.event, message.queue_arn, sent.error().message);
        return refused;
    });
    return ending.messages.empty();
}

void AsyncQueue::end(Ending ending) {
    const bool sent = send(ending);
    store::RunResult forgotten;
    if (sent) {
        forgotten = service_.parts().store.run([&](store::Txn& txn) {
            txn.erase(state_key(ending.event.id));
            txn.erase(content_key(ending.event.id));
            // In the place of the event, however full it is.
            if (ending.follow_up) add(txn, *ending.follow_up);
            return store::TxnDecision::kCommit;
        });
    }
    if (sent && forgotten.status == store::CommitStatus::kOk) {
        release(ending.event);
        if (ending.follow_up) service_.parts().hub.signal(kWakeKey);
        return;
    }
    if (ending.tries == 0) {
        log::warn(
            "the event {} of {}: the store does not take its end, which is tried again every {} "
            "seconds; a restart before repeats the event",
            ending.event.id, ending.event.function, kEndAgain.count());
    }
    ending.tries += 1;
    ending.due = service_.parts().clock.now() + kEndAgain;
    endings_.push_back(std::move(ending));
}

}  // namespace millrace::lambda
