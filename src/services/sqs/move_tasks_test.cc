#include "services/sqs/move_tasks.h"

#include <gtest/gtest.h>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

struct Queues {
    explicit Queues(TestBed& bed)
        : dead(bed.make_queue("dead")),
          source(bed.make_queue("q", {{"RedrivePolicy", redrive_to(arn_of("dead"), 1)}})) {}
    void kill(TestBed& bed, int count) const {
        for (int i = 0; i < count; ++i) bed.send(source, "m" + std::to_string(i));
        while (!bed.receive(source, 10, 0).empty()) {
        }
    }
    std::string dead;
    std::string source;
};

Answer<StartMessageMoveTask::Output> start(TestBed& bed, const std::string& source,
                                           const std::string& destination = {},
                                           std::optional<int> per_second = std::nullopt) {
    StartMessageMoveTask::Input input;
    input.source_arn = source;
    if (!destination.empty()) input.destination_arn = destination;
    input.max_number_of_messages_per_second = per_second;
    return bed.call<StartMessageMoveTask>(input);
}

model::sqs::ListMessageMoveTasksResultEntry newest(TestBed& bed) {
    ListMessageMoveTasks::Input input;
    input.source_arn = arn_of("dead");
    const auto listed = bed.call<ListMessageMoveTasks>(input);
    EXPECT_EQ(listed->results->size(), 1u);
    return listed->results->at(0);
}

TEST(MoveTasks, BringDeadLettersBackToTheirSource) {
    TestBed bed;
    const Queues queues(bed);
    queues.kill(bed, 250);
    ASSERT_EQ(bed.counts(queues.dead), "250/0/0");
    const auto started = start(bed, arn_of("dead"));
    EXPECT_FALSE(started->task_handle->empty());
    EXPECT_EQ(*newest(bed).status, "RUNNING");
    EXPECT_EQ(*newest(bed).task_handle, *started->task_handle);
    EXPECT_EQ(*newest(bed).approximate_number_of_messages_to_move, 250);
    EXPECT_EQ(start(bed, arn_of("dead")).text(),
              "There is already a task running. Only one active task is allowed for a source queue "
              "arn at a given time.");
    bed.restart();
    bed.sweep();
    EXPECT_EQ(bed.counts(queues.dead), "0/0/0");
    EXPECT_EQ(bed.counts(queues.source), "250/0/0");
    EXPECT_EQ(*newest(bed).status, "COMPLETED");
    EXPECT_EQ(*newest(bed).approximate_number_of_messages_moved, 250);
    EXPECT_FALSE(newest(bed).task_handle.has_value());
    const auto back = bed.receive(queues.source, 1);
    EXPECT_EQ(back[0].attributes->at("ApproximateReceiveCount"), "1");
    EXPECT_FALSE(back[0].attributes->contains("DeadLetterQueueSourceArn"));
}

TEST(MoveTasks, MoveToANamedQueueAtARateAndCanBeCancelled) {
    TestBed bed;
    const Queues queues(bed);
    const std::string other = bed.make_queue("other");
    queues.kill(bed, 30);
    const auto started = start(bed, arn_of("dead"), arn_of("other"), 10);
    bed.sweep();
    EXPECT_EQ(bed.counts(other), "10/0/0");
    bed.sweep();
    EXPECT_EQ(bed.counts(other), "10/0/0");
    bed.advance(1);
    bed.sweep();
    EXPECT_EQ(bed.counts(other), "20/0/0");
    CancelMessageMoveTask::Input cancel;
    cancel.task_handle = *started->task_handle;
    EXPECT_EQ(*bed.call<CancelMessageMoveTask>(cancel)->approximate_number_of_messages_moved, 20);
    bed.advance(1);
    bed.sweep();
    EXPECT_EQ(bed.counts(other), "20/0/0");
    EXPECT_EQ(*newest(bed).status, "CANCELLED");
    EXPECT_EQ(bed.call<CancelMessageMoveTask>(cancel).code(), "InvalidParameterValue");
}

TEST(MoveTasks, FailWhenAMessageHasNoSource) {
    TestBed bed;
    const Queues queues(bed);
    bed.send(queues.dead, "sent here");
    start(bed, arn_of("dead"));
    bed.sweep();
    EXPECT_EQ(*newest(bed).status, "FAILED");
    EXPECT_EQ(*newest(bed).failure_reason, "CouldNotDetermineMessageSource");
    EXPECT_EQ(bed.counts(queues.dead), "1/0/0");
}

TEST(MoveTasks, RefuseWithTheTextsOfAws) {
    TestBed bed;
    const Queues queues(bed);
    const auto nowhere = start(bed, arn_of("nowhere"));
    EXPECT_EQ(nowhere.text(),
              "The resource that you specified for the SourceArn parameter doesn't exist.");
    EXPECT_EQ(nowhere.error->http_status, 404);
    EXPECT_EQ(start(bed, arn_of("dead"), arn_of("nowhere")).text(),
              "The resource that you specified for the DestinationArn parameter doesn't exist.");
    EXPECT_EQ(start(bed, arn_of("q")).text(),
              "Source queue must be configured as a Dead Letter Queue.");
    EXPECT_EQ(start(bed, arn_of("dead"), "", 501).code(), "InvalidParameterValue");
    EXPECT_EQ(start(bed, "rubbish").code(), "InvalidParameterValue");
    CancelMessageMoveTask::Input cancel;
    cancel.task_handle = "rubbish";
    EXPECT_EQ(bed.call<CancelMessageMoveTask>(cancel).text(),
              "Value for parameter TaskHandle is invalid.");
    MoveTask unknown;
    unknown.id = std::string(8, 'x');
    unknown.source_arn = arn_of("dead");
    cancel.task_handle = task_handle(unknown);
    const auto missing = bed.call<CancelMessageMoveTask>(cancel);
    EXPECT_EQ(missing.text(), "Task does not exist.");
    EXPECT_EQ(missing.error->http_status, 404);
    ListMessageMoveTasks::Input list;
    list.source_arn = arn_of("nowhere");
    EXPECT_EQ(bed.call<ListMessageMoveTasks>(list).code(), "ResourceNotFoundException");
}

TEST(MoveTasks, KeepsTheNewestTen) {
    TestBed bed;
    const Queues queues(bed);
    for (int i = 0; i < 12; ++i) {
        EXPECT_EQ(start(bed, arn_of("dead")).code(), "ok");
        bed.sweep();
    }
    ListMessageMoveTasks::Input list;
    list.source_arn = arn_of("dead");
    list.max_results = 10;
    EXPECT_EQ(bed.call<ListMessageMoveTasks>(list)->results->size(), 10u);
}

}  // namespace
}  // namespace millrace::sqs
