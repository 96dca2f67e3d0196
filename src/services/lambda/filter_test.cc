#include "services/lambda/filter.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace millrace::lambda {
namespace {

struct Case {
    const char* pattern;
    const char* record;
    bool passes;
};

class FilterTable : public testing::TestWithParam<Case> {};

TEST_P(FilterTable, Passes) {
    const auto filter = Filter::make({GetParam().pattern});
    ASSERT_TRUE(filter) << GetParam().pattern;
    const auto record = codec::parse_json(GetParam().record);
    ASSERT_TRUE(record) << GetParam().record;
    EXPECT_EQ(filter->passes(*record), GetParam().passes)
        << GetParam().pattern << " on " << GetParam().record;
}

INSTANTIATE_TEST_SUITE_P(
    Operators, FilterTable,
    testing::Values(
        Case{R"({"a":["x","y"]})", R"({"a":"y"})", true},
        Case{R"({"a":["x"]})", R"({"a":"X"})", false}, Case{R"({"a":["x"]})", R"({})", false},
        Case{R"({"a":["x"]})", R"({"a":["z","x"]})", true},
        Case{R"({"a":[1]})", R"({"a":1.0})", true}, Case{R"({"a":[1]})", R"({"a":"1"})", false},
        Case{R"({"a":[null]})", R"({"a":null})", true}, Case{R"({"a":[null]})", R"({})", false},
        Case{R"({"a":[true]})", R"({"a":true})", true}, Case{R"({"a":[""]})", R"({"a":""})", true},
        Case{R"({"a":["x"],"b":["y"]})", R"({"a":"x","b":"y"})", true},
        Case{R"({"a":["x"],"b":["y"]})", R"({"a":"x"})", false},
        Case{R"({"a":{"b":{"c":["x"]}}})", R"({"a":{"b":{"c":"x"}}})", true},
        Case{R"({"a":{"b":["x"]}})", R"({"a":"x"})", false},
        Case{R"({"a":{"b":["x"]}})", R"({"a":[{"b":"y"},{"b":"x"}]})", true},
        Case{R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", true},
        Case{R"({"a":[{"prefix":"ab"}]})", R"({"a":"ba"})", false},
        Case{R"({"a":[{"suffix":"bc"}]})", R"({"a":"abc"})", true},
        Case{R"({"a":[{"suffix":"bc"}]})", R"({"a":7})", false},
        Case{R"({"a":[{"wildcard":"a*c*"}]})", R"({"a":"abbcd"})", true},
        Case{R"({"a":[{"wildcard":"a*c"}]})", R"({"a":"abbcd"})", false},
        Case{R"({"a":[{"wildcard":"a\\*"}]})", R"({"a":"a*"})", true},
        Case{R"({"a":[{"wildcard":"a\\*"}]})", R"({"a":"ab"})", false},
        Case{R"({"a":[{"equals-ignore-case":"aBc"}]})", R"({"a":"AbC"})", true},
        Case{R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", true},
        Case{R"({"a":[{"anything-but":"x"}]})", R"({"a":"x"})", false},
        Case{R"({"a":[{"anything-but":"x"}]})", R"({})", false},
        Case{R"({"a":[{"anything-but":["x",1]}]})", R"({"a":1})", false},
        Case{R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"xy"})", false},
        Case{R"({"a":[{"anything-but":{"prefix":["x","y"]}}]})", R"({"a":"z"})", true},
        Case{R"({"a":[{"numeric":["=",5]}]})", R"({"a":5})", true},
        Case{R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", true},
        Case{R"({"a":[{"numeric":[">",0,"<",5]}]})", R"({"a":5})", false},
        Case{R"({"a":[{"numeric":[">",0]}]})", R"({"a":"5"})", false},
        Case{R"({"a":[{"exists":true}]})", R"({"a":null})", true},
        Case{R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", false},
        Case{R"({"a":[{"exists":false}]})", R"({"b":1})", true},
        Case{R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})", true},
        Case{R"({"a":[{"exists":false}]})", R"({"a":1})", false},
        Case{R"({"a":[{"exists":false},"x"]})", R"({"a":"x"})", true},
        Case{R"({"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"y"})", true},
        Case{R"({"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"z"})", false},
        Case{R"({"c":["1"],"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"y"})", false},
        Case{R"({"eventName":["INSERT"],"dynamodb":{"NewImage":{"s":{"S":["NEW"]}}}})",
             R"({"eventName":"INSERT","dynamodb":{"NewImage":{"s":{"S":"NEW"}}}})", true}));

