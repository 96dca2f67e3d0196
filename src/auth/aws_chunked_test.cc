// The aws-chunked decoder against S3's published example (66,560 bytes in chunks of 64 KiB), cut
// into pieces of several sizes, with trailers, and with every kind of damage.
#include "auth/aws_chunked.h"

#include <gtest/gtest.h>

namespace millrace::auth {
namespace {

Verified published_seed(PayloadMode mode) {
    Verified verified;
    verified.payload = mode;
    verified.signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    verified.amz_date = "20130524T000000Z";
    verified.scope = "20130524/us-east-1/s3/aws4_request";
    verified.key = derive_signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524",
                                      "us-east-1", "s3");
    return verified;
}

std::string published_body() {
    return "10000;chunk-signature="
           "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
           std::string(65536, 'a') +
           "\r\n400;chunk-signature="
           "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
           std::string(1024, 'a') +
           "\r\n0;chunk-signature="
           "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
}

struct Decoded {
    std::string content;
    std::string error;
    std::vector<std::pair<std::string, std::string>> trailers;
};

Decoded decode(const Verified& verified, std::string_view body, size_t piece) {
    AwsChunkedDecoder decoder(verified);
    Decoded out;
    const auto sink = [&](std::string_view bytes) -> Result<void> {
        out.content += bytes;
        return {};
    };
    for (size_t i = 0; i < body.size(); i += piece) {
        const auto fed = decoder.feed(body.substr(i, piece), sink);
        if (!fed) {
            out.error = fed.error().code;
            return out;
        }
    }
    const auto end = decoder.finish();
    if (!end) out.error = end.error().code;
    out.trailers = decoder.trailers();
    return out;
}

TEST(AwsChunked, PublishedExample) {
    const Verified verified = published_seed(PayloadMode::kStreamingSigned);
    for (const size_t piece : {1UL, 7UL, 4096UL, 100'000UL}) {
        const Decoded out = decode(verified, published_body(), piece);
        EXPECT_EQ(out.error, "") << piece;
        EXPECT_EQ(out.content, std::string(66560, 'a'));
    }
}

TEST(AwsChunked, DamageIsRefused) {
    const Verified verified = published_seed(PayloadMode::kStreamingSigned);
    std::string body = published_body();
    body[200] = 'b';
    EXPECT_EQ(decode(verified, body, 4096).error, "SignatureDoesNotMatch");
    body = published_body();
    body[body.size() - 10] = body[body.size() - 10] == '0' ? '1' : '0';
    EXPECT_EQ(decode(verified, body, 4096).error, "SignatureDoesNotMatch");
    EXPECT_EQ(decode(verified, published_body().substr(0, 66'800), 4096).error, "IncompleteBody");
    EXPECT_EQ(decode(verified, published_body().substr(0, 66'000), 4096).error, "IncompleteBody");
    EXPECT_EQ(decode(verified, published_body() + "x", 4096).error, "InvalidRequest");
    EXPECT_EQ(decode(verified, "4\r\nabcd\r\n0\r\n\r\n", 4096).error, "SignatureDoesNotMatch");
    EXPECT_EQ(decode(verified, "zz\r\n", 4096).error, "InvalidRequest");
    EXPECT_EQ(decode(verified, std::string(40'000, '0'), 4096).error, "InvalidRequest");
}

TEST(AwsChunked, UnsignedWithTrailer) {
    const Verified verified = published_seed(PayloadMode::kStreamingUnsignedTrailer);
    const Decoded out =
        decode(verified, "4\r\nabcd\r\n0\r\nx-amz-checksum-crc32:7YLNEQ==\r\n\r\n", 3);
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.content, "abcd");
    ASSERT_EQ(out.trailers.size(), 1U);
    EXPECT_EQ(out.trailers[0].first, "x-amz-checksum-crc32");
    EXPECT_EQ(out.trailers[0].second, "7YLNEQ==");
    EXPECT_EQ(decode(verified, "4\r\nabcd\r\n", 3).error, "IncompleteBody");
}

TEST(AwsChunked, SignedTrailer) {
    const Verified verified = published_seed(PayloadMode::kStreamingSignedTrailer);
    ChunkVerifier signer(verified);
    std::string body =
        "4;chunk-signature=" + signer.sign_chunk(codec::sha256("abcd")) + "\r\nabcd\r\n";
    body += "0;chunk-signature=" + signer.sign_chunk(codec::sha256("")) + "\r\n";
    const std::string signature = signer.sign_trailers("x-amz-checksum-crc32:7YLNEQ==\n");
    const std::string whole =
        body + "x-amz-checksum-crc32:7YLNEQ==\r\nx-amz-trailer-signature:" + signature + "\r\n\r\n";
    EXPECT_EQ(decode(verified, whole, 5).error, "");
    EXPECT_EQ(decode(verified,
                     body + "x-amz-checksum-crc32:7YLNEQ==\n\r\nx-amz-trailer-signature:" +
                         signature + "\r\n\r\n",
                     5)
                  .error,
              "");
    EXPECT_EQ(decode(verified,
                     body + "x-amz-checksum-crc32:8YLNEQ==\r\nx-amz-trailer-signature:" +
                         signature + "\r\n\r\n",
                     5)
                  .error,
              "SignatureDoesNotMatch");
    EXPECT_EQ(decode(verified, body + "x-amz-checksum-crc32:7YLNEQ==\r\n\r\n", 5).error,
              "SignatureDoesNotMatch");
}

// S3's published example with trailing header: the signatures of its chunks and trailer.
TEST(AwsChunked, PublishedTrailerExample) {
    Verified verified = published_seed(PayloadMode::kStreamingSignedTrailer);
    verified.signature = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    ChunkVerifier signer(verified);
    EXPECT_EQ(signer.sign_chunk(codec::sha256(std::string(65536, 'a'))),
              "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
    EXPECT_EQ(signer.sign_chunk(codec::sha256(std::string(1024, 'a'))),
              "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
    EXPECT_EQ(signer.sign_chunk(codec::sha256("")),
              "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
    EXPECT_EQ(signer.sign_trailers("x-amz-checksum-crc32c:sOO8/Q==\n"),
              "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

}  // namespace
}  // namespace millrace::auth
