#include "services/lambda/stream_lane.h"

#include <algorithm>
#include <set>

#include "codec/json.h"
#include "core/log.h"
#include "services/lambda/destinations.h"

namespace millrace::lambda {
namespace {

using Kind = contracts::InvocationResult::Kind;
constexpr std::chrono::milliseconds kFirstBackOff{100};
constexpr std::chrono::seconds kLongestBackOff{60};
constexpr size_t kReadMax = 1000;

}  // namespace

// ---- coordinator ----

void StreamCoordinator::run() {
    while (!stopped()) {
        const uint64_t seen = epoch(run_->key());
        const auto shards = service_.parts().streams.shards(mapping_.source_arn);
        if (!shards) run_->note_result("PROBLEM: Stream not found: " + mapping_.source_arn);
        std::set<std::string> unfinished;
        if (shards) {
            const MutexLock lock(run_->mutex);
            for (const auto& shard : *shards) {
                if (!run_->finished.contains(shard.shard_id)) unfinished.insert(shard.shard_id);
            }
        }
        for (const std::string& id : unfinished) {
            const auto shard = std::find_if(shards->begin(), shards->end(),
                                            [&](const auto& one) { return one.shard_id == id; });
            if (unfinished.contains(shard->parent_id)) continue;
            Started& started = started_[id];
            if (started.lanes == 0 && !prepare(*shard)) break;
            start_lanes(*shard, started);
        }
        wait(run_->key(), seen, service_.parts().clock.now() + kLookAgain);
    }
}

// A shard that is met for the first time is read from its start: where LATEST begins was written
// when the mapping was made. After a change of the factor all lanes begin at the earliest of the
// older ones'.
bool StreamCoordinator::prepare(const contracts::StreamShard& shard) {
    return run_->write([&](store::Txn& txn) {
        const int lanes = mapping_.parallelization;
        const std::string partition = position_partition(mapping_);
        const std::string prefix = shard.shard_id + "/";
        std::vector<std::string> sorts;
        std::optional<store::Version> earliest;
        txn.scan({store::Space::kMappings, partition, prefix, shard.shard_id + "0"},
                 [&](std::string_view sort, std::string_view row) {
                     const store::Version version = decode_position(row);
                     earliest = earliest ? std::min(*earliest, version) : version;
                     sorts.emplace_back(sort);
                     return true;
                 });
        if (!sorts.empty() && sorts.front().starts_with(prefix + std::to_string(lanes) + "."))
            return;
        for (const std::string& sort : sorts) txn.erase({store::Space::kMappings, partition, sort});
        for (int lane = 0; lane < lanes; ++lane) {
            txn.put(position_key(mapping_, shard.shard_id, lane, lanes),
                    encode_position(earliest.value_or(store::Version{})));
        }
    });
}

void StreamCoordinator::start_lanes(const contracts::StreamShard& shard, Started& started) {
    if (!started.left) started.left = std::make_shared<std::atomic<int>>(mapping_.parallelization);
    const auto start = [&](int lane) {
        return run_->start_lane(
            [run = run_, shard, lane, left = started.left](const std::atomic<bool>& stop) {
                if (!ShardLane(run, stop, shard, lane).run() || --*left > 0) return;
                {
                    const MutexLock lock(run->mutex);
                    run->finished.insert(shard.shard_id);
                }
                run->service.parts().hub.signal(run->key());
            });
    };
    while (started.lanes < mapping_.parallelization && start(started.lanes)) started.lanes += 1;
}

// ---- one lane of a shard ----

ShardLane::ShardLane(std::shared_ptr<MappingRun> run, const std::atomic<bool>& stop,
                     contracts::StreamShard shard, int lane)
    : Lane(std::move(run), stop), shard_(std::move(shard)), lane_(lane) {
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    service_.parts().store.read(
        position_key(mapping_, shard_.shard_id, lane_, mapping_.parallelization), row, ticket);
    if (row) position_ = decode_position(*row);
    read_to_ = position_;
}

bool ShardLane::takes(const contracts::StreamRecord& record) const {
    if (mapping_.parallelization > 1 && std::hash<std::string>{}(record.key_digest) %
                                                static_cast<size_t>(mapping_.parallelization) !=
                                            static_cast<size_t>(lane_)) {
        return false;
    }
    if (run_->filter.empty()) return true;
    const auto event = codec::parse_json(record.event_json);
    return event && run_->filter.passes(*event);
}

bool ShardLane::fill() {
    const auto wanted = static_cast<size_t>(mapping_.batch_size);
    while (!stopped() && pending_.size() < wanted && pending_bytes_ < kEventBytesMax) {
        auto page = service_.parts().streams.read(mapping_.source_arn, shard_.shard_id, read_to_,
                                                  std::min(wanted, kReadMax), kEventBytesMax);
        if (!page) return false;
        if (page->read_to == read_to_) return true;
        read_to_ = page->read_to;
        for (auto& record : page->records) {
            if (!takes(record)) continue;
            pending_bytes_ += record.event_json.size() + 1;
            pending_.push_back(std::move(record));
        }
    }
    return true;
}

ShardLane::State ShardLane::look() {
    const auto shards = service_.parts().streams.shards(mapping_.source_arn);
    if (!shards) return State::kOpen;
    const auto found = std::find_if(shards->begin(), shards->end(), [&](const auto& shard) {
        return shard.shard_id == shard_.shard_id;
    });
    if (found == shards->end()) return State::kGone;
    return found->closed ? State::kClosed : State::kOpen;
}

size_t ShardLane::next_batch() const {
    size_t bytes = 0;
    size_t count = 0;
    while (count < pending_.size() && count < static_cast<size_t>(mapping_.batch_size)) {
        bytes += pending_[count].event_json.size() + 1;
        if (count > 0 && bytes + 16 > kEventBytesMax) break;
        count += 1;
    }
    return count;
}

bool ShardLane::run() {
    const Clock& clock = service_.parts().clock;
    std::optional<TimePoint> window_end;
    bool idle = false;  // the last look found nothing
    while (!stopped()) {
        const uint64_t seen = epoch(shard_.wake_key);
        // Asked before reading: what a closed shard does not have now it never will.
        const bool closed = shard_.closed || (idle && look() == State::kClosed);
        if (!fill()) {
            // Its records outlived their time unread.
            if (pending_.empty() && look() == State::kGone) return true;
            wait_for(kLookAgain);
            continue;
        }
        if (pending_.empty()) {
            if (read_to_ != position_) checkpoint(read_to_);
            if (closed) return true;
            if (!std::exchange(idle, true)) continue;
            wait(shard_.wake_key, seen, clock.now() + kLookAgain);
            continue;
        }
        const bool full = pending_.size() >= static_cast<size_t>(mapping_.batch_size) ||
                          pending_bytes_ >= kEventBytesMax;
        if (!window_end) window_end = clock.now() + std::chrono::seconds(mapping_.window_s);
        if (!full && !closed && clock.now() < *window_end) {
            wait(shard_.wake_key, seen, *window_end);
            continue;
        }
        window_end.reset();
        idle = false;
        std::vector<contracts::StreamRecord> batch;
        for (size_t left = next_batch(); left > 0; --left) {
            pending_bytes_ -= pending_.front().event_json.size() + 1;
            batch.push_back(std::move(pending_.front()));
            pending_.pop_front();
        }
        deliver(batch);
    }
    return false;
}

void ShardLane::checkpoint(store::Version done) {
    position_ = done;
    run_->write([&](store::Txn& txn) {
        txn.put(position_key(mapping_, shard_.shard_id, lane_, mapping_.parallelization),
                encode_position(done));
    });
}

ShardLane::Attempt ShardLane::attempt(const contracts::StreamRecord* first, size_t count,
                                      std::string& problem) {
    Attempt attempt;
    const auto target =
        find_target({"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"},
                    nullptr, problem);
    if (!target) return attempt;
    std::string event = "{\"Records\":[";
    for (size_t i = 0; i < count; ++i) {
        if (i > 0) event += ',';
        event += first[i].event_json;
    }
    const contracts::InvocationResult result = invoke(*target, event + "]}");
    attempt.failed = result.kind != Kind::kOk;
    attempt.counts = result.kind == Kind::kFunctionError || !attempt.failed;
    if (!attempt.failed && mapping_.partial_failures) {
        std::vector<std::string> identifiers;
        for (size_t i = 0; i < count; ++i) identifiers.push_back(first[i].sequence_number);
        const BatchOutcome outcome = read_batch_answer(result.payload, identifiers);
        attempt.failed = outcome.all_failed || !outcome.failed.empty();
        // The checkpoint is the lowest number reported.
        while (attempt.failed && !outcome.all_failed &&
               std::find(outcome.failed.begin(), outcome.failed.end(), identifiers[attempt.done]) ==
                   outcome.failed.end()) {
            attempt.done += 1;
        }
    }
    if (!attempt.failed) attempt.done = count;
    problem = !attempt.failed                   ? "OK"
              : result.kind == Kind::kThrottled ? "PROBLEM: Function throttled"
                                                : "PROBLEM: Function call failed";
    return attempt;
}

void ShardLane::discard(const contracts::StreamRecord* first, size_t count,
                        std::string_view condition, int invocations) {
    log::warn("mapping {}: {} records are discarded: {}", mapping_.uuid, count, condition);
    if (mapping_.on_failure.empty()) return;
    send_discarded(service_, mapping_, shard_.shard_id, first, count, condition, invocations);
}

void ShardLane::deliver(const std::vector<contracts::StreamRecord>& batch) {
    const Clock& clock = service_.parts().clock;
    std::deque<Range> ranges{{0, batch.size()}};
    Duration back_off = kFirstBackOff;
    const auto done_up_to = [&](size_t end) {
        // Behind the batch only records that were passed over: they are done with it.
        checkpoint(end == batch.size() && pending_.empty() ? read_to_ : batch[end - 1].version);
        back_off = kFirstBackOff;
    };
    while (!ranges.empty() && !stopped()) {
        Range& range = ranges.front();
        if (range.begin == range.end) {
            ranges.pop_front();
            continue;
        }
        size_t old = 0;
        while (mapping_.age_max_s > 0 && range.begin + old < range.end &&
               batch[range.begin + old].created + std::chrono::seconds(mapping_.age_max_s) <
                   clock.now()) {
            old += 1;
        }
        if (old > 0) {
            discard(&batch[range.begin], old, "RecordAgeExceeded", range.invocations);
            range.begin += old;
            done_up_to(range.begin);
            continue;
        }
        std::string problem;
        const Attempt result = attempt(&batch[range.begin], range.end - range.begin, problem);
        if (result.failed && stopped()) return;  // cut off, perhaps
        run_->note_result(problem);
        if (result.counts) range.invocations += 1;
        if (result.done > 0) {
            range.begin += result.done;
            range.failures = 0;
            done_up_to(range.begin);
        }
        if (!result.failed) continue;
        if (result.counts) {
            range.failures += 1;
            const size_t count = range.end - range.begin;
            if (mapping_.bisect && count > 1) {
                // Cut where the function said, or in the middle; splitting uses up no retry.
                range.failures = 0;
                if (result.done == 0) {
                    Range second = range;
                    range.end = second.begin = range.begin + count / 2;
                    ranges.insert(ranges.begin() + 1, second);
                }
                continue;
            }
            if (mapping_.retries_max >= 0 && range.failures > mapping_.retries_max) {
                discard(&batch[range.begin], count, "RetryAttemptsExhausted", range.invocations);
                done_up_to(range.end);
                ranges.pop_front();
                continue;
            }
        }
        wait_for(back_off);
        back_off = std::min<Duration>(back_off * 2, kLongestBackOff);
    }
}

}  // namespace millrace::lambda
