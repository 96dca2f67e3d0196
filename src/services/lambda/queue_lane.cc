#include "services/lambda/queue_lane.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "core/log.h"

namespace millrace::lambda {
namespace {

using Kind = contracts::InvocationResult::Kind;
// Batches of one mapping that are worked on at the same time, unless it says how many. Lambda's own
// limit is 1000 (1250); this is one machine, and environments are for all functions.
constexpr int kLanesDefault = 40;
// Lanes that wait for messages at the same time: more than one spares starting a thread per batch.
constexpr int kWaitingMax = 2;
constexpr std::chrono::seconds kThrottledPause{1};
// Of one receive, as ReceiveMessage has it: what does not fit into an event waits in the lane.
constexpr int kReceiveMax = 10;

std::string record_json(const contracts::QueueMessage& message, const Mapping& mapping) {
    std::string record;
    codec::JsonWriter json(record);
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
    json.member("eventSourceARN", mapping.source_arn);
    json.member("awsRegion", mapping.region);
    json.end_object();
    return record;
}

int lanes_max(const Mapping& mapping) {
    return mapping.concurrency_max > 0 ? mapping.concurrency_max : kLanesDefault;
}

}  // namespace

bool QueueLane::start(const std::shared_ptr<MappingRun>& run) {
    return run->start_lane([run](const std::atomic<bool>& stop) { QueueLane(run, stop).run(); });
}

void QueueLane::start_first(const std::shared_ptr<MappingRun>& run) {
    {
        const MutexLock lock(run->mutex);
        run->crew = {.lanes = 1, .waiting = 1, .lanes_max = lanes_max(run->mapping)};
    }
    start(run);
}

void QueueLane::begin_work() {
    bool another = false;
    {
        const MutexLock lock(run_->mutex);
        MappingRun::Crew& crew = run_->crew;
        crew.waiting -= 1;
        another = crew.waiting == 0 && crew.lanes < crew.lanes_max;
        if (another) {
            crew.lanes += 1;
            crew.waiting += 1;
        }
    }
    if (another && !start(run_)) {
        const MutexLock lock(run_->mutex);
        run_->crew.lanes -= 1;
        run_->crew.waiting -= 1;
    }
}

bool QueueLane::end_work(Worked worked) {
    const MutexLock lock(run_->mutex);
    MappingRun::Crew& crew = run_->crew;
    if (worked == Worked::kThrottled) {
        crew.lanes_max = std::max(1, crew.lanes_max - 1);
    } else if (crew.lanes_max < lanes_max(mapping_)) {
        crew.lanes_max += 1;
    }
    if (crew.lanes > crew.lanes_max || (crew.waiting >= kWaitingMax && batch_.empty())) {
        crew.lanes -= 1;
        return false;
    }
    crew.waiting += 1;
    return true;
}

void QueueLane::run() {
    contracts::QueueReader& queues = service_.parts().queues;
    while (!stopped()) {
        const auto facts = queues.describe(mapping_.source_arn);
        std::string problem;
        const auto target =
            facts
                ? find_target({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
                              facts->policy, problem)
                : std::nullopt;
        if (!target) {
            wait_for(kLookAgain);
            continue;
        }
        if (!collect(*facts)) {
            wait_for(kLookAgain);
            continue;
        }
        if (batch_.empty() || stopped()) continue;
        begin_work();
        const Worked worked = work(*target);
        // The pause comes before this lane takes messages again.
        if (worked == Worked::kThrottled) wait_for(kThrottledPause);
        if (!end_work(worked)) return;
    }
}

bool QueueLane::collect(const contracts::QueueFacts& facts) {
    const Clock& clock = service_.parts().clock;
    keep_leftovers(facts);
    size_t bytes = 0;
    for (const Taken& taken : batch_) bytes += taken.record.size();
    TimePoint window_end =
        batch_.empty() ? TimePoint{} : clock.now() + std::chrono::seconds(mapping_.window_s);
    while (!stopped()) {
        const int space = mapping_.batch_size - static_cast<int>(batch_.size());
        if (space <= 0 || bytes >= kEventBytesMax) return true;
        const uint64_t seen = epoch(facts.wake_key);
        std::optional<TimePoint> next_visible;
        auto received = service_.parts().queues.receive(mapping_.source_arn,
                                                        std::min(space, kReceiveMax), next_visible);
        if (!received) return !batch_.empty();
        if (batch_.empty()) window_end = clock.now() + std::chrono::seconds(mapping_.window_s);
        const size_t before = batch_.size();
        for (auto& message : *received) {
            std::string record = record_json(message, mapping_);
            batch_.push_back({std::move(message), std::move(record)});
        }
        drop_filtered(before);
        for (size_t i = before; i < batch_.size(); ++i) bytes += batch_[i].record.size();
        if (!received->empty()) continue;  // there may be more
        if (!batch_.empty() && clock.now() >= window_end) return true;
        TimePoint until = batch_.empty() ? clock.now() + kLookAgain : window_end;
        if (next_visible) until = std::min(until, *next_visible);
        wait(facts.wake_key, seen, until);
        if (batch_.empty()) return true;  // the function is looked at anew
    }
    return true;
}

void QueueLane::keep_leftovers(const contracts::QueueFacts& facts) {
    if (batch_.empty()) return;
    std::vector<std::string> handles;
    for (const Taken& taken : batch_) handles.push_back(taken.message.receipt_handle);
    if (!service_.parts().queues.set_visibility(mapping_.source_arn, handles,
                                                facts.visibility_timeout_seconds))
        batch_.clear();
}

void QueueLane::drop_filtered(size_t from) {
    if (run_->filter.empty()) return;
    std::vector<std::string> dropped;
    const auto first = batch_.begin() + static_cast<std::ptrdiff_t>(from);
    batch_.erase(std::remove_if(first, batch_.end(),
                                [&](const Taken& taken) {
                                    const auto record = codec::parse_json(taken.record);
                                    if (record && run_->filter.passes_message(*record))
                                        return false;
                                    dropped.push_back(taken.message.receipt_handle);
                                    return true;
                                }),
                 batch_.end());
    remove(dropped);
}

void QueueLane::remove(const std::vector<std::string>& handles) {
    if (handles.empty()) return;
    if (const auto removed = service_.parts().queues.remove(mapping_.source_arn, handles);
        !removed) {
        log::warn("mapping {}: deleting {} messages failed, they will come again: {}",
                  mapping_.uuid, handles.size(), removed.error().message);
    }
}

QueueLane::Worked QueueLane::work(const Target& target) {
    std::string event = "{\"Records\":[";
    size_t count = 0;
    while (count < batch_.size()) {
        const std::string& record = batch_[count].record;
        if (count > 0 && event.size() + record.size() + 3 > kEventBytesMax) break;
        if (count > 0) event += ',';
        event += record;
        count += 1;
    }
    event += "]}";
    std::vector<Taken> batch(std::make_move_iterator(batch_.begin()),
                             std::make_move_iterator(batch_.begin() + count));
    batch_.erase(batch_.begin(), batch_.begin() + count);
    const contracts::InvocationResult result = invoke(target, std::move(event));
    BatchOutcome outcome;
    outcome.all_failed = result.kind != Kind::kOk;
    if (!outcome.all_failed && mapping_.partial_failures) {
        std::vector<std::string> identifiers;
        for (const Taken& taken : batch) identifiers.push_back(taken.message.message_id);
        outcome = read_batch_answer(result.payload, identifiers);
    }
    std::vector<std::string> handles;
    for (const Taken& taken : batch) {
        const bool failed =
            outcome.all_failed || std::find(outcome.failed.begin(), outcome.failed.end(),
                                            taken.message.message_id) != outcome.failed.end();
        if (!failed) handles.push_back(taken.message.receipt_handle);
    }
    remove(handles);
    // What failed comes back with the visibility timeout; what is behind it in a FIFO queue, too.
    const bool failed = handles.size() < batch.size();
    if (failed && mapping_.of_fifo_queue()) batch_.clear();
    if (result.kind == Kind::kThrottled || result.kind == Kind::kStartFailed)
        return Worked::kThrottled;
    return failed ? Worked::kFailed : Worked::kDone;
}

}  // namespace millrace::lambda
