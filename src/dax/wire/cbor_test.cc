#include "dax/wire/cbor.h"

#include <gtest/gtest.h>

#include "codec/hex.h"

namespace millrace::dax::cbor {
namespace {

std::string bytes(std::string_view hex) { return *codec::hex_decode(hex); }

TEST(Cbor, HeadsAreTheShortest) {
    std::string out;
    for (const int64_t value : {0LL, 23LL, 24LL, 256LL, 65536LL, 4294967296LL, -1LL, -25LL})
        append_int(out, value);
    EXPECT_EQ(codec::hex_encode(out),
              "00171818190100"
              "1a00010000"
              "1b0000000100000000"
              "203818");
}

TEST(Cbor, ReadsEveryForm) {
    Reader wide(bytes("1b0000000000000005"));  // not the shortest
    EXPECT_EQ(wide.integer(), 5);
    const std::string pieces = bytes("7f6161626263ff5f4101ff");
    Reader strings(pieces);
    EXPECT_EQ(strings.text(), "abc");
    EXPECT_EQ(strings.bytes(), "\x01");
    EXPECT_TRUE(strings.ok() && strings.at_end());
    const std::string floats = bytes("f93e00fa3fc00000fb3ff8000000000000");
    Reader numbers(floats);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(numbers.number(), 1.5);
    EXPECT_TRUE(numbers.ok());
}

TEST(Cbor, ReaderStaysFailed) {
    const std::string text = bytes("636162");  // three bytes promised, two there
    Reader reader(text);
    EXPECT_EQ(reader.text(), "");
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.integer(), 0);
    const std::string missing = bytes("8201");
    Reader array(missing);
    auto all = array.array();
    ASSERT_TRUE(array.more(all));
    (void)array.integer();
    EXPECT_FALSE(array.more(all));
    EXPECT_FALSE(array.ok());
}

TEST(Scanner, GoesOnByteByByte) {
    const std::string items = bytes(
        "01bf0082016161ff5f4101ffc482200f80"
        "00");
    Scanner scanner;
    size_t needed = 0;
    while (scanner.scan(std::string_view(items).substr(0, needed), 5) == Scanner::Status::kNeedMore)
        ++needed;
    EXPECT_EQ(needed, items.size() - 1);
    EXPECT_EQ(scanner.position(), items.size() - 1);
}

TEST(Scanner, RefusesWhatIsNotWellFormed) {
    for (const std::string_view hex :
         {"ff", "1c", "bf00ff", "5f6161ff", "5f5f4101ffff", "df00", "f800"}) {
        Scanner scanner;
        EXPECT_EQ(scanner.scan(bytes(hex), 1), Scanner::Status::kMalformed) << hex;
    }
}

TEST(Scanner, LimitsDepthAndTellsWhatItWants) {
    Scanner deep;
    EXPECT_EQ(deep.scan(std::string(kDepthMax + 1, '\x81'), 1), Scanner::Status::kMalformed);
    Scanner huge;
    EXPECT_EQ(huge.scan(bytes("5bffffffffffffffff"), 1), Scanner::Status::kNeedMore);
    EXPECT_GT(huge.wanted(), uint64_t{1} << 40);
    Scanner sized;
    EXPECT_EQ(sized.scan(bytes("4a01"), 1), Scanner::Status::kNeedMore);
    EXPECT_EQ(sized.wanted(), 11U);
}

}  // namespace
}  // namespace millrace::dax::cbor
