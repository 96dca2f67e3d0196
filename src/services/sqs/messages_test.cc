// Messages of standard queues: sending, receiving, hiding, deleting, waiting, dead letters, purge,
// retention; refusals with their texts.
#include <gtest/gtest.h>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

TEST(SendMessage, ComesBackWithItsDigestsAndSystemAttributes) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    SendMessage::Input input;
    input.queue_url = url;
    input.message_body = "hello";
    auto& name = input.message_attributes.emplace()["name"];
    name.data_type = "String";
    name.string_value = "value";
    auto& blob = (*input.message_attributes)["blob"];
    blob.data_type = "Binary.png";
    blob.binary_value = std::string("\0\1", 2);
    auto& trace = input.message_system_attributes.emplace()["AWSTraceHeader"];
    trace.data_type = "String";
    trace.string_value = "Root=1-5e3d";
    const auto sent = bed.call<SendMessage>(input);
    EXPECT_EQ(*sent->md5_of_message_body, "5d41402abc4b2a76b9719d911017c592");
    EXPECT_TRUE(sent->md5_of_message_system_attributes.has_value());
    EXPECT_FALSE(sent->sequence_number.has_value());
    bed.advance(2);
    const auto got = bed.receive(url);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(*got[0].message_id, *sent->message_id);
    EXPECT_EQ(*got[0].body, "hello");
    EXPECT_EQ(*got[0].md5_of_body, *sent->md5_of_message_body);
    EXPECT_EQ(*got[0].md5_of_message_attributes, *sent->md5_of_message_attributes);
    EXPECT_EQ(got[0].message_attributes->at("blob").binary_value, std::string("\0\1", 2));
    EXPECT_EQ(*got[0].attributes, (std::map<std::string, std::string>{
                                      {"SenderId", "123456789012"},
                                      {"SentTimestamp", "1767225600000"},
                                      {"ApproximateReceiveCount", "1"},
                                      {"ApproximateFirstReceiveTimestamp", "1767225602000"},
                                      {"AWSTraceHeader", "Root=1-5e3d"}}));
}

TEST(SendMessage, RefusesWithTheTextsOfAws) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    EXPECT_EQ(bed.send(url, "").text(), "The request must contain the parameter MessageBody.");
    EXPECT_EQ(bed.send(url, std::string(1'048'577, 'x')).text(),
              "One or more parameters are invalid. Reason: Message must be shorter than 1048576 "
              "bytes.");
    EXPECT_EQ(bed.send(url, std::string(1'048'576, 'x')).code(), "ok");
    EXPECT_EQ(bed.send(url, std::string("a\0b", 3)).code(), "InvalidMessageContents");
    EXPECT_EQ(bed.send(url, "\xef\xbf\xbe").code(), "InvalidMessageContents");
    EXPECT_EQ(bed.send(url, "\xf0\x9f\x98\x80\t\r\n\x7f").code(), "ok");
    EXPECT_EQ(bed.send(url, "x", 901).code(), "InvalidParameterValue");
    SendMessage::Input input;
    input.queue_url = url;
    input.message_body = "x";
    const auto with = [&](const std::string& attribute, const std::string& type,
                          const std::string& value) {
        input.message_attributes.emplace();
        auto& given = (*input.message_attributes)[attribute];
        given.data_type = type;
        if (!value.empty()) given.string_value = value;
        return bed.call<SendMessage>(input);
    };
    EXPECT_EQ(with("n", "String", "").text(),
              "Message (user) attribute 'n' must contain a non-empty value of type 'String'.");
    EXPECT_EQ(with("n", "Number", "12a").code(), "InvalidParameterValue");
    EXPECT_EQ(with("n", "Number", "-1.5e3").code(), "ok");
    EXPECT_EQ(with("n", "Float", "1").code(), "InvalidParameterValue");
    EXPECT_EQ(with("AWS.x", "String", "1").code(), "InvalidParameterValue");
    EXPECT_EQ(with(".x", "String", "1").code(), "InvalidParameterValue");
    EXPECT_EQ(with("a..x", "String", "1").code(), "InvalidParameterValue");
    EXPECT_EQ(with("a", "String.custom", "1").code(), "ok");
    input.message_attributes.emplace();
    for (int i = 0; i < 11; ++i) {
        auto& given = (*input.message_attributes)["a" + std::to_string(i)];
        given.data_type = "String";
        given.string_value = "1";
    }
    EXPECT_EQ(bed.call<SendMessage>(input).code(), "InvalidParameterValue");
    input.message_attributes.reset();
    input.message_deduplication_id = "d";
    EXPECT_EQ(bed.call<SendMessage>(input).code(), "InvalidParameterValue");
}

