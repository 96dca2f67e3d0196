// Goal: every REST request is recognised as the operation that AWS would run. Method: a table of
// S3's look-alikes, operations that we do not serve, keys that must stay as they are, and Lambda.
#include <gtest/gtest.h>

#include "model/generated/lambda.h"
#include "model/generated/s3.h"
#include "model/rest_protocol.h"

namespace millrace::model {
namespace {

RestMatch s3(std::string_view method, std::string_view path, std::string_view query = {},
             std::vector<HttpHeader> headers = {}) {
    HttpRequest request;
    request.headers = std::move(headers);
    return match_rest(s3::kService, method, path, query, request);
}

TEST(RestRoute, S3Table) {
    struct Row {
        const char* method;
        const char* path;
        const char* query;
        const char* operation;
        const char* header = nullptr;
    };
    const Row rows[] = {
        {"GET", "/", "", "ListBuckets"},
        {"GET", "/", "x-id=ListBuckets", "ListBuckets"},
        {"PUT", "/b", "", "CreateBucket"},
        {"PUT", "/b/", "", "CreateBucket"},
        {"HEAD", "/b", "", "HeadBucket"},
        {"DELETE", "/b", "", "DeleteBucket"},
        {"DELETE", "/b/", "", "DeleteBucket"},
        {"GET", "/b", "", "ListObjects"},
        {"GET", "/b", "prefix=a&marker=b", "ListObjects"},
        {"GET", "/b", "list-type=2&prefix=a", "ListObjectsV2"},
        {"GET", "/b", "list-type=1", "ListObjects"},
        {"GET", "/b", "versions", "ListObjectVersions"},
        {"GET", "/b", "uploads", "ListMultipartUploads"},
        {"GET", "/b", "uploads=", "ListMultipartUploads"},
        {"GET", "/b", "location", "GetBucketLocation"},
        {"GET", "/b", "policy", "GetBucketPolicy"},
        {"PUT", "/b", "policy", "PutBucketPolicy"},
        {"DELETE", "/b", "policy", "DeleteBucketPolicy"},
        {"GET", "/b", "policyStatus", "GetBucketPolicyStatus"},
        {"GET", "/b", "website", "GetBucketWebsite"},
        {"PUT", "/b", "website=", "PutBucketWebsite"},
        {"DELETE", "/b", "website", "DeleteBucketWebsite"},
        {"POST", "/b", "delete", "DeleteObjects"},
        {"GET", "/b", "publicAccessBlock", "GetPublicAccessBlock"},
        {"GET", "/b", "tagging", "GetBucketTagging"},
        {"GET", "/b", "versioning", "GetBucketVersioning"},
        {"PUT", "/b/k", "", "PutObject"},
        {"PUT", "/b/k", "x-id=PutObject", "PutObject"},
        {"PUT", "/b/k", "", "CopyObject", "x-amz-copy-source"},
        {"PUT", "/b/k", "partNumber=1&uploadId=u", "UploadPart"},
        {"PUT", "/b/k", "partNumber=1&uploadId=u", "UploadPartCopy", "X-Amz-Copy-Source"},
        {"GET", "/b/k", "", "GetObject"},
        {"GET", "/b/k", "versionId=v&response-content-type=a", "GetObject"},
        {"GET", "/b/k", "partNumber=1", "GetObject"},
        {"GET", "/b/k", "uploadId=u", "ListParts"},
        {"GET", "/b/k", "attributes", "GetObjectAttributes"},
        {"GET", "/b/k", "tagging", "GetObjectTagging"},
        {"GET", "/b/k", "acl", "GetObjectAcl"},
        {"HEAD", "/b/k", "", "HeadObject"},
        {"DELETE", "/b/k", "", "DeleteObject"},
        {"DELETE", "/b/k", "uploadId=u", "AbortMultipartUpload"},
        {"DELETE", "/b/k", "tagging", "DeleteObjectTagging"},
        {"POST", "/b/k", "uploads", "CreateMultipartUpload"},
        {"POST", "/b/k", "uploadId=u", "CompleteMultipartUpload"},
    };
    for (const Row& row : rows) {
        std::vector<HttpHeader> headers;
        if (row.header != nullptr) headers.push_back({row.header, "/src/k"});
        const RestMatch match = s3(row.method, row.path, row.query, headers);
        ASSERT_NE(match.operation, nullptr) << row.method << " " << row.path << "?" << row.query;
        EXPECT_EQ(match.operation->name, row.operation)
            << row.method << " " << row.path << "?" << row.query;
        EXPECT_EQ(match.name, row.operation);
    }
}

TEST(RestRoute, WhatWeDoNotServeIsNotTakenForAnother) {
    const RestMatch analytics = s3("DELETE", "/b", "analytics&id=1");
    EXPECT_EQ(analytics.operation, nullptr);
    EXPECT_EQ(analytics.name, "DeleteBucketAnalyticsConfiguration");
    const RestMatch torrent = s3("GET", "/b/k", "torrent");
    EXPECT_EQ(torrent.operation, nullptr);
    EXPECT_EQ(torrent.name, "GetObjectTorrent");
    EXPECT_EQ(s3("PUT", "/b/k", "legal-hold").operation, nullptr);
    const RestMatch nobody = s3("PATCH", "/b");
    EXPECT_EQ(nobody.operation, nullptr);
    EXPECT_TRUE(nobody.name.empty());
    EXPECT_EQ(s3("POST", "/b").operation, nullptr);
    EXPECT_EQ(s3("GET", "//k").operation, nullptr);  // no bucket
}

TEST(RestRoute, KeysStayAsTheyAre) {
    EXPECT_EQ(s3("GET", "/b/a//b/../c/").label("Key"), "a//b/../c/");
    EXPECT_EQ(s3("GET", "/b//k").label("Key"), "/k");
    EXPECT_EQ(s3("GET", "/b//").label("Key"), "/");
    EXPECT_EQ(s3("GET", "/b/a%2Fb%2525+c%20d").label("Key"), "a/b%25+c d");
    EXPECT_EQ(s3("GET", "/b/%C3%A9").label("Key"), "\xc3\xa9");
    EXPECT_EQ(s3("GET", "/my%2Dbucket/k").label("Bucket"), "my-bucket");
    const std::string deep = "/b/" + std::string(500, '/') + "k";
    EXPECT_EQ(s3("GET", deep).label("Key"), std::string(500, '/') + "k");
    EXPECT_EQ(s3("GET", "/b/k").label("Nothing"), "");
}

TEST(RestRoute, Lambda) {
    const auto route = [](std::string_view method, std::string_view path) {
        const HttpRequest request;
        return match_rest(lambda::kService, method, path, "", request);
    };
    EXPECT_EQ(route("POST", "/2015-03-31/functions").name, "CreateFunction");
    EXPECT_EQ(route("GET", "/2015-03-31/functions/").name, "ListFunctions");
    const RestMatch invoke = route("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations");
    ASSERT_NE(invoke.operation, nullptr);
    EXPECT_EQ(invoke.operation->name, "Invoke");
    EXPECT_EQ(invoke.label("FunctionName"), "arn:aws:lambda");
    EXPECT_EQ(route("GET", "/2015-03-31/functions/f").name, "GetFunction");
    EXPECT_EQ(route("GET", "/2015-03-31/functions/f/configuration").name,
              "GetFunctionConfiguration");
    EXPECT_EQ(route("PUT", "/2015-03-31/functions/f/code").name, "UpdateFunctionCode");
    EXPECT_EQ(route("DELETE", "/2015-03-31/event-source-mappings/u").name,
              "DeleteEventSourceMapping");
    EXPECT_EQ(route("GET", "/2015-03-31/functions/a/b/c/d").name, "");
    EXPECT_EQ(route("POST", "/2015-03-31/functions//invocations").name, "");
}

}  // namespace
}  // namespace millrace::model
