// FIFO queues: order by group, deduplication, sequence numbers, repeated receives.
#include <gtest/gtest.h>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

TEST(Fifo, RefusesWithTheTextsOfAws) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    EXPECT_EQ(bed.send(url, "x").text(), "The request must contain the parameter MessageGroupId.");
    EXPECT_EQ(bed.send_fifo(url, "x", "g").text(),
              "The queue should either have ContentBasedDeduplication enabled or "
              "MessageDeduplicationId provided explicitly");
    EXPECT_EQ(bed.send_fifo(url, "x", "a b", "d").text(),
              "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only "
              "include alphanumeric and punctuation characters. 1 to 128 in length.");
    EXPECT_EQ(bed.send_fifo(url, "x", "g", std::string(129, 'd')).code(), "InvalidParameterValue");
    SendMessage::Input input;
    input.queue_url = url;
    input.message_body = "x";
    input.message_group_id = "g";
    input.message_deduplication_id = "d";
    input.delay_seconds = 2;
    EXPECT_EQ(bed.call<SendMessage>(input).text(),
              "Value 2 for parameter DelaySeconds is invalid. Reason: The request include "
              "parameter that is not valid for this queue type.");
}

TEST(Fifo, SequenceNumbersGrowInTheOrderOfSending) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    const auto first = bed.send_fifo(url, "1", "g", "1");
    const auto second = bed.send_fifo(url, "2", "g", "2");
    EXPECT_EQ(first->sequence_number->size(), 20u);
    EXPECT_LT(*first->sequence_number, *second->sequence_number);
    const auto got = bed.receive(url);
    EXPECT_EQ(got[0].attributes->at("SequenceNumber"), *first->sequence_number);
    EXPECT_EQ(got[0].attributes->at("MessageGroupId"), "g");
    EXPECT_EQ(got[0].attributes->at("MessageDeduplicationId"), "1");
    bed.restart();
    EXPECT_LT(*second->sequence_number, *bed.send_fifo(url, "3", "g", "3")->sequence_number);
}

TEST(Fifo, AGroupIsClosedWhileAMessageOfItIsInFlight) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    int id = 0;
    for (const char* message : {"a1", "a2", "b1", "a3", "b2"})
        bed.send_fifo(url, message, std::string(1, message[0]), std::to_string(id++));
    const auto first = bed.receive(url, 2);
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(*first[0].body + *first[1].body, "a1a2");
    EXPECT_EQ(bed.bodies(url), "b1 b2");
    EXPECT_EQ(bed.bodies(url), "");
    EXPECT_EQ(bed.remove(url, *first[0].receipt_handle).code(), "ok");
    EXPECT_EQ(bed.bodies(url), "");  // a2 still is
    EXPECT_EQ(bed.hide(url, *first[1].receipt_handle, 0).code(), "ok");
    EXPECT_EQ(bed.bodies(url), "a2 a3");
}

TEST(Fifo, OldHandlesAreRefused) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    bed.send_fifo(url, "x", "g", "1");
    const std::string old = *bed.receive(url)[0].receipt_handle;
    bed.advance(31);
    EXPECT_EQ(bed.remove(url, old).text(), "Value " + old +
                                               " for parameter ReceiptHandle is invalid. Reason: "
                                               "The receipt handle has expired.");
    const std::string fresh = *bed.receive(url)[0].receipt_handle;
    EXPECT_EQ(bed.remove(url, old).code(), "InvalidParameterValue");
    EXPECT_EQ(bed.hide(url, old, 5).code(), "AWS.SimpleQueueService.MessageNotInflight");
    EXPECT_EQ(bed.remove(url, fresh).code(), "ok");
    EXPECT_EQ(bed.remove(url, fresh).code(), "ok");
}

TEST(Fifo, DeletingWakesReceiversOfTheGroup) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    bed.send_fifo(url, "1", "g", "1");
    bed.send_fifo(url, "2", "g", "2");
    const std::string handle = *bed.receive(url, 1)[0].receipt_handle;
    ReceiveMessage::Input input;
    input.queue_url = url;
    input.wait_time_seconds = 20;
    const auto waits = bed.call<ReceiveMessage>(input);
    ASSERT_EQ(waits.code(), "wait");
    bed.remove(url, handle);
    EXPECT_NE(bed.hub.epoch(waits.wait->key), waits.wait->epoch);
    EXPECT_EQ(bed.bodies(url), "2");
}

