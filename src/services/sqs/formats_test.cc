// Golden bytes of what SQS writes (docs/formats/sqs.md): what an older version wrote must be read.
#include <gtest/gtest.h>

#include "codec/hex.h"
#include "services/sqs/message.h"
#include "services/sqs/move_tasks.h"
#include "services/sqs/queue.h"

namespace millrace::sqs {
namespace {

TEST(Formats, Message) {
    Message message;
    message.message_id = "id";
    message.sender_id = "me";
    message.body = "body";
    message.group_id = "g";
    message.deduplication_id = "d";
    message.trace_header = "t";
    message.dead_letter_source = "a";
    message.sent_ms = 0x0102;
    message.visible_at_ms = 0x0304;
    message.attributes = {{"n", "String", "v"}};
    const std::string bytes = encode_message(message);
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "0000000000000102"
              "0000000000000304"
              "026964"
              "026d65"
              "04626f6479"
              "0167"
              "0164"
              "0174"
              "0161"
              "01"
              "016e"
              "06537472696e67"
              "0176");
    const Message back = decode_message(bytes);
    EXPECT_EQ(back.body, "body");
    EXPECT_EQ(back.dead_letter_source, "a");
    EXPECT_EQ(back.attributes.at(0).value, "v");
    EXPECT_EQ(codec::hex_encode(message_sort(0x0a)), "6d000000000000000a");
    EXPECT_EQ(codec::hex_encode(state_sort(0x0a)), "73000000000000000a");
}

TEST(Formats, ReceiveState) {
    const ReceiveState state{0x01, 0x02, 0x03, 4, 5};
    const std::string bytes = encode_receive_state(state);
    EXPECT_EQ(codec::hex_encode(bytes),
              "02"
              "0000000000000001"
              "0000000000000002"
              "0000000000000003"
              "00000004"
              "00000005");
    EXPECT_EQ(decode_receive_state(bytes).received_ms, 3);
    const auto first = codec::hex_decode(
        "01"
        "0000000000000001"
        "0000000000000002"
        "00000004"
        "00000005");
    const ReceiveState old = decode_receive_state(*first);
    EXPECT_EQ(old.received_ms, 2);
    EXPECT_EQ(old.receive_count, 4u);
    EXPECT_EQ(old.nonce, 5u);
}

TEST(Formats, Queue) {
    Queue queue;
    queue.id = "i";
    queue.account = "a";
    queue.region = "r";
    queue.name = "n";
    queue.handle_key = "k";
    queue.policy = "p";
    queue.redrive_policy = "e";
    queue.redrive_allow_policy = "w";
    queue.created_s = 1;
    queue.modified_s = 2;
    queue.purged_ms = 3;
    queue.delay_s = 4;
    queue.visibility_s = 5;
    queue.retention_s = 6;
    queue.receive_wait_s = 7;
    queue.message_bytes_max = 8;
    queue.fifo = true;
    queue.deduplicate_per_group = true;
    queue.tags = {{"t", "v"}};
    const std::string bytes = encode_queue(queue);
    std::string numbers;
    for (char n = '1'; n <= '8'; ++n) numbers += std::string("000000000000000") + n;
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "0169"
              "0161"
              "0172"
              "016e"
              "016b"
              "0170"
              "0165"
              "0177" +
                  numbers +
                  "0100010001"
                  "01"
                  "0174"
                  "0176");
    const Queue back = decode_queue(bytes);
    EXPECT_EQ(encode_queue(back), bytes);
    EXPECT_EQ(back.tags.at("t"), "v");
}

TEST(Formats, MoveTask) {
    MoveTask task;
    task.id = "12345678";
    task.source_id = "s";
    task.status = MoveStatus::kFailed;
    task.source_arn = "a";
    task.destination_arn = "d";
    task.per_second = 1;
    task.moved = 2;
    task.to_move = 3;
    task.started_ms = 4;
    task.failure = "f";
    const std::string bytes = encode_move_task(task);
    EXPECT_EQ(codec::hex_encode(bytes),
              "0103"
              "0000000000000001"
              "0000000000000002"
              "0000000000000003"
              "0000000000000004"
              "083132333435363738"
              "0173"
              "0161"
              "0164"
              "0166");
    EXPECT_EQ(encode_move_task(decode_move_task(bytes)), bytes);
}

TEST(Formats, ReceiptHandle) {
    Queue queue;
    queue.handle_key = std::string(32, 'k');
    const std::string handle = make_receipt_handle(queue, {0x0102030405060708, 0x090a0b0c});
    EXPECT_EQ(handle.substr(0, 16), "AQECAwQFBgcICQoL");
    const auto receipt = parse_receipt_handle(queue, handle);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(receipt->sequence, 0x0102030405060708u);
    EXPECT_EQ(receipt->nonce, 0x090a0b0cu);
    queue.handle_key = std::string(32, 'l');
    EXPECT_FALSE(parse_receipt_handle(queue, handle));
}

// By the rule of the SQS Developer Guide, computed elsewhere, as the SDKs do to check it.
TEST(Digests, OfAttributes) {
    EXPECT_EQ(md5_of_attributes({{"name", "String", "value"}}), "25ada41cad9d6e55ad5a2b3d2da508a2");
}

}  // namespace
}  // namespace millrace::sqs
