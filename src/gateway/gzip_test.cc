// gzip: round trips, broken and oversized streams, and what Accept-Encoding means.
#include "gateway/gzip.h"

#include <gtest/gtest.h>

namespace millrace::gateway {
namespace {

TEST(Gzip, RoundTripsAndLimits) {
    bool too_large = false;
    for (const size_t size : {size_t{0}, size_t{1}, size_t{65'536}, size_t{300'001}}) {
        const std::string text(size, 'x');
        EXPECT_EQ(gunzip(gzip(text), 300'001, too_large), text);
        EXPECT_FALSE(too_large);
    }
    // A small body that grows without end is stopped at the limit.
    EXPECT_FALSE(gunzip(gzip(std::string(10'000'000, 'x')), 1'000'000, too_large));
    EXPECT_TRUE(too_large);
}

TEST(Gzip, BrokenStreams) {
    bool too_large = false;
    const std::string whole = gzip("some text that is long enough to be cut");
    EXPECT_FALSE(gunzip("", 100, too_large));
    EXPECT_FALSE(gunzip("no gzip at all", 100, too_large));
    for (size_t n = 1; n < whole.size(); ++n) {
        EXPECT_FALSE(gunzip(whole.substr(0, n), 100, too_large)) << n;
    }
    EXPECT_FALSE(gunzip(whole + "x", 100, too_large));
    EXPECT_FALSE(too_large);
}

TEST(Gzip, AcceptEncoding) {
    EXPECT_TRUE(accepts_gzip("gzip"));
    EXPECT_TRUE(accepts_gzip("deflate, GZIP;q=0.5"));
    EXPECT_TRUE(accepts_gzip("br;q=1, gzip ; q=1"));
    EXPECT_FALSE(accepts_gzip(""));
    EXPECT_FALSE(accepts_gzip("identity"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0"));
    EXPECT_FALSE(accepts_gzip("gzip; q=0.000"));
    EXPECT_FALSE(accepts_gzip("xgzip, x-gzip2"));
}

}  // namespace
}  // namespace millrace::gateway
