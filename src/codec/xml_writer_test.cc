// Goal: XML text that every parser reads back; UTF-8 checks. Method: examples, and random text read
// by pugixml in model's tests.
#include "codec/xml_writer.h"

#include <gtest/gtest.h>

#include "codec/utf8.h"

namespace millrace::codec {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    append_xml_text(out, text);
    return out;
}

TEST(Xml, Escapes) {
    EXPECT_EQ(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c'");
    EXPECT_EQ(escaped("a\r\n\tb"), "a&#xd;\n\tb");
    EXPECT_EQ(escaped(std::string_view("\0\x01\x1f\x7f", 4)), "&#x0;&#x1;&#x1f;&#x7f;");
    EXPECT_EQ(escaped("\xc3\xa9\xf0\x9f\x98\x80"), "\xc3\xa9\xf0\x9f\x98\x80");
    EXPECT_EQ(escaped("\xff"
                      "a\xc3"),
              "\xef\xbf\xbd"
              "a\xef\xbf\xbd");
}

TEST(Xml, WritesElements) {
    std::string out;
    XmlWriter xml(out);
    xml.declaration();
    xml.open("A", "http://x/");
    xml.element("B", std::string_view("<"));
    xml.element("C", int64_t{-5});
    xml.element("D", true);
    xml.begin_tag("E");
    xml.attribute("xsi:type", "a\"b");
    xml.finish_tag();
    xml.close("E");
    xml.close("A");
    EXPECT_EQ(out,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A "
              "xmlns=\"http://x/\"><B>&lt;</B><C>-5</C><D>true</D>"
              "<E xsi:type=\"a&quot;b\"></E></A>");
}

TEST(Utf8, Validity) {
    for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                             "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    }
    for (const char* bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xff"}) {
        EXPECT_FALSE(is_valid_utf8(bad)) << bad;
    }
}

TEST(Utf8, Lengths) {
    const std::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    EXPECT_EQ(utf8_length(text), 4U);
    EXPECT_EQ(utf16_length(text), 5U);
    size_t position = 0;
    EXPECT_EQ(next_code_point(text, position), uint32_t{'a'});
    EXPECT_EQ(next_code_point(text, position), 0xe9U);
    EXPECT_EQ(next_code_point(text, position), 0x20acU);
    EXPECT_EQ(next_code_point(text, position), 0x1f600U);
    EXPECT_EQ(position, text.size());
}

}  // namespace
}  // namespace millrace::codec