TEST(SendMessage, GroupOnAStandardQueueIsOnlyShown) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    EXPECT_EQ(bed.send_fifo(url, "1", "g").code(), "ok");
    EXPECT_EQ(bed.send_fifo(url, "2", "g").code(), "ok");
    EXPECT_EQ(bed.receive(url, 1)[0].attributes->at("MessageGroupId"), "g");
    EXPECT_EQ(bed.receive(url, 1).size(), 1u);
}

TEST(Delay, OfTheQueueAndOfTheMessage) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"DelaySeconds", "10"}});
    bed.send(url, "queue");
    bed.send(url, "none", 0);
    bed.send(url, "own", 20);
    EXPECT_EQ(bed.counts(url), "1/0/2");
    EXPECT_EQ(bed.bodies(url), "none");
    bed.advance(10);
    EXPECT_EQ(bed.bodies(url), "queue");
    bed.advance(10);
    EXPECT_EQ(bed.bodies(url), "own");
}

TEST(ReceiveMessage, HidesUntilTheTimeoutAndCountsReceives) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    const auto first = bed.receive(url);
    EXPECT_EQ(bed.counts(url), "0/1/0");
    bed.advance(29);
    EXPECT_TRUE(bed.receive(url).empty());
    bed.advance(1);
    const auto second = bed.receive(url);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_NE(*first[0].receipt_handle, *second[0].receipt_handle);
    EXPECT_EQ(second[0].attributes->at("ApproximateReceiveCount"), "2");
    EXPECT_EQ(second[0].attributes->at("ApproximateFirstReceiveTimestamp"),
              first[0].attributes->at("ApproximateFirstReceiveTimestamp"));
    // The older handle of a standard queue still deletes.
    EXPECT_EQ(bed.remove(url, *first[0].receipt_handle).code(), "ok");
    EXPECT_EQ(bed.counts(url), "0/0/0");
    EXPECT_EQ(bed.remove(url, *second[0].receipt_handle).code(), "ok");
    EXPECT_EQ(bed.rows(store::Space::kMessages), 0u);
}

TEST(ReceiveMessage, ATimeoutOfZeroCountsButDoesNotHide) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    EXPECT_EQ(bed.bodies(url, 1, 0), "x");
    EXPECT_EQ(bed.receive(url, 1, 0)[0].attributes->at("ApproximateReceiveCount"), "2");
    EXPECT_EQ(bed.counts(url), "1/0/0");
}

TEST(ReceiveMessage, GivesAttributesOnlyWhenAsked) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"VisibilityTimeout", "0"}});
    SendMessage::Input input;
    input.queue_url = url;
    input.message_body = "x";
    for (const char* name : {"a.x", "a.y", "b"}) {
        auto& given = input.message_attributes ? (*input.message_attributes)[name]
                                               : input.message_attributes.emplace()[name];
        given.data_type = "String";
        given.string_value = "1";
    }
    const auto sent = bed.call<SendMessage>(input);
    ReceiveMessage::Input receive;
    receive.queue_url = url;
    const auto bare = bed.call<ReceiveMessage>(receive)->messages->at(0);
    EXPECT_FALSE(bare.attributes.has_value());
    EXPECT_FALSE(bare.message_attributes.has_value());
    EXPECT_FALSE(bare.md5_of_message_attributes.has_value());
    receive.message_attribute_names = {"a.*"};
    receive.attribute_names = {"SentTimestamp"};
    const auto some = bed.call<ReceiveMessage>(receive)->messages->at(0);
    EXPECT_EQ(some.message_attributes->size(), 2u);
    EXPECT_NE(*some.md5_of_message_attributes, *sent->md5_of_message_attributes);
    EXPECT_EQ(some.attributes->size(), 1u);
    receive.message_attribute_names = {".*"};
    EXPECT_EQ(*bed.call<ReceiveMessage>(receive)->messages->at(0).md5_of_message_attributes,
              *sent->md5_of_message_attributes);
}

