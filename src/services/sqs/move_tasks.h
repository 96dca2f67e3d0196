// Message move tasks: a dead-letter queue's messages go back to where they came from, or to another
// queue, in the background. A task is a row; the sweeper runs those that run.
// Thread-safety: functions of a transaction; the runner by one thread at a time.
// Source: SQS API Reference, StartMessageMoveTask. Layout: docs/formats/sqs.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "services/sqs/service.h"

namespace millrace::sqs {

enum class MoveStatus : uint8_t { kRunning = 0, kCompleted = 1, kCancelled = 2, kFailed = 3 };
std::string_view to_text(MoveStatus status);  // "RUNNING"

struct MoveTask {
    std::string id;  // 8 bytes: its time of starting in microseconds, made unique
    std::string source_id;
    MoveStatus status = MoveStatus::kRunning;
    std::string source_arn;
    std::string destination_arn;  // empty: back to each message's source
    int per_second = 0;           // 0: as fast as it goes
    int64_t moved = 0;
    int64_t to_move = 0;  // when it was started
    int64_t started_ms = 0;
    std::string failure;
};

// Finished tasks beyond so many of one queue are forgotten.
inline constexpr size_t kMoveTasksKept = 10;
inline constexpr std::string_view kMovesPartition = "moves";  // sort: queue id, task id
// Signalled when a task was started.
inline constexpr std::string_view kMoveWakeKey = "sqs/moves";

std::string encode_move_task(const MoveTask& task);
MoveTask decode_move_task(std::string_view bytes);
// Of one queue, newest first.
std::vector<MoveTask> move_tasks_of(store::Txn& txn, const Queue& source);
void save_move_task(store::Txn& txn, const MoveTask& task);
void forget_move_task(store::Txn& txn, const MoveTask& task);

// Opaque to clients: names the queue's ARN and the task.
std::string task_handle(const MoveTask& task);
struct TaskName {
    std::string source_arn;
    std::string id;
};
std::optional<TaskName> parse_task_handle(std::string_view handle);

class MoveRunner {
public:
    explicit MoveRunner(SqsService& service) : service_(service) {}
    // A bounded piece of every running task. When to come again; nothing without running tasks.
    std::optional<TimePoint> step(TimePoint now);

private:
    // False: nothing more to do now.
    bool move_some(const MoveTask& task, size_t count, TimePoint now);

    SqsService& service_;
    std::map<std::string, TimePoint> due_;  // of tasks with a rate, by task id
};

}  // namespace millrace::sqs
