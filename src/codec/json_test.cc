// Goal: JSON text is read and written as RFC 8259 says, numbers keep their text. Method: examples,
// refusals, and random values that must come back.
#include "codec/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <limits>

#include "codec/json_writer.h"

namespace millrace::codec {
namespace {

TEST(Json, ReadsEveryKind) {
    const auto value =
        parse_json(R"( {"s":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","n":-1.50E+3,"t":true,"f":false,
        "z":null,"a":[1,[],{}],"o":{"k":"v"}} )");
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(value->find_string("s"), "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80");
    EXPECT_EQ(value->find("n")->number_text(), "-1.50E+3");
    EXPECT_EQ(value->find("n")->as_double(), -1500.0);
    EXPECT_FALSE(value->find("n")->as_int64().has_value());
    EXPECT_TRUE(value->find("t")->as_bool());
    EXPECT_TRUE(value->find("f")->is_bool());
    EXPECT_TRUE(value->find("z")->is_null());
    EXPECT_EQ(value->find("a")->elements().size(), 3U);
    EXPECT_EQ(value->find("a")->elements()[0].as_int64(), 1);
    EXPECT_EQ(value->find("o")->find_string("k"), "v");
    EXPECT_EQ(value->find("missing"), nullptr);
    EXPECT_EQ(value->find_string("n"), std::nullopt);
    EXPECT_EQ(value->members()[0].first, "s");
}

TEST(Json, TheLastOfEqualNamesWins) {
    EXPECT_EQ(parse_json(R"({"a":1,"a":2})")->find("a")->as_int64(), 2);
}

TEST(Json, WritesCompactly) {
    const std::string text = R"({"a":[1,2.50,"x\n"],"b":{},"c":[],"d":null,"e":true})";
    EXPECT_EQ(parse_json(text)->to_json(), text);
}

TEST(Json, Refuses) {
    for (const char* text : {"", " ", "{", "[1,]", "{\"a\":}", "{'a':1}", "01", "nul", "\"\x01\"",
                             "\"\xff\"", "1 2", "{\"a\":1,}", "\"\\ud800\"x", "[1", "+1", "NaN"}) {
        EXPECT_FALSE(parse_json(text).has_value()) << text;
    }
    EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']')).has_value());
}

RC_GTEST_PROP(Json, StringsComeBack, (const std::string& raw)) {
    std::string text;
    for (const char c : raw) text.push_back(static_cast<char>(c & 0x7f));  // valid UTF-8
    RC_ASSERT(parse_json(json_string(text))->as_string() == text);
}

TEST(JsonWriter, SetsCommas) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.member("a", 1);
    json.member("b", "x");
    json.key("c");
    json.begin_array();
    json.number(int64_t{1});
    json.boolean(true);
    json.null();
    json.begin_object();
    json.end_object();
    json.end_array();
    json.key("d");
    json.raw("{\"e\":2}");
    json.end_object();
    EXPECT_EQ(out, R"({"a":1,"b":"x","c":[1,true,null,{}],"d":{"e":2}})");
}

TEST(JsonWriter, Numbers) {
    const auto as_text = [](double value) {
        std::string out;
        append_double(out, value);
        return out;
    };
    EXPECT_EQ(as_text(0), "0");
    EXPECT_EQ(as_text(1.5), "1.5");
    EXPECT_EQ(as_text(100000000), "100000000");
    EXPECT_EQ(as_text(0.1), "0.1");
    EXPECT_EQ(as_text(-2), "-2");
    EXPECT_EQ(as_text(std::numeric_limits<double>::infinity()), "\"Infinity\"");
    const auto seconds = [](int64_t ms) {
        std::string out;
        append_epoch_seconds(out, ms);
        return out;
    };
    EXPECT_EQ(seconds(1769854830123), "1769854830.123");
    EXPECT_EQ(seconds(1769854830120), "1769854830.12");
    EXPECT_EQ(seconds(1769854830000), "1769854830");
    EXPECT_EQ(seconds(-1500), "-1.5");
    EXPECT_EQ(seconds(5), "0.005");
}

RC_GTEST_PROP(JsonWriter, DoublesComeBack, (double value)) {
    std::string out;
    append_double(out, value);
    double back = 0;
    std::from_chars(out.data(), out.data() + out.size(), back);
    RC_ASSERT(back == value);
    RC_ASSERT(is_valid_json(out));
}

}  // namespace
}  // namespace millrace::codec