TEST(ReceiveMessage, RefusesWithTheTextsOfAws) {
    TestBed bed;
    ReceiveMessage::Input input;
    input.queue_url = bed.make_queue("q");
    input.max_number_of_messages = 11;
    EXPECT_EQ(bed.call<ReceiveMessage>(input).text(),
              "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 "
              "and 10, if provided.");
    input.max_number_of_messages = 1;
    input.wait_time_seconds = 21;
    EXPECT_EQ(bed.call<ReceiveMessage>(input).text(),
              "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, "
              "if provided.");
    input.wait_time_seconds = 0;
    input.visibility_timeout = 43'201;
    EXPECT_EQ(bed.call<ReceiveMessage>(input).code(), "InvalidParameterValue");
    input.visibility_timeout = 0;
    EXPECT_FALSE(bed.call<ReceiveMessage>(input)->messages.has_value());
}

TEST(ReceiveMessage, WaitsForAMessageUntilItsTime) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"ReceiveMessageWaitTimeSeconds", "20"}});
    ReceiveMessage::Input input;
    input.queue_url = url;
    auto waits = bed.call<ReceiveMessage>(input);
    ASSERT_EQ(waits.code(), "wait");
    EXPECT_EQ(waits.wait->deadline, bed.clock.now() + std::chrono::seconds(20));
    const uint64_t epoch = waits.wait->epoch;
    EXPECT_EQ(bed.hub.epoch(waits.wait->key), epoch);
    bed.send(url, "x", 15);
    EXPECT_NE(bed.hub.epoch(waits.wait->key), epoch);  // woken, looks again
    bed.advance(5);
    const std::string token = waits.wait->resume_token;
    waits = bed.call<ReceiveMessage>(input, token);
    ASSERT_EQ(waits.code(), "wait");
    // At the end of the delay, not of the wait.
    EXPECT_EQ(waits.wait->deadline, bed.clock.now() + std::chrono::seconds(10));
    bed.advance(10);
    EXPECT_EQ(bed.call<ReceiveMessage>(input, token)->messages->size(), 1u);
    waits = bed.call<ReceiveMessage>(input, token);
    ASSERT_EQ(waits.code(), "wait");
    EXPECT_EQ(waits.wait->deadline, bed.clock.now() + std::chrono::seconds(5));
    bed.advance(5);
    EXPECT_FALSE(bed.call<ReceiveMessage>(input, token)->messages.has_value());
    input.wait_time_seconds = 0;
    EXPECT_FALSE(bed.call<ReceiveMessage>(input)->messages.has_value());
}

TEST(ReceiveMessage, ADeletedQueueEndsTheWait) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    ReceiveMessage::Input input;
    input.queue_url = url;
    input.wait_time_seconds = 20;
    const auto waits = bed.call<ReceiveMessage>(input);
    DeleteQueue::Input remove;
    remove.queue_url = url;
    EXPECT_EQ(bed.call<DeleteQueue>(remove).code(), "ok");
    EXPECT_NE(bed.hub.epoch(waits.wait->key), waits.wait->epoch);
    EXPECT_EQ(bed.call<ReceiveMessage>(input, waits.wait->resume_token).code(),
              "AWS.SimpleQueueService.NonExistentQueue");
}

