#include "services/sqs/move_tasks.h"

#include <algorithm>

#include "codec/base64.h"
#include "core/bytes.h"
#include "core/check.h"
#include "services/sqs/delivery.h"

namespace millrace::sqs {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kIdBytes = 8;
constexpr size_t kMessagesPerStep = 100;

std::string sort_of(const MoveTask& task) { return task.source_id + task.id; }

}  // namespace

std::string_view to_text(MoveStatus status) {
    switch (status) {
        case MoveStatus::kRunning:
            return "RUNNING";
        case MoveStatus::kCompleted:
            return "COMPLETED";
        case MoveStatus::kCancelled:
            return "CANCELLED";
        case MoveStatus::kFailed:
            break;
    }
    return "FAILED";
}

std::string encode_move_task(const MoveTask& task) {
    std::string out;
    append_u8(out, kFormat);
    append_u8(out, static_cast<uint8_t>(task.status));
    for (const int64_t number :
         {int64_t{task.per_second}, task.moved, task.to_move, task.started_ms}) {
        append_u64(out, static_cast<uint64_t>(number));
    }
    for (const std::string* text :
         {&task.id, &task.source_id, &task.source_arn, &task.destination_arn, &task.failure}) {
        append_bytes(out, *text);
    }
    return out;
}

MoveTask decode_move_task(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    MoveTask task;
    task.status = static_cast<MoveStatus>(reader.u8());
    const auto number = [&] { return static_cast<int64_t>(reader.u64()); };
    task.per_second = static_cast<int>(number());
    task.moved = number();
    task.to_move = number();
    task.started_ms = number();
    for (std::string* text :
         {&task.id, &task.source_id, &task.source_arn, &task.destination_arn, &task.failure}) {
        *text = reader.bytes();
    }
    MR_ASSERT(reader.ok() && reader.at_end());
    return task;
}

std::vector<MoveTask> move_tasks_of(store::Txn& txn, const Queue& source) {
    std::vector<MoveTask> tasks;
    txn.scan({store::Space::kQueues, kMovesPartition, source.id,
              source.id + std::string(kIdBytes, '\xff'), true},
             [&](std::string_view, std::string_view row) {
                 tasks.push_back(decode_move_task(row));
                 return true;
             });
    return tasks;
}

void save_move_task(store::Txn& txn, const MoveTask& task) {
    txn.put({store::Space::kQueues, kMovesPartition, sort_of(task)}, encode_move_task(task));
}

void forget_move_task(store::Txn& txn, const MoveTask& task) {
    txn.erase({store::Space::kQueues, kMovesPartition, sort_of(task)});
}

std::string task_handle(const MoveTask& task) {
    std::string bytes;
    append_u8(bytes, kFormat);
    append_bytes(bytes, task.source_arn);
    append_bytes(bytes, task.id);
    return codec::base64_encode(bytes);
}

std::optional<TaskName> parse_task_handle(std::string_view handle) {
    const auto bytes = codec::base64_decode(handle);
    if (!bytes) return std::nullopt;
    ByteReader reader(*bytes);
    if (reader.u8() != kFormat) return std::nullopt;
    TaskName name;
    name.source_arn = reader.bytes();
    name.id = reader.bytes();
    if (!reader.ok() || !reader.at_end() || name.id.size() != kIdBytes) return std::nullopt;
    return name;
}

std::optional<TimePoint> MoveRunner::step(TimePoint now) {
    std::vector<MoveTask> running;
    service_.store().run([&](store::Txn& txn) {
        running.clear();
        txn.scan({store::Space::kQueues, kMovesPartition, "", ""},
                 [&](std::string_view, std::string_view row) {
                     MoveTask task = decode_move_task(row);
                     if (task.status == MoveStatus::kRunning) running.push_back(std::move(task));
                     return true;
                 });
        return store::TxnDecision::kRollback;
    });
    std::map<std::string, TimePoint> due;
    std::optional<TimePoint> next;
    for (const MoveTask& task : running) {
        const std::string key = sort_of(task);
        TimePoint again = now;
        if (const auto waits = due_.find(key); waits != due_.end() && waits->second > now) {
            again = waits->second;
        } else {
            const size_t count = task.per_second > 0
                                     ? std::min(kMessagesPerStep, size_t(task.per_second))
                                     : kMessagesPerStep;
            if (!move_some(task, count, now)) continue;
            // So much of a second as these messages are of a second's.
            if (task.per_second > 0)
                again = now + Duration(int64_t{1'000'000} * static_cast<int64_t>(count) /
                                       task.per_second);
        }
        due[key] = again;
        next = next ? std::min(*next, again) : again;
    }
    due_ = std::move(due);
    return next;
}

bool MoveRunner::move_some(const MoveTask& known, size_t count, TimePoint now) {
    bool more = false;
    std::vector<std::string> wakes;
    const store::RunResult result = service_.store().run([&](store::Txn& txn) {
        more = false;
        wakes.clear();
        const auto row = txn.get({store::Space::kQueues, kMovesPartition, sort_of(known)});
        if (!row) return store::TxnDecision::kRollback;
        MoveTask task = decode_move_task(*row);
        if (task.status != MoveStatus::kRunning) return store::TxnDecision::kRollback;
        const auto finish = [&](MoveStatus status, std::string failure) {
            task.status = status;
            task.failure = std::move(failure);
        };
        const auto source = service_.find_by_arn(txn, task.source_arn);
        if (!source || source->queue->id != task.source_id) {
            forget_move_task(txn, task);  // deleted, with its messages
            return store::TxnDecision::kCommit;
        }
        const int64_t now_ms = epoch_ms(now);
        const auto picked = source->live->index.reserve(static_cast<int>(count), now_ms);
        const auto give_back = [live = source->live, now_ms](const auto& messages) {
            for (const auto& message : messages) live->index.give_back(message.sequence, now_ms);
        };
        txn.on_abort([give_back, picked] { give_back(picked); });
        std::vector<QueueIndex::Picked> kept;
        for (const auto& message : picked) {
            const auto bytes = txn.get(
                {store::Space::kMessages, source->queue->id, message_sort(message.sequence)});
            if (!bytes) {
                erase_message(txn, *source, message.sequence);
                continue;
            }
            Message moved = decode_message(*bytes);
            const std::string arn =
                task.destination_arn.empty() ? moved.dead_letter_source : task.destination_arn;
            const auto target =
                arn.empty() ? Result<QueueRef>(Error()) : service_.find_by_arn(txn, arn);
            const bool possible = task.status == MoveStatus::kRunning && target &&
                                  target->queue->fifo == source->queue->fifo &&
                                  target->queue->id != source->queue->id;
            if (!possible) {
                if (task.status == MoveStatus::kRunning) {
                    finish(MoveStatus::kFailed, arn.empty()
                                                    ? "CouldNotDetermineMessageSource"
                                                    : "AWS.SimpleQueueService.NonExistentQueue");
                }
                kept.push_back(message);
                continue;
            }
            // To its receivers it is a new message.
            moved.message_id = service_.rng().uuid();
            moved.dead_letter_source.clear();
            move_message(txn, *source, message.sequence, *target, std::move(moved), false, now);
            wakes.push_back(wake_key(*target->queue));
            task.moved += 1;
        }
        txn.on_commit([give_back, kept](store::Version) { give_back(kept); });
        if (picked.empty()) finish(MoveStatus::kCompleted, {});
        save_move_task(txn, task);
        more = task.status == MoveStatus::kRunning;
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk) return true;  // try again
    for (const std::string& key : wakes) service_.hub().signal(key);
    return more;
}

}  // namespace millrace::sqs
