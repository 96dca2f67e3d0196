// Goal: percent-encoding as SigV4 and forms need it, and UTF-8 checks. Method: examples and round
// trips.
#include "codec/url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millrace::codec {
namespace {

TEST(Url, Encodes) {
    EXPECT_EQ(url_encode("azAZ09-_.~"), "azAZ09-_.~");
    EXPECT_EQ(url_encode("a b/c+d=\xc3\xa9*'"), "a%20b%2Fc%2Bd%3D%C3%A9%2A%27");
    EXPECT_EQ(url_encode_path("/a b/c"), "/a%20b/c");
}

TEST(Url, Decodes) {
    EXPECT_EQ(url_decode("a%20b%2fc+d"), "a b/c+d");
    EXPECT_EQ(form_decode("a%20b+c%2B"), "a b c+");
    EXPECT_EQ(url_decode("100%"), "100%");
    EXPECT_EQ(url_decode("%zz%4"), "%zz%4");
    EXPECT_EQ(url_decode("%2525"), "%25");  // once only
    EXPECT_TRUE(is_well_formed_url("a%20"));
    EXPECT_FALSE(is_well_formed_url("a%2"));
    EXPECT_FALSE(is_well_formed_url("%zz"));
}

TEST(Url, ParsesForms) {
    const auto pairs = parse_form("Action=SendMessage&MessageBody=a%26b+c&&Empty=&Alone&X=1&X=2");
    ASSERT_TRUE(pairs.has_value());
    const FormPairs expected{{"Action", "SendMessage"},
                             {"MessageBody", "a&b c"},
                             {"Empty", ""},
                             {"Alone", ""},
                             {"X", "1"},
                             {"X", "2"}};
    EXPECT_EQ(*pairs, expected);
    EXPECT_TRUE(parse_form("")->empty());
    EXPECT_FALSE(parse_form("a&b&c", 2).has_value());
}

RC_GTEST_PROP(Url, ComesBack, (const std::string& bytes)) {
    RC_ASSERT(url_decode(url_encode(bytes)) == bytes);
    RC_ASSERT(form_decode(url_encode(bytes)) == bytes);
    RC_ASSERT(url_decode(url_encode_path(bytes)) == bytes);
}

}  // namespace
}  // namespace millrace::codec