TEST(Deduplication, SameIdWithinFiveMinutesIsTheSameMessage) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    const auto first = bed.send_fifo(url, "x", "g", "d");
    bed.remove(url, *bed.receive(url)[0].receipt_handle);
    bed.advance(299);
    const auto again = bed.send_fifo(url, "y", "h", "d");  // another group: scope is the queue
    EXPECT_EQ(*again->message_id, *first->message_id);
    EXPECT_EQ(*again->sequence_number, *first->sequence_number);
    EXPECT_EQ(bed.bodies(url), "");
    bed.restart();
    EXPECT_EQ(*bed.send_fifo(url, "y", "h", "d")->message_id, *first->message_id);
    bed.advance(1);
    EXPECT_NE(*bed.send_fifo(url, "y", "h", "d")->message_id, *first->message_id);
    EXPECT_EQ(bed.bodies(url), "y");
    bed.sweep();
    EXPECT_EQ(bed.rows(store::Space::kDeduplication), 1u);
    bed.advance(301);
    bed.sweep();
    EXPECT_EQ(bed.rows(store::Space::kDeduplication), 0u);
}

TEST(Deduplication, ByContentAndByGroup) {
    TestBed bed;
    const std::string url =
        bed.make_queue("q.fifo", {{"ContentBasedDeduplication", "true"},
                                  {"DeduplicationScope", "messageGroup"},
                                  {"FifoThroughputLimit", "perMessageGroupId"}});
    const auto first = bed.send_fifo(url, "x", "g");
    EXPECT_EQ(*bed.send_fifo(url, "x", "g")->message_id, *first->message_id);
    EXPECT_NE(*bed.send_fifo(url, "x", "h")->message_id, *first->message_id);
    EXPECT_NE(*bed.send_fifo(url, "x", "g", "own")->message_id, *first->message_id);
    EXPECT_EQ(bed.receive(url)[0].attributes->at("MessageDeduplicationId"),
              "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
}

TEST(Fifo, TheQueuesDelayHoldsForWhatWaitsAlready) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo", {{"DelaySeconds", "10"}});
    bed.send_fifo(url, "1", "g", "1");
    EXPECT_EQ(bed.counts(url), "0/0/1");
    EXPECT_EQ(bed.set(url, "DelaySeconds", "60").code(), "ok");
    bed.advance(59);
    EXPECT_EQ(bed.bodies(url), "");
    bed.restart();
    EXPECT_EQ(bed.bodies(url), "");
    EXPECT_EQ(bed.set(url, "DelaySeconds", "0").code(), "ok");
    bed.send_fifo(url, "2", "g", "2");
    EXPECT_EQ(bed.bodies(url), "1 2");
}

TEST(Fifo, ARepeatedAttemptGivesTheSameMessages) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    for (const char* id : {"1", "2", "3"}) bed.send_fifo(url, id, "g", id);
    const auto first = bed.receive(url, 2, 30, "attempt");
    bed.advance(20);
    const auto again = bed.receive(url, 2, 30, "attempt");
    ASSERT_EQ(again.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(*again[i].receipt_handle, *first[i].receipt_handle);
        EXPECT_EQ(again[i].attributes->at("ApproximateReceiveCount"), "1");
    }
    bed.advance(20);  // hidden anew by the repetition
    EXPECT_EQ(bed.bodies(url), "");
    bed.remove(url, *first[0].receipt_handle);
    EXPECT_TRUE(bed.receive(url, 2, 30, "attempt").empty());  // something happened since
    bed.advance(11);
    EXPECT_EQ(bed.bodies(url), "2 3");
    ReceiveMessage::Input input;
    input.queue_url = url;
    input.receive_request_attempt_id = "a b";
    EXPECT_EQ(bed.call<ReceiveMessage>(input).code(), "InvalidParameterValue");
}

TEST(Fifo, DeadLettersKeepTheirGroupAndBeginAnew) {
    TestBed bed;
    const std::string dead = bed.make_queue("dead.fifo");
    const std::string url =
        bed.make_queue("q.fifo", {{"RedrivePolicy", redrive_to(arn_of("dead.fifo"), 1)}});
    bed.send_fifo(url, "1", "g", "1");
    bed.send_fifo(url, "2", "g", "2");
    EXPECT_EQ(bed.bodies(url, 1, 1), "1");
    bed.advance(2);
    EXPECT_EQ(bed.bodies(url), "2");
    const auto moved = bed.receive(dead);
    ASSERT_EQ(moved.size(), 1u);
    EXPECT_EQ(moved[0].attributes->at("MessageGroupId"), "g");
    EXPECT_EQ(moved[0].attributes->at("SentTimestamp"), "1767225602000");
}

TEST(Fifo, APurgeHoldsWhenTheClockIsSetBack) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    bed.send_fifo(url, "old", "g", "1");
    PurgeQueue::Input purge;
    purge.queue_url = url;
    bed.call<PurgeQueue>(purge);
    bed.restart();
    bed.advance(-5);
    bed.send_fifo(url, "new", "g", "2");
    bed.sweep();
    bed.restart();
    EXPECT_EQ(bed.bodies(url), "new");
}

}  // namespace
}  // namespace millrace::sqs
