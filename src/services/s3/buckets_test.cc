// Buckets and their settings: creation rules, Block Public Access, policies, ACLs, CORS, tags.
#include "services/s3/access.h"
#include "services/s3/test_bed.h"

namespace millrace::s3 {
namespace {

template <class Op>
typename Op::Input on(const std::string& bucket) {
    typename Op::Input input;
    input.bucket = bucket;
    return input;
}

TEST(Buckets, Names) {
    for (const char* name : {"abc", "a-b.c", "0ab", "my.bucket-1"}) {
        EXPECT_TRUE(is_valid_bucket_name(name)) << name;
    }
    for (const char* name : {"ab", "-ab", "ab-", "a..b", "Abc", "a_b", "192.168.1.1", "xn--abc",
                             "sthree-abc", "abc-s3alias", "abc--ol-s3", ""}) {
        EXPECT_FALSE(is_valid_bucket_name(name)) << name;
    }
    EXPECT_FALSE(is_valid_bucket_name(std::string(64, 'a')));
}

TEST(Buckets, CreationByRegion) {
    TestBed bed;
    const auto create = [&](const std::string& name, const std::string& region,
                            std::optional<std::string> constraint) {
        bed.info.region = region;
        CreateBucket::Input input;
        input.bucket = name;
        if (constraint) {
            input.create_bucket_configuration.emplace().location_constraint = constraint;
        }
        return bed.call<CreateBucket>(input).code();
    };
    EXPECT_EQ(create("one", "us-east-1", {}), "ok");
    EXPECT_EQ(create("one", "us-east-1", {}), "ok");  // the classic endpoint's owner
    EXPECT_EQ(create("two", "us-east-1", "us-east-1"), "InvalidLocationConstraint");
    EXPECT_EQ(create("two", "us-east-1", "nowhere"), "InvalidLocationConstraint");
    EXPECT_EQ(create("two", "eu-west-1", {}), "IllegalLocationConstraintException");
    EXPECT_EQ(create("two", "eu-west-1", "eu-west-2"), "IllegalLocationConstraintException");
    EXPECT_EQ(create("two", "eu-west-1", "eu-west-1"), "ok");
    EXPECT_EQ(create("two", "eu-west-1", "eu-west-1"), "BucketAlreadyOwnedByYou");
    EXPECT_EQ(*bed.call<GetBucketLocation>(on<GetBucketLocation>("two"))->location_constraint,
              "eu-west-1");
    EXPECT_FALSE(bed.call<GetBucketLocation>(on<GetBucketLocation>("one"))->location_constraint);
    bed.as(root_of("999999999999"));
    EXPECT_EQ(create("two", "eu-west-1", "eu-west-1"), "BucketAlreadyExists");
    EXPECT_TRUE(bed.call<ListBuckets>({})->buckets->empty());
    bed.as(anonymous());
    EXPECT_EQ(create("three", "us-east-1", {}), "AccessDenied");
    EXPECT_EQ(bed.call<HeadBucket>(on<HeadBucket>("two")).code(), "AccessDenied");
    bed.as(root_of("123456789012"));
    ListBuckets::Input list;
    list.max_buckets = 1;
    auto page = bed.call<ListBuckets>(list);
    EXPECT_EQ(*page->buckets->front().name, "one");
    list.continuation_token = page->continuation_token;
    page = bed.call<ListBuckets>(list);
    EXPECT_EQ(*page->buckets->front().name, "two");
    EXPECT_FALSE(page->continuation_token);
}

TEST(Buckets, AreBornPrivate) {
    TestBed bed;
    bed.make_bucket("bucket");
    const auto block = bed.call<GetPublicAccessBlock>(on<GetPublicAccessBlock>("bucket"));
    EXPECT_TRUE(*block->public_access_block_configuration->block_public_policy);
    EXPECT_EQ(bed.call<GetBucketPolicy>(on<GetBucketPolicy>("bucket")).code(),
              "NoSuchBucketPolicy");
    auto put = on<PutBucketPolicy>("bucket");
    put.policy = TestBed::policy("bucket", "s3:GetObject", "/*");
    EXPECT_EQ(bed.call<PutBucketPolicy>(put).code(), "AccessDenied");
    put.policy = "[]";
    EXPECT_EQ(bed.call<PutBucketPolicy>(put).code(), "MalformedPolicy");
    put.policy = TestBed::policy("other", "s3:GetObject", "/*");
    EXPECT_EQ(bed.call<PutBucketPolicy>(put).error->message, "Policy has invalid resource");
    put.policy = TestBed::policy("bucket", "s3:GetObject", "");
    EXPECT_EQ(bed.call<PutBucketPolicy>(put).error->message,
              "Action does not apply to any resource(s) in statement");
    put.policy = TestBed::policy("bucket", "sqs:SendMessage", "/*");
    EXPECT_EQ(bed.call<PutBucketPolicy>(put).error->message, "Policy has invalid action");

    // RestrictPublicBuckets takes effect when requests come, whatever the policy says.
    bed.put("bucket", "k", "x");
    bed.make_public("bucket");
    EXPECT_TRUE(*bed.call<GetBucketPolicyStatus>(on<GetBucketPolicyStatus>("bucket"))
                     ->policy_status->is_public);
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "k"), "x");
    bed.as(root_of("123456789012"));
    auto restrict_ = on<PutPublicAccessBlock>("bucket");
    restrict_.public_access_block_configuration.emplace().restrict_public_buckets = true;
    EXPECT_EQ(bed.call<PutPublicAccessBlock>(restrict_).code(), "ok");
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "k"), "AccessDenied");
    bed.as(root_of("123456789012"));
    EXPECT_EQ(bed.get("bucket", "k"), "x");
    EXPECT_EQ(bed.call<DeleteBucketPolicy>(on<DeleteBucketPolicy>("bucket")).code(), "ok");
    bed.call<DeletePublicAccessBlock>(on<DeletePublicAccessBlock>("bucket"));
    EXPECT_EQ(bed.call<GetPublicAccessBlock>(on<GetPublicAccessBlock>("bucket")).code(),
              "NoSuchPublicAccessBlockConfiguration");
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "k"), "AccessDenied");
}

