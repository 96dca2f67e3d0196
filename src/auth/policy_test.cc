// What documents are accepted and refused, with whose text, and which policies are public.
#include "auth/policy.h"

#include <gtest/gtest.h>

#include "auth/evaluate.h"

namespace millrace::auth {
namespace {

std::string refusal(std::string_view json, PolicyKind kind = PolicyKind::kIdentity) {
    const auto result = parse_policy(json, kind);
    return result ? "" : result.error().message;
}

std::string statement(std::string_view members) {
    return R"({"Version":"2012-10-17","Statement":[{)" + std::string(members) + "}]}";
}

TEST(Policy, Accepts) {
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Action":"*","Resource":"*")")), "");
    EXPECT_EQ(refusal(R"({"Statement":{"Effect":"Deny","NotAction":["s3:*"],"NotResource":"*"}})"),
              "");
    EXPECT_EQ(
        refusal(statement(
            R"("Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/${aws:username}/*",
                     "Condition":{"NumericLessThan":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":true}})")),
        "");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},
                                   "Action":"sts:AssumeRole")"),
                      PolicyKind::kTrust),
              "");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":"*","Action":"s3:GetObject",
                                   "Resource":"arn:aws:s3:::b/*")"),
                      PolicyKind::kResource),
              "");
}

TEST(Policy, RefusesIdentity) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"nonsense", "This policy contains invalid Json"},
        {R"({"Version":"2012-10-17"})", "Syntax errors in policy."},
        {R"({"Version":"2013-01-01","Statement":[]})",
         "Policy document must be version 2012-10-17 or greater."},
        {statement(R"("Effect":"allow","Action":"*","Resource":"*")"), "Syntax errors in policy."},
        {statement(R"("Effect":"Allow","Resource":"*")"), "Policy statement must contain actions."},
        {statement(R"("Effect":"Allow","Action":"s3:*")"),
         "Policy statement must contain resources."},
        {statement(R"("Effect":"Allow","Action":"invalid","Resource":"*")"),
         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
        {statement(R"("Effect":"Allow","Action":"s*:Get","Resource":"*")"),
         "Vendor s* is not valid"},
        {statement(R"("Effect":"Allow","Action":"*","Resource":"bucket")"),
         "Resource bucket must be in ARN format or \"*\"."},
        {statement(R"("Effect":"Allow","Action":"*","Resource":"arn:aws:s*:::b")"),
         "Resource vendor must be fully qualified and cannot contain regexes."},
        {statement(R"("Effect":"Allow","Action":"*","Resource":"arn:nope:s3:::b")"),
         "Partition \"nope\" is not valid for resource \"arn:nope:s3:::b\"."},
        {statement(R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"*")"),
         "Policy document should not specify a principal."},
        {statement(
             R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"Like":{"a:b":"c"}})"),
         "Syntax errors in policy."},
        {statement(R"("Effect":"Allow","Action":"*","Resource":"*","Extra":1)"),
         "Syntax errors in policy."},
        {statement(R"("Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*")"),
         "Syntax errors in policy."},
        {R"({"Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},
                          {"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]})",
         "Statement IDs (SID) in a single policy must be unique."},
    };
    for (const auto& [json, text] : cases) EXPECT_EQ(refusal(json), text) << json;
}

TEST(Policy, RefusesOtherKinds) {
    EXPECT_EQ(refusal("[]", PolicyKind::kResource),
              "Policies must be valid JSON and the first byte must be '{'");
    EXPECT_EQ(refusal("{}", PolicyKind::kResource), "Missing required field Statement");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:user/*"},
                                   "Action":"s3:*","Resource":"*")"),
                      PolicyKind::kResource),
              "Invalid principal in policy");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":"*","Action":"s3:*",
                                   "Resource":"b")"),
                      PolicyKind::kResource),
              "Policy has invalid resource");
    EXPECT_EQ(
        refusal(statement(R"("Effect":"Allow","Action":"sts:AssumeRole")"), PolicyKind::kTrust),
        "Missing required field Principal");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":"*","Action":"s3:GetObject")"),
                      PolicyKind::kTrust),
              "AssumeRole policy may only specify STS AssumeRole actions.");
    EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Principal":"*","Action":"sts:AssumeRole",
                                   "Resource":"*")"),
                      PolicyKind::kTrust),
              "Has prohibited field Resource");
}

TEST(Policy, Wildcards) {
    EXPECT_TRUE(wildcard_match("*", ""));
    EXPECT_TRUE(wildcard_match("a*b*c", "aXbbYc"));
    EXPECT_FALSE(wildcard_match("a*b*c", "aXbbY"));
    EXPECT_TRUE(wildcard_match("a?c", "abc"));
    EXPECT_FALSE(wildcard_match("a?c", "ac"));
    EXPECT_FALSE(wildcard_match("", "a"));
    EXPECT_TRUE(wildcard_match("*ab", "aab"));
    EXPECT_FALSE(wildcard_match("A", "a"));
}

bool public_with(std::string_view members) {
    const auto policy = parse_policy(statement(R"("Effect":"Allow","Action":"s3:GetObject",
                                  "Resource":"arn:aws:s3:::b/*",)" +
                                               std::string(members)),
                                     PolicyKind::kResource);
    EXPECT_TRUE(policy.has_value()) << members;
    return policy && is_public(**policy);
}

// A stored document that a later version cannot read denies, even what another policy allows.
TEST(Policy, AnUnreadableDocumentDeniesEverything) {
    contracts::Caller caller;
    caller.kind = contracts::PrincipalKind::kUser;
    caller.account_id = "123456789012";
    caller.arn = "arn:aws:iam::123456789012:user/u";
    caller.identity_policies.push_back(*parse_policy(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"));
    contracts::AuthzRequest request;
    request.action = "s3:GetObject";
    request.resource = "arn:aws:s3:::b/x";
    request.resource_account = caller.account_id;
    const contracts::RequestFacts facts;
    EXPECT_TRUE(PolicyAuthorizer().decide(caller, request, facts).allowed());
    request.resource_policy = parsed_or_deny("{", PolicyKind::kResource, "test");
    EXPECT_EQ(PolicyAuthorizer().decide(caller, request, facts).kind,
              contracts::DecisionKind::kExplicitDenyResource);
    request.resource_policy = nullptr;
    caller.identity_policies.push_back(parsed_or_deny("{", PolicyKind::kIdentity, "test"));
    EXPECT_EQ(PolicyAuthorizer().decide(caller, request, facts).kind,
              contracts::DecisionKind::kExplicitDenyIdentity);
}

TEST(Policy, Public) {
    EXPECT_TRUE(public_with(R"("Principal":"*")"));
    EXPECT_TRUE(public_with(R"("Principal":{"AWS":["123456789012","*"]})"));
    EXPECT_TRUE(public_with(R"("NotPrincipal":{"AWS":"123456789012"})"));
    EXPECT_FALSE(public_with(R"("Principal":{"AWS":"123456789012"})"));
    const auto when = [](std::string_view condition) {
        return public_with(R"("Principal":"*","Condition":{)" + std::string(condition) + "}");
    };
    EXPECT_FALSE(when(R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"})"));
    EXPECT_TRUE(when(R"("IpAddress":{"aws:SourceIp":"0.0.0.0/0"})"));
    EXPECT_TRUE(when(R"("IpAddress":{"aws:SourceIp":["10.0.0.0/8","0.0.0.0/1"]})"));
    EXPECT_TRUE(when(R"("NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"})"));
    EXPECT_FALSE(when(R"("StringEquals":{"aws:SourceAccount":"123456789012"})"));
    EXPECT_TRUE(when(R"("StringEqualsIfExists":{"aws:SourceAccount":"123456789012"})"));
    EXPECT_TRUE(when(R"("StringLike":{"aws:SourceArn":"arn:aws:s3:::*"})"));
    EXPECT_TRUE(when(R"("StringEquals":{"aws:Referer":"x"})"));
}

}  // namespace
}  // namespace millrace::auth
