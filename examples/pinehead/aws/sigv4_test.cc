// The signature of AWS's published example for GetObject (S3 API Reference, "Signature
// Calculations").
#include "aws/sigv4.h"

#include <gtest/gtest.h>

namespace pinehead {
namespace {

TEST(Sigv4, PublishedExample) {
    SignedRequest request{
        .method = "GET",
        .path = "/test.txt",
        .headers = {{"host", "examplebucket.s3.amazonaws.com"}, {"range", "bytes=0-9"}}};
    sign(request, {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""},
         "us-east-1", "s3", "20130524T000000Z");
    EXPECT_EQ(
        request.headers["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

}  // namespace
}  // namespace pinehead