TEST(Buckets, RootRepairsAPolicyThatLocksEverybodyOut) {
    TestBed bed;
    bed.make_bucket("bucket");
    auto put = on<PutBucketPolicy>("bucket");
    put.policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
        "Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]}]})";
    ASSERT_EQ(bed.call<PutBucketPolicy>(put).code(), "ok");
    EXPECT_EQ(bed.get("bucket", "k"), "AccessDenied");
    EXPECT_EQ(bed.call<HeadBucket>(on<HeadBucket>("bucket")).code(), "AccessDenied");
    EXPECT_EQ(bed.call<DeleteBucketPolicy>(on<DeleteBucketPolicy>("bucket")).code(), "ok");
    EXPECT_EQ(bed.get("bucket", "k"), "NoSuchKey");
}

TEST(Buckets, PoliciesSeeExistingTags) {
    TestBed bed;
    bed.make_bucket("bucket");
    PutObject::Input object;
    object.bucket = "bucket";
    object.key = "k";
    object.tagging = "Public=yes";
    bed.call<PutObject>(object);
    bed.put("bucket", "secret", "x");
    bed.call<DeletePublicAccessBlock>(on<DeletePublicAccessBlock>("bucket"));
    auto put = on<PutBucketPolicy>("bucket");
    put.policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*",
        "Condition":{"StringEquals":{"s3:ExistingObjectTag/Public":"yes"}}}]})";
    ASSERT_EQ(bed.call<PutBucketPolicy>(put).code(), "ok");
    bed.as(anonymous());
    EXPECT_EQ(bed.get("bucket", "k"), "");
    EXPECT_EQ(bed.get("bucket", "secret"), "AccessDenied");
}

TEST(Buckets, AclsAreOff) {
    TestBed bed;
    bed.make_bucket("bucket");
    const auto acl = bed.call<GetBucketAcl>(on<GetBucketAcl>("bucket"));
    EXPECT_EQ(acl->grants->size(), 1U);
    EXPECT_EQ(*acl->grants->front().permission, "FULL_CONTROL");
    auto put = on<PutBucketAcl>("bucket");
    put.acl = "public-read";
    EXPECT_EQ(bed.call<PutBucketAcl>(put).error->message, "The bucket does not allow ACLs");
    auto controls = on<PutBucketOwnershipControls>("bucket");
    controls.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership =
        "ObjectWriter";
    EXPECT_EQ(bed.call<PutBucketOwnershipControls>(controls).code(), "ok");
    EXPECT_EQ(bed.call<PutBucketAcl>(put).code(), "AccessDenied");  // BlockPublicAcls
    put.acl = "private";
    EXPECT_EQ(bed.call<PutBucketAcl>(put).code(), "ok");
    bed.call<DeleteBucketOwnershipControls>(on<DeleteBucketOwnershipControls>("bucket"));
    EXPECT_EQ(bed.call<GetBucketOwnershipControls>(on<GetBucketOwnershipControls>("bucket")).code(),
              "OwnershipControlsNotFoundError");
}

TEST(Buckets, Tags) {
    TestBed bed;
    bed.make_bucket("bucket");
    EXPECT_EQ(bed.call<GetBucketTagging>(on<GetBucketTagging>("bucket")).code(), "NoSuchTagSet");
    auto put = on<PutBucketTagging>("bucket");
    auto& set = put.tagging.emplace().tag_set.emplace();
    set.emplace_back().key = "aws:x";
    set.back().value = "1";
    EXPECT_EQ(bed.call<PutBucketTagging>(put).error->message,
              "System tags cannot be added/updated by requester");
    set.back().key = "x";
    EXPECT_EQ(bed.call<PutBucketTagging>(put).code(), "ok");
    EXPECT_EQ(bed.call<GetBucketTagging>(on<GetBucketTagging>("bucket"))->tag_set->size(), 1U);
}

