// route: which service, operation and bucket a request is for. Method: a table of heads, with the
// real models of all services and nothing else.
#include "gateway/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/test_services.h"

namespace millrace::gateway {
namespace {

struct Head {
    std::string method = "POST";
    std::string path = "/";
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;
};

std::string signed_for(const std::string& service) {
    return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-1/" + service +
           "/aws4_request, SignedHeaders=host, Signature=00";
}

class RouteTest : public ::testing::Test {
protected:
    HttpRequest request_of(const Head& head) {
        HttpRequest request;
        request.method = head.method;
        request.path = head.path;
        request.query = head.query;
        request.target = head.path;
        for (const auto& [name, value] : head.headers) request.headers.push_back({name, value});
        return request;
    }
    Route find(const Head& head) { return route(services_, request_of(head)); }
    std::string name(const Route& found) {
        return found.service == nullptr ? "-" : std::string(found.service->name());
    }
    ServiceTable services_{all_models()};
};

TEST_F(RouteTest, JsonTargets) {
    for (const auto& [target, service, operation] : std::vector<std::array<const char*, 3>>{
             {"DynamoDB_20120810.GetItem", "dynamodb", "GetItem"},
             {"DynamoDBStreams_20120810.GetRecords", "dynamodbstreams", "GetRecords"},
             {"AmazonSQS.SendMessage", "sqs", "SendMessage"},
             {"Logs_20140328.PutLogEvents", "logs", "PutLogEvents"},
             {"AmazonDAXV3.CreateCluster", "dax", "CreateCluster"},
             {"DynamoDB_20120810.", "dynamodb", ""}}) {
        const Head head{.headers = {{"Host", "localhost:4566"}, {"X-Amz-Target", target}}};
        const Route found = find(head);
        EXPECT_EQ(found.kind, RouteKind::kJson);
        EXPECT_EQ(name(found), service);
        EXPECT_EQ(found.operation, operation);
    }
    const Head unknown{.headers = {{"X-Amz-Target", "Nobody_1.X"}}};
    EXPECT_EQ(find(unknown).kind, RouteKind::kJson);
    EXPECT_EQ(name(find(unknown)), "dynamodb");
}

TEST_F(RouteTest, Hosts) {
    struct Case {
        const char* host;
        const char* bucket;
        bool website;
    };
    for (const Case& one : {
             Case{"localhost:4566", "", false},
             Case{"127.0.0.1:4566", "", false},
             Case{"[::1]:4566", "", false},
             Case{"s3.localhost", "", false},
             Case{"sqs.us-east-1.localhost.localstack.cloud:4566", "", false},
             Case{"b.localhost:4566", "b", false},
             Case{"a.b.localhost", "a.b", false},
             Case{"b.s3.localhost:4566", "b", false},
             Case{"B.S3.Localhost:4566", "b", false},
             Case{"b.s3.localhost.localstack.cloud:4566", "b", false},
             Case{"b.s3.us-west-2.localhost.localstack.cloud", "b", false},
             Case{"b.s3.us-west-2.amazonaws.com", "b", false},
             Case{"b.s3.amazonaws.com", "b", false},
             Case{"b.c.s3.us-west-2.amazonaws.com", "b.c", false},
             Case{"s3.us-west-2.amazonaws.com", "", false},
             Case{"dynamodb.us-west-2.amazonaws.com", "", false},
             Case{"b.s3-website.localhost:4566", "b", true},
             Case{"www.b.s3-website.localhost.localstack.cloud", "www.b", true},
             Case{"b.s3-website-us-east-1.amazonaws.com", "b", true},
             Case{"b.s3-website.eu-central-1.amazonaws.com", "b", true},
             Case{"example.com", "", false},
             Case{"", "", false},
         }) {
        const HostRoute found = route_host(one.host);
        EXPECT_EQ(found.bucket, one.bucket) << one.host;
        EXPECT_EQ(found.website, one.website) << one.host;
    }
}

TEST_F(RouteTest, S3) {
    const Head path_style{.method = "PUT",
                          .path = "/b/k%20x",
                          .headers = {{"Host", "localhost"}, {"Authorization", signed_for("s3")}}};
    EXPECT_EQ(find(path_style).kind, RouteKind::kRest);
    EXPECT_EQ(name(find(path_style)), "s3");
    EXPECT_EQ(find(path_style).path, "/b/k%20x");
    const Head host_style{.method = "GET", .path = "/k/", .headers = {{"Host", "b.s3.localhost"}}};
    EXPECT_EQ(find(host_style).path, "/b/k/");
    const Head root{.method = "GET", .headers = {{"Host", "b.s3.localhost"}}};
    EXPECT_EQ(find(root).path, "/b");
    // A key that looks like an action belongs to S3 when it is signed for S3.
    const Head tricky{.method = "POST",
                      .path = "/b",
                      .query = "Action=X",
                      .headers = {{"Host", "localhost"}, {"Authorization", signed_for("s3")}}};
    EXPECT_EQ(name(find(tricky)), "s3");
    const Head fallback{.method = "GET", .path = "/anything", .headers = {{"Host", "localhost"}}};
    EXPECT_EQ(name(find(fallback)), "s3");
    const Head site{.method = "GET", .headers = {{"Host", "b.s3-website.localhost:80"}}};
    EXPECT_EQ(find(site).kind, RouteKind::kWebsite);
    EXPECT_EQ(find(site).bucket, "b");
}

TEST_F(RouteTest, Lambda) {
    const Head invoke{.path = "/2015-03-31/functions/f/invocations",
                      .headers = {{"Host", "localhost"}}};
    EXPECT_EQ(name(find(invoke)), "lambda");
    EXPECT_EQ(find(invoke).protocol, model::Protocol::kRestJson);
    EXPECT_TRUE(is_lambda_path("/2017-03-31/tags/arn"));
    EXPECT_FALSE(is_lambda_path("/2017-03-31/else"));
    EXPECT_FALSE(is_lambda_path("/2017-03-3/functions"));
    // A bucket may be called like a date.
    const Head bucket{.path = "/2015-03-31/functions/f",
                      .headers = {{"Host", "localhost"}, {"Authorization", signed_for("s3")}}};
    EXPECT_EQ(name(find(bucket)), "s3");
}

TEST_F(RouteTest, Forms) {
    const auto service_of = [&](const Head& head, const std::string& body) {
        const HttpRequest request = request_of(head);
        EXPECT_EQ(route(services_, request).kind, RouteKind::kForm);
        const auto form = codec::parse_form(body);
        const FormRoute found = route_form(services_, request, *form);
        return (found.service == nullptr ? "-" : std::string(found.service->name())) + "." +
               std::string(found.action);
    };
    const Head plain{
        .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}};
    EXPECT_EQ(service_of(plain, "Action=GetUser&Version=2010-05-08"), "iam.GetUser");
    EXPECT_EQ(service_of(plain, "Action=GetCallerIdentity&Version=2011-06-15"),
              "sts.GetCallerIdentity");
    EXPECT_EQ(service_of(plain, "Action=SendMessage&Version=2012-11-05"), "sqs.SendMessage");
    EXPECT_EQ(service_of(plain, "Action=SendMessage"), "sqs.SendMessage");
    EXPECT_EQ(service_of(plain, "Action=Nothing"), "-.Nothing");
    EXPECT_EQ(service_of(plain, ""), "-.");
    const Head signed_head{.headers = {{"Authorization", signed_for("sts")}}};
    EXPECT_EQ(service_of(signed_head, "Action=Nothing"), "sts.Nothing");
    EXPECT_EQ(service_of(plain, "Action=DescribeVpcs&Version=2016-11-15"), "ec2.DescribeVpcs");
    EXPECT_EQ(service_of({.headers = {{"Authorization", signed_for("ec2")}}}, "Action=Nothing"),
              "ec2.Nothing");
    const Head queue{.path = "/123456789012/q", .headers = plain.headers};
    EXPECT_EQ(service_of(queue, "Action=SendMessage"), "sqs.SendMessage");
    const Head get{.method = "GET", .query = "Action=ListQueues"};
    EXPECT_EQ(service_of(get, "Action=ListQueues"), "sqs.ListQueues");
}

TEST_F(RouteTest, OwnPagesAndBrowsers) {
    EXPECT_EQ(find({.method = "GET", .path = "/_localstack/health"}).kind, RouteKind::kHealth);
    EXPECT_EQ(find({.method = "GET", .path = "/_millrace/health"}).kind, RouteKind::kHealth);
    EXPECT_EQ(find({.method = "GET", .path = "/_millrace/metrics"}).kind, RouteKind::kMetrics);
    EXPECT_EQ(find({.method = "GET", .headers = {{"Host", "dynamodb.localhost"}}}).kind,
              RouteKind::kHealthy);
    EXPECT_EQ(find({.method = "OPTIONS", .headers = {{"Host", "localhost"}}}).kind,
              RouteKind::kPreflight);
    EXPECT_EQ(find({.method = "OPTIONS",
                    .path = "/b/k",
                    .headers = {{"Access-Control-Request-Headers", "x-amz-target"}}})
                  .kind,
              RouteKind::kPreflight);
    const Route bucket =
        find({.method = "OPTIONS", .path = "/b/k", .headers = {{"Host", "localhost"}}});
    EXPECT_EQ(bucket.kind, RouteKind::kBucketPreflight);
}

}  // namespace
}  // namespace millrace::gateway
