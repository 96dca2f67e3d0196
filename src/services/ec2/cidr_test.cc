#include "services/ec2/cidr.h"

#include <gtest/gtest.h>

namespace millrace::ec2 {
namespace {

std::string canonical(std::string_view text) {
    const auto cidr = parse_cidr(text);
    return cidr ? cidr->text() : "-";
}

TEST(Cidr, IsCanonical) {
    EXPECT_EQ(canonical("100.68.0.18/18"), "100.68.0.0/18");
    EXPECT_EQ(canonical("10.1.2.3/32"), "10.1.2.3/32");
    EXPECT_EQ(canonical("255.255.255.255/0"), "0.0.0.0/0");
    EXPECT_EQ(canonical("10.255.255.255/9"), "10.128.0.0/9");
    EXPECT_EQ(canonical("2001:DB8:0:0::1/64"), "2001:db8::/64");
    EXPECT_EQ(canonical("ffff::/3"), "e000::/3");
    EXPECT_EQ(canonical("::/0"), "::/0");
    for (const char* bad : {"", "10.0.0.0", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/",
                            "10.0.0.0/8x", "10.0.0.0/ 8", "::/129", "x/8", "10.0.0.256/8"}) {
        EXPECT_EQ(canonical(bad), "-") << bad;
    }
}

TEST(Cidr, Contains) {
    const Cidr net = *parse_cidr("172.31.16.0/20");
    EXPECT_TRUE(net.contains(*parse_address("172.31.16.0")));
    EXPECT_TRUE(net.contains(*parse_address("172.31.31.255")));
    EXPECT_TRUE(net.contains(*parse_address("::ffff:172.31.31.255")));
    EXPECT_FALSE(net.contains(*parse_address("172.31.32.0")));
    EXPECT_FALSE(net.contains(*parse_address("172.31.15.255")));
    EXPECT_FALSE(net.contains(*parse_address("::1")));
    EXPECT_TRUE(parse_cidr("::/0")->contains(*parse_address("2001:db8::1")));
    EXPECT_FALSE(parse_cidr("::/0")->contains(*parse_address("10.0.0.1")));
    EXPECT_TRUE(parse_cidr("2001:db8::/33")->contains(*parse_address("2001:db8:7fff::")));
    EXPECT_FALSE(parse_cidr("2001:db8::/33")->contains(*parse_address("2001:db8:8000::")));
    EXPECT_FALSE(parse_address("10.0.0").has_value());
}

TEST(Cidr, Overlaps) {
    const Cidr wide = *parse_cidr("10.0.0.0/16");
    const Cidr narrow = *parse_cidr("10.0.128.0/24");
    EXPECT_TRUE(wide.contains(narrow));
    EXPECT_FALSE(narrow.contains(wide));
    EXPECT_TRUE(wide.overlaps(narrow));
    EXPECT_TRUE(narrow.overlaps(wide));
    EXPECT_FALSE(narrow.overlaps(*parse_cidr("10.0.129.0/24")));
}

}  // namespace
}  // namespace millrace::ec2
