// Events: putting, reading in pages both ways, searching; the sink of functions' output.
#include <gtest/gtest.h>

#include "services/logs/pattern.h"
#include "services/logs/test_bed.h"

namespace millrace::logs {
namespace {

TEST(PutLogEvents, RefusesWithTheTextsOfAws) {
    TestBed bed;
    bed.make("g", {"s"});
    const int64_t now = bed.now_ms();
    EXPECT_EQ(bed.put("none", "s", {{now, "x"}}).text(), "The specified log group does not exist.");
    EXPECT_EQ(bed.put("g", "none", {{now, "x"}}).text(),
              "The specified log stream does not exist.");
    EXPECT_EQ(bed.put("g", "s", {{now, "x"}, {now - 1, "y"}}).text(),
              "Log events in a single PutLogEvents request must be in chronological order.");
    EXPECT_EQ(bed.put("g", "s", {{now, std::string(1'048'551, 'x')}}).code(),
              "InvalidParameterException");
    EXPECT_EQ(bed.put("g", "s", {{now, std::string(1'048'550, 'x')}}).code(), "ok");
    EXPECT_EQ(bed.put("g", "s", {{now - 86'400'001, "x"}, {now, "y"}}).text(),
              "The batch of log events in a single PutLogEvents request cannot span more than 24 "
              "hours.");
}

TEST(PutLogEvents, TellsWhatItDidNotTake) {
    TestBed bed;
    bed.make("g", {"s"});
    const int64_t now = bed.now_ms();
    constexpr int64_t kHourMs = 3'600'000;
    const auto old = bed.put(
        "g", "s", {{now - 14 * 24 * kHourMs - 1, "old"}, {now - 14 * 24 * kHourMs, "just"}});
    EXPECT_EQ(*old->rejected_log_events_info->too_old_log_event_end_index, 1);
    const auto early = bed.put("g", "s",
                               {{now, "x"},
                                {now + 2 * kHourMs, "y"},
                                {now + 2 * kHourMs + 1, "new"},
                                {now + 2 * kHourMs + 2, "new"}});
    EXPECT_EQ(*early->rejected_log_events_info->too_new_log_event_start_index, 2);
    EXPECT_TRUE(early->next_sequence_token.has_value());
    EXPECT_EQ(bed.get("g", "s"), "just x y");
    EXPECT_FALSE(bed.put("g", "s", {{now, "z"}})->rejected_log_events_info.has_value());
}

TEST(GetLogEvents, EqualTimesKeepTheirOrder) {
    TestBed bed;
    bed.make("g", {"s", "t"});
    const int64_t now = bed.now_ms();
    bed.put("g", "s", {{now, "1"}, {now, "2"}});
    bed.put("g", "t", {{now, "other"}});
    bed.put("g", "s", {{now, "3"}, {now + 1, "5"}});
    bed.put("g", "s", {{now, "4"}});
    EXPECT_EQ(bed.get("g", "s"), "1 2 3 4 5");
    auto input = TestBed::reading("g", "s");
    input.start_time = now + 1;
    EXPECT_EQ(TestBed::messages(bed.call<GetLogEvents>(input).output), "5");
    input.start_time = now;
    input.end_time = now + 1;
    EXPECT_EQ(TestBed::messages(bed.call<GetLogEvents>(input).output), "1 2 3 4");
}

TEST(GetLogEvents, PagesGoBothWaysAndEndWithTheSameToken) {
    TestBed bed;
    bed.make("g", {"s"});
    for (char c = 'a'; c <= 'e'; ++c) {
        bed.put("g", "s", {{bed.now_ms(), std::string(1, c)}});
        bed.advance(1);
    }
    auto input = TestBed::reading("g", "s", false);
    input.limit = 2;
    auto page = bed.call<GetLogEvents>(input);  // the newest, by default
    EXPECT_EQ(TestBed::messages(page.output), "d e");
    const std::string forward = *page->next_forward_token;
    input.next_token = *page->next_backward_token;
    page = bed.call<GetLogEvents>(input);
    EXPECT_EQ(TestBed::messages(page.output), "b c");
    input.next_token = *page->next_backward_token;
    page = bed.call<GetLogEvents>(input);
    EXPECT_EQ(TestBed::messages(page.output), "a");
    input.next_token = *page->next_backward_token;
    page = bed.call<GetLogEvents>(input);
    EXPECT_EQ(TestBed::messages(page.output), "");
    EXPECT_EQ(*page->next_backward_token, *input.next_token);
    input.next_token = *page->next_forward_token;
    EXPECT_EQ(TestBed::messages(bed.call<GetLogEvents>(input).output), "b c");

    input.next_token = forward;
    page = bed.call<GetLogEvents>(input);
    EXPECT_EQ(TestBed::messages(page.output), "");
    EXPECT_EQ(*page->next_forward_token, forward);
    bed.put("g", "s", {{bed.now_ms(), "f"}});
    EXPECT_EQ(TestBed::messages(bed.call<GetLogEvents>(input).output), "f");
    for (const char* bad : {"rubbish", "f/rubbish", "f/LQ==",
                            "x/"
                            "AAAAAAAAAAAAAAAAAAAAAA=="}) {
        input.next_token = bad;
        EXPECT_EQ(bed.call<GetLogEvents>(input).text(), "The specified nextToken is invalid.");
    }
}

TEST(GetLogEvents, AnEmptyStreamCanBeFollowed) {
    TestBed bed;
    bed.make("g", {"s"});
    auto input = TestBed::reading("g", "s");
    input.next_token = *bed.call<GetLogEvents>(input)->next_forward_token;
    const auto empty = bed.call<GetLogEvents>(input);
    EXPECT_EQ(*empty->next_forward_token, *input.next_token);
    bed.put("g", "s", {{bed.now_ms(), "x"}});
    EXPECT_EQ(TestBed::messages(bed.call<GetLogEvents>(input).output), "x");
}

TEST(GetLogEvents, APageHasAMegabyte) {
    TestBed bed;
    bed.make("g", {"s"});
    for (int i = 0; i < 3; ++i) bed.put("g", "s", {{bed.now_ms(), std::string(500'000, 'x')}});
    auto input = TestBed::reading("g", "s");
    const auto page = bed.call<GetLogEvents>(input);
    EXPECT_EQ(page->events->size(), 2u);
    input.next_token = *page->next_forward_token;
    EXPECT_EQ(bed.call<GetLogEvents>(input)->events->size(), 1u);
    input.log_stream_name = "none";
    EXPECT_EQ(bed.call<GetLogEvents>(input).code(), "ResourceNotFoundException");
}

TEST(FilterLogEvents, MergesStreamsByTime) {
    TestBed bed;
    bed.make("g", {"a1", "a2", "b1"});
    const int64_t now = bed.now_ms();
    bed.put("g", "a1", {{now, "1"}, {now + 2, "3"}});
    bed.put("g", "b1", {{now + 1, "2"}, {now + 3, "4"}});
    EXPECT_EQ(bed.filter("g"), "1 2 3 4");
    auto input = bed.searching("g");
    input.log_stream_name_prefix = "a";
    EXPECT_EQ(TestBed::messages(bed.call<FilterLogEvents>(input).output), "1 3");
    input.log_stream_names = {"b1"};
    EXPECT_EQ(bed.call<FilterLogEvents>(input).text(),
              "LogStream name and LogStream name prefix are mutually exclusive parameters.");
    input.log_stream_name_prefix.reset();
    EXPECT_EQ(TestBed::messages(bed.call<FilterLogEvents>(input).output), "2 4");
    input.log_stream_names = {"none"};
    EXPECT_EQ(bed.call<FilterLogEvents>(input).code(), "ResourceNotFoundException");
    input = bed.searching("g");
    input.limit = 3;
    const auto first = bed.call<FilterLogEvents>(input);
    EXPECT_EQ(TestBed::messages(first.output), "1 2 3");
    EXPECT_FALSE(first->events->at(0).event_id->empty());
    input.next_token = *first->next_token;
    const auto second = bed.call<FilterLogEvents>(input);
    EXPECT_EQ(TestBed::messages(second.output), "4");
    EXPECT_FALSE(second->next_token.has_value());
    input.next_token = "rubbish";
    EXPECT_EQ(bed.call<FilterLogEvents>(input).text(), "The specified nextToken is invalid.");
}

TEST(FilterLogEvents, ASearchWithoutFindingsEndsAPageWithAToken) {
    TestBed bed;
    bed.make("g", {"s"});
    std::vector<std::pair<int64_t, std::string>> events(10'000, {bed.now_ms(), "noise"});
    for (int i = 0; i < 5; ++i) bed.put("g", "s", events);
    bed.put("g", "s", {{bed.now_ms(), "needle"}});
    auto input = bed.searching("g", "needle");
    const auto first = bed.call<FilterLogEvents>(input);
    EXPECT_TRUE(first->events->empty());
    ASSERT_TRUE(first->next_token.has_value());
    input.next_token = *first->next_token;
    EXPECT_EQ(TestBed::messages(bed.call<FilterLogEvents>(input).output), "needle");
}

TEST(Pattern, Terms) {
    const auto matches = [](const std::string& pattern, const std::string& message) {
        return Pattern::parse(pattern)->matches(message);
    };
    EXPECT_TRUE(matches("", "anything"));
    EXPECT_TRUE(matches("ERROR code", "an ERROR with code 1"));
    EXPECT_FALSE(matches("ERROR code", "an ERROR"));
    EXPECT_FALSE(matches("ERROR", "an error"));
    EXPECT_TRUE(matches("?ERROR ?WARN", "WARN x"));
    EXPECT_FALSE(matches("?ERROR ?WARN", "INFO x"));
    EXPECT_FALSE(matches("ERROR -retry", "ERROR: retry"));
    EXPECT_TRUE(matches("ERROR -retry", "ERROR: stop"));
    EXPECT_TRUE(matches("\"a b\"", "xa bx"));
    EXPECT_FALSE(matches("\"a b\"", "a  b"));
    EXPECT_TRUE(matches(R"(-"a \"b\"" c)", "c"));
    EXPECT_FALSE(matches(R"(-"a \"b\"" c)", R"(a "b" c)"));
    for (const char* refused : {"{ $.a = 1 }", "[a, b]", "%x%", "\"open", "?", "- x"})
        EXPECT_EQ(Pattern::parse(refused).error().code, "InvalidParameterException") << refused;
}

TEST(LogSink, WritesWithinASecondAndMakesGroupAndStream) {
    TestBed bed;
    const uint64_t epoch = bed.hub.epoch(kFlushKey);
    bed.service.write("123456789012", "us-east-1", "/aws/lambda/f", "s",
                      {{bed.clock.now(), "START"}, {bed.clock.now(), "END"}});
    EXPECT_NE(bed.hub.epoch(kFlushKey), epoch);
    bed.work();
    EXPECT_EQ(bed.get("/aws/lambda/f", "s"), "START END");
    bed.service.write("123456789012", "us-east-1", "/aws/lambda/f", "s",
                      {{bed.clock.now(), "again"}});
    bed.work();
    EXPECT_EQ(bed.get("/aws/lambda/f", "s"), "START END again");
}

TEST(LogSink, AFullBufferDropsTheOldestAndSaysSo) {
    TestBed bed;
    std::vector<contracts::LogLine> lines;
    for (size_t i = 0; i < LogsService::kBufferedLinesMax + 3; ++i)
        lines.push_back({bed.clock.now(), std::to_string(i)});
    bed.service.write("123456789012", "us-east-1", "g", "s", std::move(lines));
    while (bed.service.flush()) {
    }
    EXPECT_EQ(bed.rows(store::Space::kLogEvents), LogsService::kBufferedLinesMax + 1);
    EXPECT_EQ(bed.filter("g", "dropped"),
              "Millrace dropped 3 earlier lines of this stream: they came faster than they can be "
              "stored.");
}

TEST(LogSink, CutsLongLinesBetweenCharacters) {
    TestBed bed;
    std::string line(LogsService::kLineBytesMax - 1, 'x');
    line += "\xc3\xa4zz";
    bed.service.write("123456789012", "us-east-1", "g", "s", {{bed.clock.now(), line}});
    bed.work();
    EXPECT_EQ(bed.get("g", "s"), std::string(LogsService::kLineBytesMax - 1, 'x'));
}

}  // namespace
}  // namespace millrace::logs
