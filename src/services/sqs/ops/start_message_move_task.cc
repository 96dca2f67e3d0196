// StartMessageMoveTask: moves a dead-letter queue's messages back, or to another queue.
//
// IAM:     sqs:StartMessageMoveTask, ReceiveMessage, DeleteMessage and GetQueueAttributes on the
//          source, sqs:SendMessage on the destination when it is named.
// Errors:  no such queues (404); not a dead-letter queue; a task of the queue runs already.
// Source:  SQS API Reference, StartMessageMoveTask.
#include "core/bytes.h"
#include "services/sqs/errors.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

bool names_a_source(store::Txn& txn, const Queue& dead_letters) {
    const std::string arn = dead_letters.arn();
    bool named = false;
    txn.scan(
        {store::Space::kQueues, queue_partition(dead_letters.account, dead_letters.region), "", ""},
        [&](std::string_view, std::string_view row) {
            const Queue queue = decode_queue(row);
            named = queue.redrive && queue.redrive->dead_letter_arn == arn;
            return !named;
        });
    return named;
}

}  // namespace

Result<void> StartMessageMoveTask::check(const Input& input) {
    if (!input.source_arn || input.source_arn->empty())
        return errors::missing_parameter("SourceArn");
    if (input.max_number_of_messages_per_second &&
        (*input.max_number_of_messages_per_second < 1 ||
         *input.max_number_of_messages_per_second > 500)) {
        return errors::invalid_value(std::to_string(*input.max_number_of_messages_per_second),
                                     "MaxNumberOfMessagesPerSecond",
                                     "Must be between 1 and 500, if provided.");
    }
    return {};
}

Result<void> StartMessageMoveTask::authorize(SqsService& service, OpContext& context,
                                             const Input& input, AuthzRequests& requests) {
    if (!input.source_arn || input.source_arn->empty())
        return errors::missing_parameter("SourceArn");
    for (const std::string_view action : {"sqs:StartMessageMoveTask", "sqs:ReceiveMessage",
                                          "sqs:DeleteMessage", "sqs:GetQueueAttributes"}) {
        MR_CHECK_OK(
            authorize_arn(service, context, "SourceArn", *input.source_arn, action, requests));
    }
    if (!input.destination_arn) return {};
    return authorize_arn(service, context, "DestinationArn", *input.destination_arn,
                         "sqs:SendMessage", requests);
}

Outcome<StartMessageMoveTask::Output> StartMessageMoveTask::run(SqsService& service,
                                                                OpContext& context,
                                                                const Input& input) {
    const auto source = service.find_by_arn(context.txn(), *input.source_arn);
    if (!source) return errors::no_such_resource("SourceArn");
    if (!names_a_source(context.txn(), *source->queue)) return errors::not_a_dead_letter_queue();
    MoveTask task;
    if (input.destination_arn) {
        const auto target = service.find_by_arn(context.txn(), *input.destination_arn);
        if (!target) return errors::no_such_resource("DestinationArn");
        if (target->queue->id == source->queue->id || target->queue->fifo != source->queue->fifo) {
            return errors::invalid_parameter(
                "The destination must be another queue of the same type as the source.");
        }
        task.destination_arn = *input.destination_arn;
    }
    uint64_t id = static_cast<uint64_t>(context.now().time_since_epoch().count());
    const std::vector<MoveTask> earlier = move_tasks_of(context.txn(), *source->queue);
    if (!earlier.empty()) {
        if (earlier.front().status == MoveStatus::kRunning) return errors::move_task_running();
        id = std::max(id, ByteReader(earlier.front().id).u64() + 1);
    }
    for (size_t i = kMoveTasksKept - 1; i < earlier.size(); ++i)
        forget_move_task(context.txn(), earlier[i]);
    append_u64(task.id, id);
    task.source_id = source->queue->id;
    task.source_arn = source->queue->arn();
    task.per_second = input.max_number_of_messages_per_second.value_or(0);
    task.started_ms = epoch_ms(context.now());
    task.to_move = source->live->index.counts(task.started_ms).visible;
    save_move_task(context.txn(), task);
    context.wake(std::string(kMoveWakeKey));
    Output output;
    output.task_handle = task_handle(task);
    return output;
}

}  // namespace millrace::sqs
