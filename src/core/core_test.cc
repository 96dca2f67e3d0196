// The core room's values: bytes round trip and refuse what is cut off, ids have their AWS shapes,
// times are written as each protocol wants them.
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/http.h"
#include "core/random.h"
#include "core/result.h"
#include "core/time.h"

namespace millrace {
namespace {

TEST(Bytes, RoundTrip) {
    std::string out;
    append_u8(out, 7);
    append_u32(out, 0xdeadbeef);
    append_u64(out, 0x0123456789abcdefULL);
    append_varint(out, 300);
    append_bytes(out, "hello");
    ByteReader reader(out);
    EXPECT_EQ(reader.u8(), 7);
    EXPECT_EQ(reader.u32(), 0xdeadbeef);
    EXPECT_EQ(reader.u64(), 0x0123456789abcdefULL);
    EXPECT_EQ(reader.varint(), 300u);
    EXPECT_EQ(reader.bytes(), "hello");
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, EveryCutIsSeen) {
    std::string out;
    append_bytes(out, std::string(200, 'x'));
    for (size_t n = 0; n < out.size(); ++n) {
        ByteReader reader(std::string_view(out).substr(0, n));
        reader.bytes();
        EXPECT_FALSE(reader.ok()) << n;
    }
}

TEST(Time, Formats) {
    const TimePoint t = from_epoch_ms(1'769'854'830'123);
    EXPECT_EQ(format_iso8601(t), "2026-01-31T10:20:30Z");
    EXPECT_EQ(format_iso8601_ms(t), "2026-01-31T10:20:30.123Z");
    EXPECT_EQ(format_lambda(t), "2026-01-31T10:20:30.123+0000");
    EXPECT_EQ(format_http_date(t), "Sat, 31 Jan 2026 10:20:30 GMT");
    EXPECT_EQ(format_amz_date(t), "20260131T102030Z");
}

TEST(Rng, IdsHaveTheirShapes) {
    SystemRng rng;
    const std::string uuid = rng.uuid();
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    EXPECT_EQ(rng.upper_alnum(52).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
              std::string::npos);
    EXPECT_NE(rng.hex(32), rng.hex(32));
    EXPECT_EQ(SeededRng(5).hex(16), SeededRng(5).hex(16));
}

Result<int> half(int n) {
    if (n % 2 != 0) return Error{.code = "Odd"};
    return n / 2;
}
Result<int> quarter(int n) {
    MR_TRY(const int h, half(n));
    return half(h);
}
TEST(Result, TryReturnsTheFirstError) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error().code, "Odd");
    EXPECT_EQ(quarter(5).error().code, "Odd");
}

TEST(Http, HeadersIgnoreCase) {
    HttpRequest request;
    request.headers = {{"Content-Type", "a"}, {"X-Amz-Date", "b"}};
    EXPECT_EQ(request.header("content-type"), "a");
    EXPECT_EQ(request.header("x-amz-date"), "b");
    EXPECT_FALSE(request.has_header("x-amz"));
}

}  // namespace
}  // namespace millrace