TEST(ReceiveMessage, WhatARollBackTookComesBack) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    bed.store->run([&](store::Txn& txn) {
        std::vector<std::string> wakes;
        const auto queue = bed.service->find(txn, {"us-east-1", "123456789012", "q"});
        EXPECT_EQ(receive(*bed.service, txn, queue, {1, 30, ""}, bed.clock.now(), wakes).size(),
                  1u);
        return store::TxnDecision::kRollback;
    });
    EXPECT_EQ(bed.receive(url)[0].attributes->at("ApproximateReceiveCount"), "1");
}

TEST(ChangeMessageVisibility, CountsFromNowUpToTwelveHours) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    const std::string handle = *bed.receive(url)[0].receipt_handle;
    bed.advance(20);
    EXPECT_EQ(bed.hide(url, handle, 30).code(), "ok");
    bed.advance(29);
    EXPECT_EQ(bed.bodies(url), "");
    EXPECT_EQ(bed.hide(url, handle, 43'152).text(),
              "Value 43152 for parameter VisibilityTimeout is invalid. Reason: Total "
              "VisibilityTimeout for the message is beyond the limit [43200 seconds].");
    EXPECT_EQ(bed.hide(url, handle, 43'151).code(), "ok");
    EXPECT_EQ(bed.hide(url, handle, 0).code(), "ok");
    const auto gone = bed.hide(url, handle, 5);
    EXPECT_EQ(gone.code(), "AWS.SimpleQueueService.MessageNotInflight");
    EXPECT_EQ(bed.bodies(url), "x");
    EXPECT_EQ(bed.hide(url, handle, 43'201).code(), "InvalidParameterValue");
}

TEST(DeleteMessage, RefusesForeignHandles) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    const std::string other = bed.make_queue("other");
    bed.send(other, "x");
    std::string handle = *bed.receive(other)[0].receipt_handle;
    const auto refused = bed.remove(url, handle);
    EXPECT_EQ(refused.code(), "ReceiptHandleIsInvalid");
    EXPECT_EQ(refused.text(),
              "The input receipt handle \"" + handle + "\" is not a valid receipt handle.");
    handle[4] = handle[4] == 'A' ? 'B' : 'A';
    EXPECT_EQ(bed.remove(other, handle).code(), "ReceiptHandleIsInvalid");
    EXPECT_EQ(bed.remove(url, "x").code(), "ReceiptHandleIsInvalid");
    EXPECT_EQ(bed.remove(url, "").code(), "ReceiptHandleIsInvalid");
}

TEST(Redrive, MovesWhatWouldBeReceivedTooOften) {
    TestBed bed;
    const std::string dead = bed.make_queue("dead");
    const std::string url = bed.make_queue("q", {{"RedrivePolicy", redrive_to(arn_of("dead"), 2)}});
    bed.send(url, "bad");
    bed.advance(1);
    bed.send(url, "good");
    EXPECT_EQ(bed.bodies(url, 1, 0), "bad");
    EXPECT_EQ(bed.bodies(url, 1, 0), "bad");
    EXPECT_EQ(bed.bodies(url, 1), "good");
    const auto moved = bed.receive(dead);
    ASSERT_EQ(moved.size(), 1u);
    EXPECT_EQ(moved[0].attributes->at("DeadLetterQueueSourceArn"), arn_of("q"));
    EXPECT_EQ(moved[0].attributes->at("SentTimestamp"), "1767225600000");
    EXPECT_EQ(moved[0].attributes->at("ApproximateReceiveCount"), "1");
    EXPECT_EQ(bed.counts(url), "0/1/0");
}

TEST(Redrive, WakesReceiversOfTheDeadLetterQueue) {
    TestBed bed;
    const std::string dead = bed.make_queue("dead");
    const std::string url = bed.make_queue("q", {{"RedrivePolicy", redrive_to(arn_of("dead"), 1)}});
    bed.send(url, "bad");
    bed.receive(url, 1, 0);
    ReceiveMessage::Input input;
    input.queue_url = dead;
    input.wait_time_seconds = 20;
    const auto waits = bed.call<ReceiveMessage>(input);
    ASSERT_EQ(waits.code(), "wait");
    EXPECT_TRUE(bed.receive(url).empty());
    EXPECT_NE(bed.hub.epoch(waits.wait->key), waits.wait->epoch);
}

TEST(PurgeQueue, DropsWhatWasSentOnceAMinute) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    for (int i = 0; i < 5; ++i) bed.send(url, "old");
    bed.receive(url, 1);
    PurgeQueue::Input purge;
    purge.queue_url = url;
    EXPECT_EQ(bed.call<PurgeQueue>(purge).code(), "ok");
    EXPECT_EQ(bed.counts(url), "0/0/0");
    bed.send(url, "new");
    const auto again = bed.call<PurgeQueue>(purge);
    EXPECT_EQ(again.code(), "AWS.SimpleQueueService.PurgeQueueInProgress");
    EXPECT_EQ(again.error->http_status, 403);
    EXPECT_EQ(again.text(), "Only one PurgeQueue operation on q is allowed every 60 seconds.");
    bed.sweep();
    EXPECT_EQ(bed.rows(store::Space::kMessages), 1u);
    bed.restart();
    EXPECT_EQ(bed.bodies(url), "new");
}

TEST(PurgeQueue, HoldsOverARestartAndASecondPurge) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    for (int i = 0; i < 5; ++i) bed.send(url, "old");
    PurgeQueue::Input purge;
    purge.queue_url = url;
    bed.call<PurgeQueue>(purge);
    bed.restart();  // before the sweeper came
    EXPECT_EQ(bed.counts(url), "0/0/0");
    bed.advance(61);
    EXPECT_EQ(bed.call<PurgeQueue>(purge).code(), "ok");
    bed.restart();
    EXPECT_EQ(bed.counts(url), "0/0/0");
    bed.send(url, "new");
    bed.sweep();
    bed.restart();
    EXPECT_EQ(bed.bodies(url), "new");
}

TEST(Retention, CountsFromTheSending) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"MessageRetentionPeriod", "60"}});
    bed.send(url, "old");
    bed.advance(30);
    bed.send(url, "young");
    bed.advance(30);
    EXPECT_EQ(bed.bodies(url, 10, 0), "young");
    bed.advance(30);
    bed.sweep();
    EXPECT_EQ(bed.counts(url), "0/0/0");
    EXPECT_EQ(bed.rows(store::Space::kMessages), 0u);
}

