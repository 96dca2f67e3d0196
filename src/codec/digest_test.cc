// Goal: digests, HMACs and checksums match the published vectors, at once and in pieces.
// Sources: FIPS 180-4, RFC 1321, RFC 4231, RFC 2202, RFC 3720 (CRC-32C), NVM Express (CRC-64).
#include "codec/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/base64.h"
#include "codec/hex.h"

namespace millrace::codec {
namespace {

TEST(Digest, Vectors) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_encode(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Digest, Hmac) {
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex_encode(hmac_sha256(std::string(131, '\xaa'),
                                     "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex_encode(hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex_encode(hmac_sha256("", "")),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Checksum, Vectors) {
    EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
    EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
    EXPECT_EQ(crc64nvme("123456789"), 0xae8b14860a799888ULL);
    EXPECT_EQ(crc64nvme(std::string(4096, '\0')), 0x6482d367eb22b64eULL);
    EXPECT_EQ(base64_encode(checksum_bytes(crc32("123456789"))), "y/Q5Jg==");
    EXPECT_EQ(checksum_bytes(uint64_t{0x0102030405060708}), std::string("\1\2\3\4\5\6\7\10"));
}

RC_GTEST_PROP(Digest, PiecesGiveTheSame, (const std::string& a, const std::string& b)) {
    Sha256 sha;
    sha.update(a);
    sha.update(b);
    RC_ASSERT(sha.finish() == sha256(a + b));
    sha.update(b);  // begins anew
    RC_ASSERT(sha.finish() == sha256(b));
    Md5 digest;
    digest.update(a);
    digest.update(b);
    RC_ASSERT(digest.finish() == md5(a + b));
    RC_ASSERT(crc32(b, crc32(a)) == crc32(a + b));
    RC_ASSERT(crc32c(b, crc32c(a)) == crc32c(a + b));
    RC_ASSERT(crc64nvme(b, crc64nvme(a)) == crc64nvme(a + b));
}

TEST(Digest, ConstantTimeEqual) {
    EXPECT_TRUE(constant_time_equal("abc", "abc"));
    EXPECT_FALSE(constant_time_equal("abc", "abd"));
    EXPECT_FALSE(constant_time_equal("abc", "ab"));
    EXPECT_TRUE(constant_time_equal("", ""));
}

}  // namespace
}  // namespace millrace::codec
