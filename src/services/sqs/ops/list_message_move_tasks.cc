// ListMessageMoveTasks: the newest tasks of a dead-letter queue, at most ten.
// IAM: sqs:ListMessageMoveTasks on the queue. Source: SQS API Reference, ListMessageMoveTasks.
#include "services/sqs/errors.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {

Result<void> ListMessageMoveTasks::check(const Input& input) {
    if (!input.source_arn || input.source_arn->empty())
        return errors::missing_parameter("SourceArn");
    if (input.max_results && (*input.max_results < 1 || *input.max_results > 10)) {
        return errors::invalid_value(std::to_string(*input.max_results), "MaxResults",
                                     "Must be between 1 and 10, if provided.");
    }
    return {};
}

Result<void> ListMessageMoveTasks::authorize(SqsService& service, OpContext& context,
                                             const Input& input, AuthzRequests& requests) {
    return authorize_arn(service, context, "SourceArn", input.source_arn.value_or(""),
                         "sqs:ListMessageMoveTasks", requests);
}

Outcome<ListMessageMoveTasks::Output> ListMessageMoveTasks::run(SqsService& service,
                                                                OpContext& context,
                                                                const Input& input) {
    const auto source = service.find_by_arn(context.txn(), *input.source_arn);
    if (!source) return errors::no_such_resource("SourceArn");
    Output output;
    output.results.emplace();
    for (const MoveTask& task : move_tasks_of(context.txn(), *source->queue)) {
        if (output.results->size() == static_cast<size_t>(input.max_results.value_or(1))) break;
        auto& shown = output.results->emplace_back();
        if (task.status == MoveStatus::kRunning) shown.task_handle = task_handle(task);
        shown.status = std::string(to_text(task.status));
        shown.source_arn = task.source_arn;
        if (!task.destination_arn.empty()) shown.destination_arn = task.destination_arn;
        if (task.per_second > 0) shown.max_number_of_messages_per_second = task.per_second;
        shown.approximate_number_of_messages_moved = task.moved;
        shown.approximate_number_of_messages_to_move = task.to_move;
        if (!task.failure.empty()) shown.failure_reason = task.failure;
        shown.started_timestamp = task.started_ms;
    }
    return output;
}

}  // namespace millrace::sqs
