// Batches: each entry by itself, refusals of the whole with their texts.
#include <gtest/gtest.h>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

SendMessageBatch::Input batch_of(const std::string& url,
                                 const std::vector<std::pair<std::string, std::string>>& entries) {
    SendMessageBatch::Input input;
    input.queue_url = url;
    input.entries.emplace();
    for (const auto& [id, body] : entries) {
        auto& entry = input.entries->emplace_back();
        entry.id = id;
        entry.message_body = body;
    }
    return input;
}

TEST(SendMessageBatch, EachEntrySucceedsOrFailsByItself) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    const auto sent = bed.call<SendMessageBatch>(
        batch_of(url, {{"a", "x"}, {"b", ""}, {"c", std::string("\x01")}}));
    ASSERT_EQ(sent->successful->size(), 1u);
    EXPECT_EQ(*sent->successful->at(0).id, "a");
    EXPECT_EQ(*sent->successful->at(0).md5_of_message_body, "9dd4e461268c8034f5c8564e155c67a6");
    ASSERT_EQ(sent->failed->size(), 2u);
    EXPECT_EQ(*sent->failed->at(0).id, "b");
    EXPECT_EQ(*sent->failed->at(0).code, "MissingParameter");
    EXPECT_EQ(*sent->failed->at(0).sender_fault, true);
    EXPECT_EQ(*sent->failed->at(1).code, "InvalidMessageContents");
    EXPECT_EQ(bed.bodies(url), "x");
}

TEST(SendMessageBatch, RefusesTheWholeWithTheTextsOfAws) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    const auto refused = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
        const auto answer = bed.call<SendMessageBatch>(batch_of(url, entries));
        return answer.code() + ": " + answer.text();
    };
    EXPECT_EQ(refused({}),
              "AWS.SimpleQueueService.EmptyBatchRequest: There should be at least one "
              "SendMessageBatchRequestEntry in the request.");
    std::vector<std::pair<std::string, std::string>> many;
    for (int i = 0; i < 20; ++i) many.emplace_back(std::to_string(i), "x");
    EXPECT_EQ(refused(many),
              "AWS.SimpleQueueService.TooManyEntriesInBatchRequest: Maximum number of entries per "
              "request are 10. You have sent 20.");
    EXPECT_EQ(refused({{"a", "x"}, {"a", "y"}}),
              "AWS.SimpleQueueService.BatchEntryIdsNotDistinct: Id a repeated.");
    EXPECT_EQ(refused({{"a b", "x"}}),
              "AWS.SimpleQueueService.InvalidBatchEntryId: A batch entry id can only contain "
              "alphanumeric characters, hyphens and underscores. It can be at most 80 letters "
              "long.");
    EXPECT_EQ(refused({{"a", std::string(524'289, 'x')}, {"b", std::string(524'288, 'x')}}),
              "AWS.SimpleQueueService.BatchRequestTooLong: Batch requests cannot be longer than "
              "1048576 bytes. You have sent 1048577 bytes.");
    EXPECT_EQ(bed.counts(url), "0/0/0");
}

TEST(DeleteMessageBatch, EachHandleByItself) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    DeleteMessageBatch::Input input;
    input.queue_url = url;
    EXPECT_EQ(bed.call<DeleteMessageBatch>(input).text(),
              "There should be at least one DeleteMessageBatchRequestEntry in the request.");
    input.entries.emplace(2);
    input.entries->at(0).id = "good";
    input.entries->at(0).receipt_handle = *bed.receive(url)[0].receipt_handle;
    input.entries->at(1).id = "bad";
    input.entries->at(1).receipt_handle = "rubbish";
    const auto done = bed.call<DeleteMessageBatch>(input);
    EXPECT_EQ(*done->successful->at(0).id, "good");
    EXPECT_EQ(*done->failed->at(0).id, "bad");
    EXPECT_EQ(*done->failed->at(0).code, "ReceiptHandleIsInvalid");
    EXPECT_EQ(bed.counts(url), "0/0/0");
}

TEST(ChangeMessageVisibilityBatch, EachHandleByItself) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "x");
    ChangeMessageVisibilityBatch::Input input;
    input.queue_url = url;
    input.entries.emplace(3);
    const std::string handle = *bed.receive(url)[0].receipt_handle;
    for (size_t i = 0; i < 3; ++i) {
        input.entries->at(i).id = std::to_string(i);
        input.entries->at(i).receipt_handle = i == 1 ? "rubbish" : handle;
        input.entries->at(i).visibility_timeout = i == 2 ? 50'000 : 0;
    }
    const auto done = bed.call<ChangeMessageVisibilityBatch>(input);
    EXPECT_EQ(done->successful->size(), 1u);
    EXPECT_EQ(*done->failed->at(0).code, "ReceiptHandleIsInvalid");
    EXPECT_EQ(*done->failed->at(1).code, "InvalidParameterValue");
    EXPECT_EQ(bed.bodies(url), "x");
}

}  // namespace
}  // namespace millrace::sqs