TEST(QueueReader, ReceivesHidesRemovesAndSends) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"VisibilityTimeout", "60"}});
    const auto facts = bed.service->describe(arn_of("q"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->visibility_timeout_seconds, 60);
    EXPECT_FALSE(bed.service->describe(arn_of("none")));
    ASSERT_TRUE(bed.service->send(arn_of("q"), "x", {}));
    bed.send(url, "later", 5);
    std::optional<TimePoint> next;
    auto messages = bed.service->receive(arn_of("q"), 100, next);
    ASSERT_TRUE(messages);
    ASSERT_EQ(messages->size(), 1u);
    EXPECT_EQ(messages->at(0).body, "x");
    EXPECT_EQ(messages->at(0).system_attributes.at("ApproximateReceiveCount"), "1");
    EXPECT_EQ(next, bed.clock.now() + std::chrono::seconds(5));
    EXPECT_TRUE(bed.service->set_visibility(arn_of("q"), {messages->at(0).receipt_handle}, 0));
    messages = bed.service->receive(arn_of("q"), 100, next);
    ASSERT_EQ(messages->size(), 1u);
    const std::string handle = messages->at(0).receipt_handle;
    EXPECT_FALSE(bed.service->set_visibility(arn_of("q"), {handle, "rubbish"}, 0));
    EXPECT_TRUE(bed.service->receive(arn_of("q"), 100, next)->empty());
    EXPECT_TRUE(bed.service->remove(arn_of("q"), {handle, "rubbish"}));
    EXPECT_EQ(bed.counts(url), "0/0/1");
    EXPECT_FALSE(bed.service->set_visibility(arn_of("q"), {handle}, 60));
}

}  // namespace
}  // namespace millrace::sqs
