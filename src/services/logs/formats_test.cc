// Golden bytes of what Logs writes (docs/formats/logs.md): what an older version wrote must be
// read.
#include <gtest/gtest.h>

#include "codec/hex.h"
#include "services/logs/test_bed.h"

namespace millrace::logs {
namespace {

const GroupName kName{"123456789012", "us-east-1", "g"};

TEST(Formats, Group) {
    Group group;
    group.id = "0123456789abcdef";
    group.created_ms = 0x0102;
    group.retention_days = 7;
    group.tags = {{"k", "v"}};
    const std::string bytes = encode_group(group);
    EXPECT_EQ(codec::hex_encode(bytes),
              "02"
              "0000000000000102"
              "1030313233343536373839616263646566"
              "00000007"
              "01016b0176");
    EXPECT_EQ(encode_group(decode_group(bytes, kName)), bytes);
    const Group first = decode_group(*codec::hex_decode("010000000000000102"), kName);
    EXPECT_EQ(first.created_ms, 0x0102);
    EXPECT_EQ(first.id.size(), 16u);
}

TEST(Formats, Stream) {
    const Stream stream{1, 2, 3, 4};
    const std::string bytes = encode_stream(stream);
    EXPECT_EQ(codec::hex_encode(bytes),
              "02"
              "0000000000000001"
              "0000000000000002"
              "0000000000000003"
              "0000000000000004");
    EXPECT_EQ(decode_stream(bytes).last_ingestion_ms, 4);
    EXPECT_EQ(decode_stream(*codec::hex_decode("010000000000000102")).created_ms, 0x0102);
}

TEST(Formats, Event) {
    TestBed bed;
    bed.make("g", {"s"});
    bed.put("g", "s", {{bed.now_ms(), "m"}});
    std::string sort;
    std::string row;
    bed.store->run([&](store::Txn& txn) {
        txn.scan_space(store::Space::kLogEvents, "", "", "",
                       [&](std::string_view, std::string_view key, std::string_view value) {
                           sort = key;
                           row = value;
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    // The group took one of the orders of this microsecond.
    EXPECT_EQ(codec::hex_encode(sort),
              "0000019b76daa800"
              "0006474846204001");
    EXPECT_EQ(codec::hex_encode(row),
              "01"
              "0000019b76daa800"
              "0173"
              "016d");
}

TEST(Formats, Arns) {
    EXPECT_EQ(group_arn(kName), "arn:aws:logs:us-east-1:123456789012:log-group:g");
    for (const std::string tail : {"", ":*"}) {
        const auto name = parse_group_arn(group_arn(kName) + tail);
        ASSERT_TRUE(name);
        EXPECT_EQ(name->account + name->region + name->group, "123456789012us-east-1g");
    }
    for (const char* bad :
         {"", "g", "arn:aws:logs:us-east-1:123456789012:log-group:",
          "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s", "arn:aws:s3:::b"}) {
        EXPECT_FALSE(parse_group_arn(bad)) << bad;
    }
}

}  // namespace
}  // namespace millrace::logs
