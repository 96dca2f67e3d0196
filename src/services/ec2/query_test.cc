#include "services/ec2/query.h"

#include <gtest/gtest.h>

namespace millrace::ec2 {
namespace {

TEST(Wildcards, Match) {
    for (const auto& [pattern, text] :
         std::vector<std::pair<const char*, const char*>>{{"", ""},
                                                          {"*", ""},
                                                          {"*", "abc"},
                                                          {"a*c", "abc"},
                                                          {"a*c", "ac"},
                                                          {"a?c", "abc"},
                                                          {"*b*", "abc"},
                                                          {"a*b*c", "aXbXbYc"},
                                                          {"\\*", "*"},
                                                          {"a\\?", "a?"},
                                                          {"**", "x"},
                                                          {"*aab", "aaab"},
                                                          {"\\", "\\"}}) {
        EXPECT_TRUE(matches_wildcards(pattern, text)) << pattern << " " << text;
    }
    for (const auto& [pattern, text] :
         std::vector<std::pair<const char*, const char*>>{{"", "a"},
                                                          {"a", ""},
                                                          {"a?c", "ac"},
                                                          {"a*c", "abd"},
                                                          {"\\*", "a"},
                                                          {"A", "a"},
                                                          {"a?", "a"},
                                                          {"*b", "abc"}}) {
        EXPECT_FALSE(matches_wildcards(pattern, text)) << pattern << " " << text;
    }
}

Query::Filters filter(const std::string& name, std::vector<std::string> values) {
    model::ec2::Filter one;
    one.name = name;
    one.values = std::move(values);
    return Query::Filters{{one}};
}

constexpr std::array<std::string_view, 1> kKnown = {"cidr"};

TEST(Query, Filters) {
    const Tags tags = {{"Owner", "TeamA"}, {"Empty", ""}};
    const auto finds = [&](const std::string& name, std::vector<std::string> values) {
        auto query = Query::make(filter(name, std::move(values)), kKnown);
        EXPECT_TRUE(query);
        return query->matches(tags, [](std::string_view) {
            return std::vector<std::string>{"10.0.0.0/8", "11.0.0.0/8"};
        });
    };
    EXPECT_TRUE(finds("cidr", {"1.0.0.0/8", "11.*"}));
    EXPECT_FALSE(finds("cidr", {"12.*"}));
    EXPECT_FALSE(finds("cidr", {}));
    EXPECT_TRUE(finds("tag:Owner", {"Team?"}));
    EXPECT_FALSE(finds("tag:owner", {"*"}));
    EXPECT_TRUE(finds("tag:Empty", {""}));
    EXPECT_TRUE(finds("tag-key", {"Own*"}));
    EXPECT_FALSE(finds("tag-key", {"TeamA"}));
}

TEST(Query, RefusesWhatNobodyKnows) {
    const auto refused = Query::make(filter("vlan", {"x"}), kKnown);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "The filter 'vlan' is invalid");
    const auto many = Query::make(filter("cidr", std::vector<std::string>(201, "x")), kKnown);
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, "FilterLimitExceeded");
    EXPECT_EQ(Query::make({}, kKnown, 4).error().message,
              "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.");
    EXPECT_EQ(Query::make({}, kKnown, 5, "?").error().code, "InvalidNextToken");
}

TEST(Query, Pages) {
    const std::vector<std::string> ids = {"a", "b", "c", "d", "e", "f", "g"};
    std::optional<std::string> token;
    std::string seen;
    size_t pages = 0;
    do {
        auto query = Query::make({}, kKnown, 5, token);
        ASSERT_TRUE(query);
        token.reset();
        for (const std::string& id : ids) {
            if (query->take(id, token)) seen += id;
        }
        seen += '|';
        pages += 1;
    } while (token && pages < 5);
    EXPECT_EQ(seen, "abcde|fg|");
}

}  // namespace
}  // namespace millrace::ec2
