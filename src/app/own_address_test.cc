#include "app/own_address.h"

#include <gtest/gtest.h>

namespace millrace::app {
namespace {

TEST(OwnAddress, LoopbackIsOwnAndDocumentationAddressesAreNot) {
    EXPECT_TRUE(is_own_address("127.0.0.1"));
    EXPECT_TRUE(is_own_address("127.9.9.9"));
    EXPECT_TRUE(is_own_address("::ffff:127.0.0.1"));
    EXPECT_FALSE(is_own_address("192.0.2.1"));
    EXPECT_FALSE(is_own_address("2001:db8::1"));
    EXPECT_FALSE(is_own_address(""));
    EXPECT_FALSE(is_own_address("localhost"));
}

}  // namespace
}  // namespace millrace::app
