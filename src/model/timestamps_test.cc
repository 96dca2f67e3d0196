// Goal: every form of timestamp that clients send. Method: examples and refusals; what we write
// comes back.
#include "model/timestamps.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millrace::model {
namespace {

const TimePoint kTime = from_epoch_ms(1769854830000);  // 2026-01-31T10:20:30Z

TEST(Timestamps, Iso8601) {
    for (const char* text :
         {"2026-01-31T10:20:30Z", "2026-01-31T10:20:30", "2026-01-31T12:20:30+02:00",
          "2026-01-31T04:50:30-0530", "2026-01-31T10:20:30.000Z", "2026-01-31t10:20:30z"}) {
        EXPECT_EQ(parse_iso8601(text), kTime) << text;
    }
    EXPECT_EQ(parse_iso8601("2026-01-31T10:20:30.1234567Z"), kTime + Duration(123456));
    EXPECT_EQ(parse_iso8601("2026-01-31"), from_epoch_ms(1769817600000));
    for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
                             "2026-01-31T24:00:00Z", "2026-01-31T10:20:30X",
                             "2026-01-31T10:20:30Zx", "2026-01-31T10:20Z", "26-01-31T10:20:30Z"}) {
        EXPECT_FALSE(parse_iso8601(text).has_value()) << text;
    }
}

TEST(Timestamps, HttpDates) {
    for (const char* text : {"Sat, 31 Jan 2026 10:20:30 GMT", "Saturday, 31-Jan-26 10:20:30 GMT",
                             "Sat Jan 31 10:20:30 2026"}) {
        EXPECT_EQ(parse_http_date(text), kTime) << text;
    }
    for (const char* text : {"", "x", "Sat, 31 Foo 2026 10:20:30 GMT", "Sat, 31 Jan 2026",
                             "Sat, 31 Jan 2026 10:20 GMT", "Sat, 32 Jan 2026 10:20:30 GMT"}) {
        EXPECT_FALSE(parse_http_date(text).has_value()) << text;
    }
}

TEST(Timestamps, EpochSeconds) {
    EXPECT_EQ(parse_epoch_seconds("1769854830"), kTime);
    EXPECT_EQ(parse_epoch_seconds("1.76985483E9"), kTime);
    EXPECT_EQ(parse_epoch_seconds("1769854830.5"), kTime + Duration(500000));
    for (const char* text : {"", "x", "1e300", "nan", "inf", "1 "}) {
        EXPECT_FALSE(parse_epoch_seconds(text).has_value()) << text;
    }
    EXPECT_EQ(parse_timestamp("1769854830"), kTime);
    EXPECT_EQ(parse_timestamp("Sat, 31 Jan 2026 10:20:30 GMT"), kTime);
}

RC_GTEST_PROP(Timestamps, ComeBack, ()) {
    const auto ms = *rc::gen::inRange<int64_t>(0, 253402300799000);  // to the end of year 9999
    const TimePoint time = from_epoch_ms(ms);
    RC_ASSERT(parse_iso8601(format_iso8601_ms(time)) == time);
    RC_ASSERT(parse_iso8601(format_lambda(time)) == time);
    RC_ASSERT(parse_http_date(format_http_date(time)) == from_epoch_ms(ms / 1000 * 1000));
}

}  // namespace
}  // namespace millrace::model