TEST(Buckets, Versioning) {
    TestBed bed;
    bed.make_bucket("bucket");
    EXPECT_FALSE(bed.call<GetBucketVersioning>(on<GetBucketVersioning>("bucket"))->status);
    auto put = on<PutBucketVersioning>("bucket");
    put.versioning_configuration.emplace();
    EXPECT_EQ(bed.call<PutBucketVersioning>(put).error->message,
              "The Versioning element must be specified");
    bed.set_versioning("bucket", "Enabled");
    EXPECT_EQ(*bed.call<GetBucketVersioning>(on<GetBucketVersioning>("bucket"))->status, "Enabled");
}

TEST(Buckets, CorsRulesDecideWhatBrowsersMay) {
    TestBed bed;
    bed.make_bucket("bucket");
    auto put = on<PutBucketCors>("bucket");
    auto& rule = put.cors_configuration.emplace().cors_rules.emplace().emplace_back();
    rule.allowed_methods = {"PATCH"};
    rule.allowed_origins = {"https://*.example.com"};
    EXPECT_EQ(bed.call<PutBucketCors>(put).error->message,
              "Found unsupported HTTP method in CORS config. Unsupported method is PATCH");
    rule.allowed_methods = {"GET", "PUT"};
    rule.allowed_headers = {"x-amz-*"};
    rule.max_age_seconds = 60;
    ASSERT_EQ(bed.call<PutBucketCors>(put).code(), "ok");

    const auto ask = [&](std::vector<HttpHeader> headers, std::string_view method = "OPTIONS") {
        HttpRequest request;
        request.method = method;
        request.headers = std::move(headers);
        HttpResponse response;
        bed.store->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, bed.clock, bed.rng, bed.info);
            if (method == "OPTIONS") {
                response = bed.service.website().preflight(context, "bucket", request);
            } else {
                bed.service.website().add_cors_headers(context, "bucket", request, response);
            }
            return store::TxnDecision::kRollback;
        });
        std::string origin;
        for (const auto& [name, value] : response.headers) {
            if (name == "Access-Control-Allow-Origin") origin = value;
        }
        return std::to_string(response.status) + " " + origin;
    };
    const HttpHeader origin{"Origin", "https://a.example.com"};
    const HttpHeader put_method{"Access-Control-Request-Method", "PUT"};
    EXPECT_EQ(ask({origin, put_method}), "200 https://a.example.com");
    EXPECT_EQ(
        ask({origin, put_method, {"Access-Control-Request-Headers", "X-Amz-Date, x-amz-acl"}}),
        "200 https://a.example.com");
    EXPECT_EQ(ask({origin, put_method, {"Access-Control-Request-Headers", "authorization"}}),
              "403 ");
    EXPECT_EQ(ask({{"Origin", "https://example.org"}, put_method}), "403 ");
    EXPECT_EQ(ask({put_method}), "400 ");
    EXPECT_EQ(ask({origin}, "GET"), "200 https://a.example.com");
    EXPECT_EQ(ask({origin}, "DELETE"), "200 ");
    EXPECT_EQ(bed.call<DeleteBucketCors>(on<DeleteBucketCors>("bucket")).code(), "ok");
    EXPECT_EQ(ask({origin, put_method}), "403 ");
    EXPECT_EQ(bed.call<GetBucketCors>(on<GetBucketCors>("bucket")).code(),
              "NoSuchCORSConfiguration");
}

TEST(Buckets, ADefinitionIsNeverStaleInTheCache) {
    TestBed bed;
    bed.make_bucket("bucket");
    bed.put("bucket", "k", "x");
    for (int i = 0; i < 3; ++i) {
        bed.set_versioning("bucket", i % 2 == 0 ? "Enabled" : "Suspended");
        EXPECT_EQ(*bed.call<GetBucketVersioning>(on<GetBucketVersioning>("bucket"))->status,
                  i % 2 == 0 ? "Enabled" : "Suspended");
    }
    for (const char* id : {"null"}) bed.remove("bucket", "k", id);
    EXPECT_EQ(bed.call<DeleteBucket>(on<DeleteBucket>("bucket")).code(), "ok");
    EXPECT_EQ(bed.call<HeadBucket>(on<HeadBucket>("bucket")).code(), "NoSuchBucket");
    bed.make_bucket("bucket");
    EXPECT_EQ(bed.get("bucket", "k"), "NoSuchKey");
    EXPECT_FALSE(bed.call<GetBucketVersioning>(on<GetBucketVersioning>("bucket"))->status);
}

}  // namespace
}  // namespace millrace::s3