class BadPattern : public testing::TestWithParam<const char*> {};

TEST_P(BadPattern, IsRefused) {
    const auto filter = Filter::make({GetParam()});
    ASSERT_FALSE(filter) << GetParam();
    EXPECT_EQ(filter.error().message, "Invalid filter pattern definition.");
}

INSTANTIATE_TEST_SUITE_P(Patterns, BadPattern,
                         testing::Values("", "[]", "{}", "x", R"({"a":"x"})", R"({"a":[]})",
                                         R"({"a":{}})", R"({"a":[{"prefix":1}]})",
                                         R"({"a":[{"nonsense":"x"}]})",
                                         R"({"a":[{"numeric":["=","x"]}]})",
                                         R"({"a":[{"numeric":["<",5,">",1]}]})",
                                         R"({"a":[{"numeric":[]}]})", R"({"a":[{"exists":"x"}]})",
                                         R"({"a":[{"anything-but":[]}]})", R"({"a":[["x"]]})",
                                         R"({"$or":[]})", R"({"$or":[{"a":["x"]}]})"));

struct BodyCase {
    const char* pattern;
    const char* body;  // the message's, as JSON text
    bool passes;
};
class BodyTable : public testing::TestWithParam<BodyCase> {};

TEST_P(BodyTable, Passes) {
    const auto filter = Filter::make({GetParam().pattern});
    ASSERT_TRUE(filter);
    const auto record =
        codec::parse_json(std::string(R"({"messageId":"m","body":)") + GetParam().body + "}");
    ASSERT_TRUE(record);
    EXPECT_EQ(filter->passes_message(*record), GetParam().passes)
        << GetParam().pattern << " on " << GetParam().body;
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, BodyTable,
    testing::Values(BodyCase{R"({"body":{"a":[1]}})", R"("{\"a\":1}")", true},
                    BodyCase{R"({"body":{"a":[1]}})", R"("{\"a\":2}")", false},
                    BodyCase{R"({"body":{"a":[1]}})", R"("plain")", false},
                    BodyCase{R"({"body":{"a":[{"exists":false}]}})", R"("plain")", false},
                    BodyCase{R"({"body":["plain"]})", R"("plain")", true},
                    BodyCase{R"({"body":["{\"a\":1}"]})", R"("{\"a\":1}")", false},
                    BodyCase{R"({"messageId":["m"]})", R"("plain")", true},
                    BodyCase{R"({"messageId":["m"]})", R"("{\"a\":1}")", true},
                    BodyCase{R"({"$or":[{"body":{"a":[1]}},{"messageId":["n"]}]})",
                             R"("{\"a\":1}")", true}));

TEST(Filter, OnePatternOfSeveralIsEnough) {
    const auto filter = Filter::make({R"({"a":["x"]})", R"({"a":["y"]})"});
    ASSERT_TRUE(filter);
    EXPECT_TRUE(filter->passes(*codec::parse_json(R"({"a":"y"})")));
    EXPECT_FALSE(filter->passes(*codec::parse_json(R"({"a":"z"})")));
    EXPECT_TRUE(Filter().passes(*codec::parse_json("{}")));
}

// For every text: anything-but is the opposite of the operator, and a wildcard made of the text
// with a piece cut out matches it.
TEST(Filter, Properties) {
    SeededRng rng(7);
    for (int i = 0; i < 500; ++i) {
        const std::string text = rng.hex(8);
        const std::string other = rng.hex(2);
        const auto record = *codec::parse_json(R"({"a":")" + text + "\"}");
        for (const char* op : {"prefix", "suffix", "equals-ignore-case", "wildcard"}) {
            const std::string test = std::string("{\"") + op + "\":\"" + other + "\"}";
            const auto is = Filter::make({R"({"a":[)" + test + "]}"});
            const auto is_not = Filter::make({R"({"a":[{"anything-but":)" + test + "}]}"});
            ASSERT_TRUE(is && is_not);
            EXPECT_NE(is->passes(record), is_not->passes(record)) << op << text << other;
        }
        const size_t cut = rng.next_u64() % 8;
        const auto holed = Filter::make({R"({"a":[{"wildcard":")" + text.substr(0, cut) + "*" +
                                         text.substr(cut + rng.next_u64() % (9 - cut)) + "\"}]}"});
        ASSERT_TRUE(holed);
        EXPECT_TRUE(holed->passes(record));
    }
}

}  // namespace
}  // namespace millrace::lambda
