// S3Body: digests, limits, aws-chunked trailers, and where the content goes.
#include "gateway/s3_body.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "codec/base64.h"
#include "codec/hex.h"
#include "store/blobs/file_blob_store.h"

namespace millrace::gateway {
namespace {

HttpRequest with(std::vector<HttpHeader> headers) {
    HttpRequest request;
    request.headers = std::move(headers);
    return request;
}

TEST(S3Body, DigestsOfABodyInMemory) {
    const HttpRequest request = with({{"x-amz-checksum-sha1", "x"}, {"x-amz-checksum-crc32", "x"}});
    S3Body body(request, anonymous_payload(request), nullptr, 100);
    ASSERT_TRUE(body.feed("hello "));
    ASSERT_TRUE(body.feed("world"));
    ASSERT_TRUE(body.finish());
    EXPECT_EQ(body.facts().length, 11u);
    EXPECT_EQ(codec::hex_encode(body.facts().md5), "5eb63bbbe01eeed093cb22bb8f5acdc3");
    EXPECT_EQ(codec::hex_encode(body.facts().sha1), "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed");
    EXPECT_EQ(codec::hex_encode(body.facts().crc32), "0d4a1185");
    EXPECT_TRUE(body.facts().crc64nvme.empty());
    EXPECT_EQ(body.take_body().bytes, "hello world");
}

TEST(S3Body, Crc64NvmeWhenNothingIsNamed) {
    const HttpRequest request = with({});
    S3Body body(request, anonymous_payload(request), nullptr, 100);
    ASSERT_TRUE(body.feed("x"));
    ASSERT_TRUE(body.finish());
    EXPECT_EQ(body.facts().crc64nvme.size(), 8u);
    EXPECT_TRUE(body.facts().crc32.empty());
}

TEST(S3Body, ABodyThatIsNotWhatWasSigned) {
    auth::Verified verified;
    verified.payload = auth::PayloadMode::kSigned;
    verified.payload_sha256 = std::string(64, '0');
    S3Body body(with({}), verified, nullptr, 100);
    ASSERT_TRUE(body.feed("x"));
    const auto finished = body.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, "XAmzContentSHA256Mismatch");
}

TEST(S3Body, TheLimit) {
    S3Body body(with({}), anonymous_payload(with({})), nullptr, 3);
    ASSERT_TRUE(body.feed("abc"));
    const auto more = body.feed("d");
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, "EntityTooLarge");
}

TEST(S3Body, TrailersOfAwsChunked) {
    const std::string text = "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
    const auto run = [&](const std::string& length, const std::string& trailer, size_t step) {
        const HttpRequest request =
            with({{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
                  {"x-amz-decoded-content-length", length},
                  {"x-amz-trailer", trailer}});
        S3Body body(request, anonymous_payload(request), nullptr, 100);
        for (size_t at = 0; at < text.size(); at += step) {
            const auto fed = body.feed(std::string_view(text).substr(at, step));
            if (!fed) return fed.error().code;
        }
        const auto finished = body.finish();
        if (!finished) return finished.error().code;
        EXPECT_EQ(body.facts().trailer("x-amz-checksum-crc32"), "NSRBwg==");
        EXPECT_EQ(codec::base64_encode(body.facts().crc32), "NSRBwg==");
        return body.take_body().bytes;
    };
    EXPECT_EQ(run("3", "x-amz-checksum-crc32", 1), "abc");
    EXPECT_EQ(run("3", "x-amz-checksum-crc32", 100), "abc");
    EXPECT_EQ(run("4", "x-amz-checksum-crc32", 100), "IncompleteBody");
    EXPECT_EQ(run("3", "x-amz-checksum-sha256", 100), "MalformedTrailerError");
}

TEST(S3Body, ContentInABlob) {
    const std::string folder = ::testing::TempDir() + "s3_body_test";
    std::filesystem::remove_all(folder);
    auto blobs = store::open_file_blob_store(folder, false);
    ASSERT_TRUE(blobs);
    const HttpRequest request = with({});
    S3Body body(request, anonymous_payload(request), blobs->get(), kObjectBytesMax);
    const std::string piece(100'000, 'y');
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(body.feed(piece));
    ASSERT_TRUE(body.finish());
    const Body content = body.take_body();
    EXPECT_FALSE(content.in_memory());
    EXPECT_EQ(content.length, 500'000u);
    EXPECT_EQ((*(*blobs)->open(content.blob_id))->size(), 500'000u);
    // One that is given up leaves nothing.
    {
        S3Body dropped(request, anonymous_payload(request), blobs->get(), kObjectBytesMax);
        ASSERT_TRUE(dropped.feed(piece));
    }
    int count = 0;
    (*blobs)->list([&](std::string_view, TimePoint) { ++count; });
    EXPECT_EQ(count, 1);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace millrace::gateway
