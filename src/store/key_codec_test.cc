// Encoded keys sort as (space, partition, sort) and decode to what they were.
#include "store/key_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace millrace::store {
namespace {

using namespace std::string_literals;

TEST(KeyCodec, OrderAndIdentity) {
    const std::vector<std::string> parts = {""s,  "\0"s,  "\0\0"s, "\0\x01"s, "\0\xff"s, "\x01"s,
                                            "a"s, "a\0"s, "a\0b"s, "ab"s,     "\xff"s};
    std::vector<std::tuple<Space, std::string, std::string>> keys;
    for (const Space space : {Space::kSystem, Space::kItems}) {
        for (const auto& partition : parts) {
            for (const auto& sort : parts) keys.emplace_back(space, partition, sort);
        }
    }
    std::sort(keys.begin(), keys.end());
    std::string last;
    for (const auto& [space, partition, sort] : keys) {
        const std::string encoded = encode_key({space, partition, sort});
        EXPECT_LT(last, encoded);
        EXPECT_LT(encoded, partition_end(space, partition));
        const DecodedKey decoded = decode_key(encoded);
        EXPECT_EQ(decoded.space, space);
        EXPECT_EQ(decoded.partition, partition);
        EXPECT_EQ(decoded.sort, sort);
        last = encoded;
    }
}

TEST(KeyCodec, GoldenBytes) {
    EXPECT_EQ(encode_key({Space::kItems, "a\0b"s, "s\0"s}),
              "\x15"
              "a\0\xff"
              "b\0\x01s\0"s);
}

}  // namespace
}  // namespace millrace::store
