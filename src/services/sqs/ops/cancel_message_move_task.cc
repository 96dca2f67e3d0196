// CancelMessageMoveTask: ends a running task; what it moved stays moved.
// IAM: sqs:CancelMessageMoveTask on the source queue. Source: SQS API Reference,
// CancelMessageMoveTask.
#include "services/sqs/errors.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> CancelMessageMoveTask::check(const Input& input) {
    if (!input.task_handle || input.task_handle->empty())
        return errors::missing_parameter("TaskHandle");
    return {};
}

Result<void> CancelMessageMoveTask::authorize(SqsService& service, OpContext& context,
                                              const Input& input, AuthzRequests& requests) {
    const auto name = parse_task_handle(input.task_handle.value_or(""));
    if (!name) return errors::invalid_task_handle();
    return authorize_arn(service, context, "SourceArn", name->source_arn,
                         "sqs:CancelMessageMoveTask", requests);
}

Outcome<CancelMessageMoveTask::Output> CancelMessageMoveTask::run(SqsService& service,
                                                                  OpContext& context,
                                                                  const Input& input) {
    const auto name = parse_task_handle(*input.task_handle);
    if (!name) return errors::invalid_task_handle();
    const auto source = service.find_by_arn(context.txn(), name->source_arn);
    if (!source) return errors::no_such_task();
    for (MoveTask& task : move_tasks_of(context.txn(), *source->queue)) {
        if (task.id != name->id) continue;
        if (task.status != MoveStatus::kRunning) {
            return errors::invalid_parameter("Only active tasks can be cancelled.");
        }
        task.status = MoveStatus::kCancelled;
        save_move_task(context.txn(), task);
        Output output;
        output.approximate_number_of_messages_moved = task.moved;
        return output;
    }
    return errors::no_such_task();
}

}  // namespace millrace::sqs
