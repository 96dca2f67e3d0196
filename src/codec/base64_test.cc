// Goal: base64 and hexadecimal are right and strict. Method: RFC 4648's vectors, refusals, and
// random bytes that must come back.
#include "codec/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/hex.h"

namespace millrace::codec {
namespace {

TEST(Base64, Rfc4648Vectors) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64_encode(bytes), text);
        EXPECT_EQ(base64_decode(text), std::string(bytes));
    }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zm9v\n", "Zm9v====", "Z===", "====",
                             "Zm=v", "Zh==", "Zm9=", "Zm-v", "Zm_v", " Zm9", "Zg==Zg=="}) {
        EXPECT_FALSE(base64_decode(text).has_value()) << text;
    }
}

RC_GTEST_PROP(Base64, ComesBack, (const std::string& bytes)) {
    const std::string text = base64_encode(bytes);
    RC_ASSERT(text.size() % 4 == 0U);
    RC_ASSERT(base64_decode(text) == bytes);
}

TEST(Hex, EncodesLowerAndDecodesEitherCase) {
    EXPECT_EQ(hex_encode(std::string("\x00\xff\x1a", 3)), "00ff1a");
    EXPECT_EQ(hex_decode("00FF1a"), std::string("\x00\xff\x1a", 3));
    EXPECT_FALSE(hex_decode("0").has_value());
    EXPECT_FALSE(hex_decode("0g").has_value());
    EXPECT_EQ(hex_decode(""), "");
}

RC_GTEST_PROP(Hex, ComesBack, (const std::string& bytes)) {
    RC_ASSERT(hex_decode(hex_encode(bytes)) == bytes);
}

}  // namespace
}  // namespace millrace::codec
