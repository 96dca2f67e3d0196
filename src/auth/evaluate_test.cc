// Decisions: a table of every rule, condition operators one by one, and random policies against a
// second evaluator that is written naively, straight from the JSON.
#include "auth/evaluate.h"

#include <gtest/gtest.h>

#include <functional>

#include "codec/json.h"
#include "core/random.h"

namespace millrace::auth {
namespace {

using contracts::AuthzRequest;
using contracts::Caller;
using contracts::DecisionKind;
using contracts::PolicyDocument;
using contracts::PrincipalKind;
using contracts::RequestFacts;
using Policy = std::shared_ptr<const PolicyDocument>;

constexpr std::string_view kAccount = "123456789012";
constexpr std::string_view kBucket = "arn:aws:s3:::b/k";

Policy parse(std::string_view json, PolicyKind kind = PolicyKind::kIdentity) {
    const auto result = parse_policy(json, kind);
    EXPECT_TRUE(result.has_value()) << json << (result ? "" : result.error().message);
    return result ? *result : nullptr;
}
Policy identity(std::string_view effect, std::string_view more = "") {
    return parse(R"({"Version":"2012-10-17","Statement":{"Effect":")" + std::string(effect) +
                 R"(","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*")" + std::string(more) +
                 "}}");
}
Policy resource(std::string_view effect, std::string_view principal, std::string_view more = "") {
    return parse(R"({"Version":"2012-10-17","Statement":{"Effect":")" + std::string(effect) +
                     R"(","Principal":)" + std::string(principal) +
                     R"(,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*")" +
                     std::string(more) + "}}",
                 PolicyKind::kResource);
}

Caller user() {
    Caller caller;
    caller.kind = PrincipalKind::kUser;
    caller.account_id = kAccount;
    caller.arn = "arn:aws:iam::123456789012:user/ann";
    caller.user_id = "AIDAANNANNANNANNANNAN";
    caller.user_name = "ann";
    caller.access_key_id = "AKIAANN";
    return caller;
}
Caller session() {
    Caller caller;
    caller.kind = PrincipalKind::kAssumedRole;
    caller.account_id = kAccount;
    caller.arn = "arn:aws:sts::123456789012:assumed-role/r/s";
    caller.role_arn = "arn:aws:iam::123456789012:role/r";
    caller.user_id = "AROAROLEROLEROLEROLER:s";
    caller.access_key_id = "ASIAS";
    return caller;
}
Caller root(std::string_view account = kAccount) {
    Caller caller;
    caller.kind = PrincipalKind::kRoot;
    caller.account_id = account;
    caller.arn = "arn:aws:iam::" + std::string(account) + ":root";
    caller.user_id = account;
    return caller;
}

DecisionKind decide(const Caller& caller, Policy resource_policy = nullptr,
                    std::string_view owner = kAccount, bool identity_suffices = true) {
    AuthzRequest request;
    request.action = "s3:GetObject";
    request.resource = kBucket;
    request.resource_account = owner;
    request.resource_policy = std::move(resource_policy);
    request.identity_suffices = identity_suffices;
    return PolicyAuthorizer().decide(caller, request, {}).kind;
}

constexpr std::string_view kUserArn = R"({"AWS":"arn:aws:iam::123456789012:user/ann"})";
constexpr std::string_view kRoleArn = R"({"AWS":"arn:aws:iam::123456789012:role/r"})";
constexpr std::string_view kSessionArn = R"({"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"})";
constexpr std::string_view kWholeAccount = R"({"AWS":"123456789012"})";

TEST(Evaluate, OneAccount) {
    Caller ann = user();
    EXPECT_EQ(decide(ann), DecisionKind::kImplicitDeny);
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn)), DecisionKind::kAllow);
    EXPECT_EQ(decide(ann, resource("Allow", R"("*")")), DecisionKind::kAllow);
    EXPECT_EQ(decide(ann, resource("Allow", kWholeAccount)), DecisionKind::kImplicitDeny);
    EXPECT_EQ(decide(ann, resource("Allow", R"({"AWS":"AIDAANNANNANNANNANNAN"})")),
              DecisionKind::kAllow);
    EXPECT_EQ(decide(ann, resource("Allow", R"({"Service":"s3.amazonaws.com"})")),
              DecisionKind::kImplicitDeny);
    ann.identity_policies = {identity("Allow")};
    EXPECT_EQ(decide(ann), DecisionKind::kAllow);
    EXPECT_EQ(decide(ann, resource("Deny", kUserArn)), DecisionKind::kExplicitDenyResource);
    EXPECT_EQ(decide(ann, resource("Deny", kWholeAccount)), DecisionKind::kExplicitDenyResource);
    EXPECT_EQ(decide(ann, resource("Deny", kRoleArn)), DecisionKind::kAllow);
    ann.identity_policies = {identity("Allow"), identity("Deny")};
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn)), DecisionKind::kExplicitDenyIdentity);
}

TEST(Evaluate, TwoAccounts) {
    Caller ann = user();
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn), "999999999999"),
              DecisionKind::kImplicitDeny);
    ann.identity_policies = {identity("Allow")};
    EXPECT_EQ(decide(ann, nullptr, "999999999999"), DecisionKind::kImplicitDenyResource);
    EXPECT_EQ(decide(ann, resource("Allow", kWholeAccount), "999999999999"), DecisionKind::kAllow);
    EXPECT_EQ(decide(root(), nullptr, "999999999999"), DecisionKind::kImplicitDenyResource);
    EXPECT_EQ(decide(root(), resource("Allow", kWholeAccount), "999999999999"),
              DecisionKind::kAllow);
}

TEST(Evaluate, RootAnonymousService) {
    EXPECT_EQ(decide(root()), DecisionKind::kAllow);
    EXPECT_EQ(decide(root(), resource("Deny", R"("*")")), DecisionKind::kExplicitDenyResource);
    EXPECT_EQ(decide(Caller{}), DecisionKind::kImplicitDenyResource);
    EXPECT_EQ(decide(Caller{}, resource("Allow", R"("*")")), DecisionKind::kAllow);
    EXPECT_EQ(decide(Caller{}, resource("Allow", kWholeAccount)),
              DecisionKind::kImplicitDenyResource);
    const Caller s3 = service_caller("s3.amazonaws.com", kAccount);
    EXPECT_EQ(decide(s3, resource("Allow", R"({"Service":"s3.amazonaws.com"})")),
              DecisionKind::kAllow);
    EXPECT_EQ(decide(s3, resource("Allow", R"({"Service":"sns.amazonaws.com"})")),
              DecisionKind::kImplicitDenyResource);
    EXPECT_EQ(decide(s3, resource("Allow", kWholeAccount)), DecisionKind::kImplicitDenyResource);
    const auto pinned = [&](std::string_view account) {
        return resource("Allow", R"({"Service":"s3.amazonaws.com"})",
                        R"(,"Condition":{"StringEquals":{"aws:SourceAccount":")" +
                            std::string(account) + R"("}})");
    };
    EXPECT_EQ(decide(s3, pinned(kAccount)), DecisionKind::kAllow);
    EXPECT_EQ(decide(s3, pinned("999999999999")), DecisionKind::kImplicitDenyResource);
}

TEST(Evaluate, BoundaryAndSessionPolicies) {
    Caller ann = user();
    ann.identity_policies = {identity("Allow")};
    ann.permissions_boundary =
        parse(R"({"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}})");
    EXPECT_EQ(decide(ann), DecisionKind::kImplicitDenyBoundary);
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn)), DecisionKind::kAllow);
    ann.permissions_boundary = identity("Deny");
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn)), DecisionKind::kExplicitDenyBoundary);
    ann.permissions_boundary = identity("Allow");
    EXPECT_EQ(decide(ann), DecisionKind::kAllow);

    Caller role = session();
    role.identity_policies = {identity("Allow")};
    role.session_policies = {
        parse(R"({"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}})")};
    EXPECT_EQ(decide(role), DecisionKind::kImplicitDenySession);
    EXPECT_EQ(decide(role, resource("Allow", kRoleArn)), DecisionKind::kImplicitDenySession);
    EXPECT_EQ(decide(role, resource("Allow", kSessionArn)), DecisionKind::kAllow);
    role.session_policies.push_back(identity("Allow"));
    EXPECT_EQ(decide(role), DecisionKind::kAllow);
    role.session_policies.push_back(identity("Deny"));
    EXPECT_EQ(decide(role, resource("Allow", kSessionArn)), DecisionKind::kExplicitDenySession);
}

TEST(Evaluate, TrustNeedsTheResourcePolicy) {
    Caller ann = user();
    ann.identity_policies = {identity("Allow")};
    EXPECT_EQ(decide(ann, nullptr, kAccount, false), DecisionKind::kImplicitDenyResource);
    EXPECT_EQ(decide(ann, resource("Allow", kWholeAccount), kAccount, false), DecisionKind::kAllow);
    ann.identity_policies.clear();
    EXPECT_EQ(decide(ann, resource("Allow", kWholeAccount), kAccount, false),
              DecisionKind::kImplicitDeny);
    EXPECT_EQ(decide(ann, resource("Allow", kUserArn), kAccount, false), DecisionKind::kAllow);
}

TEST(Evaluate, NotPrincipal) {
    const auto all_but = [](std::string_view who) {
        return parse(R"({"Statement":{"Effect":"Deny","NotPrincipal":)" + std::string(who) +
                         R"(,"Action":"s3:*","Resource":"*"}})",
                     PolicyKind::kResource);
    };
    Caller ann = user();
    ann.identity_policies = {identity("Allow")};
    EXPECT_EQ(decide(ann, all_but(R"({"AWS":["arn:aws:iam::123456789012:user/ann",
                                             "123456789012"]})")),
              DecisionKind::kAllow);
    EXPECT_EQ(decide(ann, all_but(kUserArn)), DecisionKind::kExplicitDenyResource);
    EXPECT_EQ(decide(ann, all_but(kWholeAccount)), DecisionKind::kExplicitDenyResource);
    EXPECT_EQ(decide(root(), all_but(kWholeAccount)), DecisionKind::kAllow);
    EXPECT_EQ(decide(Caller{}, all_but(kWholeAccount)), DecisionKind::kExplicitDenyResource);
}

// ---- actions, resources, variables ----

bool allows(std::string_view statement, std::string_view action, std::string_view arn,
            const Caller& who = user(), std::string_view version = "2012-10-17") {
    Caller caller = who;
    caller.identity_policies = {parse(R"({"Version":")" + std::string(version) +
                                      R"(","Statement":{"Effect":"Allow",)" +
                                      std::string(statement) + "}}")};
    AuthzRequest request;
    request.action = action;
    request.resource = arn;
    request.resource_account = kAccount;
    return PolicyAuthorizer().decide(caller, request, {}).allowed();
}

TEST(Evaluate, ActionsAndResources) {
    constexpr std::string_view kAny = R"("Action":"S3:get*","Resource":"*")";
    EXPECT_TRUE(allows(kAny, "s3:GetObject", kBucket));
    EXPECT_FALSE(allows(kAny, "s3:PutObject", kBucket));
    EXPECT_TRUE(allows(R"("NotAction":"sqs:*","Resource":"*")", "s3:GetObject", kBucket));
    EXPECT_FALSE(allows(R"("NotAction":"s3:*","Resource":"*")", "s3:GetObject", kBucket));
    const auto on = [](std::string_view pattern, std::string_view arn) {
        return allows(R"("Action":"*","Resource":")" + std::string(pattern) + R"(")", "s3:X", arn);
    };
    EXPECT_TRUE(on("arn:aws:s3:::b/*", kBucket));
    EXPECT_FALSE(on("arn:aws:s3:::B/*", kBucket));
    EXPECT_FALSE(on("arn:aws:s3:::b/?", "arn:aws:s3:::b/kk"));
    EXPECT_TRUE(on("arn:aws:sqs:*:123456789012:*", "arn:aws:sqs:us-east-1:123456789012:q"));
    EXPECT_TRUE(on("arn:aws:sqs", "arn:aws:sqs:us-east-1:123456789012:q"));
    EXPECT_FALSE(on("arn:aws:sqs", kBucket));
    EXPECT_TRUE(on("arn:aws:dynamodb:*:*:table/t/index/*",
                   "arn:aws:dynamodb:us-east-1:123456789012:table/t/index/i"));
    EXPECT_FALSE(on("arn:aws:dynamodb:*:*:table/t",
                    "arn:aws:dynamodb:us-east-1:123456789012:table/t/index/i"));
    EXPECT_FALSE(allows(R"("Action":"*","NotResource":"arn:aws:s3:::b/*")", "s3:X", kBucket));
    EXPECT_TRUE(allows(R"("Action":"*","NotResource":"arn:aws:s3:::c/*")", "s3:X", kBucket));
}

TEST(Evaluate, Variables) {
    const auto on = [](std::string_view pattern, std::string_view arn, const Caller& who = user(),
                       std::string_view version = "2012-10-17") {
        return allows(R"("Action":"*","Resource":")" + std::string(pattern) + R"(")", "s3:X", arn,
                      who, version);
    };
    EXPECT_TRUE(on("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/x"));
    EXPECT_FALSE(on("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/x"));
    EXPECT_FALSE(on("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b//x", session()));
    EXPECT_TRUE(on("arn:aws:s3:::b/${aws:username, 'none'}/*", "arn:aws:s3:::b/none/x", session()));
    EXPECT_TRUE(on("arn:aws:s3:::b/${aws:userid}/*", "arn:aws:s3:::b/AROAROLEROLEROLEROLER:s/x",
                   session()));
    EXPECT_TRUE(on("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username}", user(),
                   "2008-10-17"));
    EXPECT_TRUE(on("arn:aws:s3:::b/a${*}", "arn:aws:s3:::b/a*"));
    EXPECT_FALSE(on("arn:aws:s3:::b/a${*}", "arn:aws:s3:::b/abc"));
    // A value is never a pattern.
    Caller star = user();
    star.principal_tags = {{"team", "*"}};
    EXPECT_FALSE(on("arn:aws:s3:::b/${aws:PrincipalTag/Team}", "arn:aws:s3:::b/x", star));
    EXPECT_TRUE(on("arn:aws:s3:::b/${aws:PrincipalTag/Team}", "arn:aws:s3:::b/*", star));
    // NotResource with a variable that has no value: the statement does not apply.
    EXPECT_FALSE(allows(R"("Action":"*","NotResource":"arn:aws:s3:::c/${aws:username}")", "s3:X",
                        kBucket, session()));
}

// ---- conditions ----

bool holds(std::string_view condition,
           std::vector<std::pair<std::string, std::vector<std::string>>> keys,
           const Caller& who = user()) {
    Caller caller = who;
    caller.identity_policies = {
        parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
                  "Condition":)" +
              std::string(condition) + "}}")};
    AuthzRequest request;
    request.action = "s3:X";
    request.resource = kBucket;
    request.resource_account = kAccount;
    request.conditions = std::move(keys);
    RequestFacts facts;
    facts.source_ip = "10.1.2.3";
    facts.region = "us-east-1";
    facts.now = from_epoch_ms(1'769'854'830'000);  // 2026-01-31T10:20:30Z
    return PolicyAuthorizer().decide(caller, request, facts).allowed();
}

TEST(Conditions, Operators) {
    const auto with = [](std::string_view op, std::string_view wanted, std::string value) {
        return holds(R"({")" + std::string(op) + R"(":{"x:k":)" + std::string(wanted) + "}}",
                     {{"x:k", {std::move(value)}}});
    };
    EXPECT_TRUE(with("StringEquals", R"(["a","b"])", "b"));
    EXPECT_FALSE(with("StringEquals", R"("A")", "a"));
    EXPECT_FALSE(with("StringEquals", R"("*")", "a"));
    EXPECT_FALSE(with("StringNotEquals", R"(["a","b"])", "b"));
    EXPECT_TRUE(with("StringNotEquals", R"(["a","b"])", "c"));
    EXPECT_TRUE(with("StringEqualsIgnoreCase", R"("A")", "a"));
    EXPECT_FALSE(with("StringNotEqualsIgnoreCase", R"("A")", "a"));
    EXPECT_TRUE(with("StringLike", R"("a*")", "abc"));
    EXPECT_FALSE(with("StringNotLike", R"("a*")", "abc"));
    EXPECT_TRUE(with("NumericEquals", "10", "1e1"));
    EXPECT_TRUE(with("NumericLessThan", R"("10")", "9.5"));
    EXPECT_FALSE(with("NumericLessThan", "10", "x"));
    EXPECT_TRUE(with("NumericGreaterThanEquals", "10", "10"));
    EXPECT_TRUE(with("DateLessThan", R"("2026-02-01T00:00:00Z")", "2026-01-31T23:59:59Z"));
    EXPECT_TRUE(with("DateEquals", R"("2026-01-31T10:20:30Z")", "1769854830"));
    EXPECT_TRUE(with("DateEquals", R"("2026-01-31T11:20:30+01:00")", "1769854830"));
    EXPECT_TRUE(with("Bool", "true", "True"));
    EXPECT_TRUE(with("BinaryEquals", R"("QUI=")", "QUI="));
    EXPECT_TRUE(with("IpAddress", R"("10.0.0.0/8")", "10.255.0.1"));
    EXPECT_FALSE(with("IpAddress", R"("10.0.0.0/8")", "11.0.0.1"));
    EXPECT_TRUE(with("IpAddress", R"("10.1.2.3")", "10.1.2.3"));
    EXPECT_TRUE(with("IpAddress", R"("2001:db8::/33")", "2001:db8:7fff::1"));
    EXPECT_FALSE(with("IpAddress", R"("2001:db8::/33")", "2001:db8:8000::1"));
    EXPECT_FALSE(with("IpAddress", R"("10.0.0.0/99")", "10.0.0.1"));
    EXPECT_TRUE(with("NotIpAddress", R"("10.0.0.0/8")", "11.0.0.1"));
    EXPECT_TRUE(with("ArnLike", R"("arn:aws:s3:::b*")", "arn:aws:s3:::bucket"));
    EXPECT_TRUE(with("ArnEquals", R"("arn:aws:sqs:*:*:q?")", "arn:aws:sqs:us-east-1:1:q1"));
    EXPECT_FALSE(with("ArnLike", R"("arn:aws:sqs:*:q")", "arn:aws:sqs:us-east-1:1:q"));
    EXPECT_TRUE(with("ArnNotEquals", R"("arn:aws:s3:::b")", "arn:aws:s3:::c"));
}

TEST(Conditions, MissingKeys) {
    EXPECT_FALSE(holds(R"({"StringEquals":{"x:k":"a"}})", {}));
    EXPECT_TRUE(holds(R"({"StringNotEquals":{"x:k":"a"}})", {}));
    EXPECT_TRUE(holds(R"({"StringEqualsIfExists":{"x:k":"a"}})", {}));
    EXPECT_FALSE(holds(R"({"StringEqualsIfExists":{"x:k":"a"}})", {{"x:k", {"b"}}}));
    EXPECT_TRUE(holds(R"({"Null":{"x:k":"true"}})", {}));
    EXPECT_FALSE(holds(R"({"Null":{"x:k":"true"}})", {{"x:k", {"a"}}}));
    EXPECT_TRUE(holds(R"({"Null":{"x:k":false}})", {{"x:k", {"a"}}}));
}

TEST(Conditions, Sets) {
    constexpr std::string_view kAll = R"({"ForAllValues:StringEquals":{"X:K":["a","b"]}})";
    EXPECT_TRUE(holds(kAll, {}));
    EXPECT_TRUE(holds(kAll, {{"x:k", {"a", "b"}}}));
    EXPECT_FALSE(holds(kAll, {{"x:k", {"a", "c"}}}));
    constexpr std::string_view kOne = R"({"ForAnyValue:StringEquals":{"x:k":["a","b"]}})";
    EXPECT_FALSE(holds(kOne, {}));
    EXPECT_TRUE(holds(kOne, {{"x:k", {"c", "b"}}}));
    EXPECT_FALSE(holds(kOne, {{"x:k", {"c"}}}));
    EXPECT_TRUE(holds(R"({"ForAnyValue:StringNotEquals":{"x:k":"a"}})", {{"x:k", {"a", "b"}}}));
    EXPECT_FALSE(holds(R"({"ForAllValues:StringNotEquals":{"x:k":"a"}})", {{"x:k", {"a", "b"}}}));
}

TEST(Conditions, GlobalKeys) {
    EXPECT_TRUE(holds(R"({"IpAddress":{"aws:SourceIp":"10.1.0.0/16"},
                          "Bool":{"aws:SecureTransport":"false"}})",
                      {}));
    EXPECT_TRUE(holds(R"({"DateGreaterThan":{"aws:CurrentTime":"2026-01-31T10:20:29Z"},
                          "NumericEquals":{"aws:EpochTime":1769854830}})",
                      {}));
    EXPECT_TRUE(holds(R"({"StringEquals":{"aws:RequestedRegion":"us-east-1",
                          "aws:username":"ann","aws:PrincipalType":"User",
                          "aws:PrincipalAccount":"123456789012"}})",
                      {}));
    EXPECT_TRUE(holds(R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/r"},
                          "Bool":{"aws:MultiFactorAuthPresent":"false"}})",
                      {}, session()));
    // Long-term keys have no such key at all.
    EXPECT_FALSE(holds(R"({"Bool":{"aws:MultiFactorAuthPresent":"false"}})", {}));
    EXPECT_FALSE(holds(R"({"StringEquals":{"aws:username":"ann"}})", {}, session()));
}

// ---- a naive evaluator over the JSON, for a small language, against random policies ----

bool naive_glob(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*')
        return naive_glob(pattern.substr(1), text) ||
               (!text.empty() && naive_glob(pattern, text.substr(1)));
    return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
           naive_glob(pattern.substr(1), text.substr(1));
}

struct NaiveRequest {
    std::string action, resource, key;  // key: value of x:k, empty: absent
};

bool naive_applies(const codec::JsonValue& statement, const NaiveRequest& request) {
    const auto any = [&](const char* name, const std::string& text) {
        for (const codec::JsonValue& pattern : statement.find(name)->elements())
            if (naive_glob(pattern.as_string(), text)) return true;
        return false;
    };
    if (statement.find("Action") && !any("Action", request.action)) return false;
    if (statement.find("NotAction") && any("NotAction", request.action)) return false;
    if (statement.find("Resource") && !any("Resource", request.resource)) return false;
    if (statement.find("NotResource") && any("NotResource", request.resource)) return false;
    const codec::JsonValue* condition = statement.find("Condition");
    if (condition == nullptr) return true;
    const auto& [op, keys] = condition->members().front();
    const std::string wanted = keys.find("x:k")->as_string();
    const bool present = !request.key.empty();
    if (op == "StringEquals") return present && request.key == wanted;
    if (op == "StringNotEquals") return !present || request.key != wanted;
    return present && naive_glob(wanted, request.key);  // StringLike
}

TEST(Evaluate, AgreesWithNaiveEvaluator) {
    SeededRng rng(20260131);
    const auto pick = [&](const std::vector<std::string>& from) {
        return from[rng.next_u64() % from.size()];
    };
    const std::vector<std::string> actions = {"*", "s3:*", "s3:get", "s3:p?t", "sqs:*", "s3:*t"};
    const std::vector<std::string> resources = {"*", "arn:aws:s3:::a*", "arn:aws:s3:::*/b",
                                                "arn:aws:s3:::a/?", "arn:aws:sqs:*:*:*"};
    const auto list = [&](const std::vector<std::string>& from) {
        std::string json = "[\"" + pick(from) + "\"";
        if (rng.next_u64() % 2 == 0) json += ",\"" + pick(from) + "\"";
        return json + "]";
    };
    int allowed = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string json = R"({"Version":"2012-10-17","Statement":[)";
        const size_t statements = 1 + rng.next_u64() % 3;
        for (size_t i = 0; i < statements; ++i) {
            json += i > 0 ? "," : "";
            json += R"({"Effect":")" + pick({"Allow", "Allow", "Deny"}) + R"(",")" +
                    pick({"Action", "Action", "NotAction"}) + R"(":)" + list(actions) + R"(,")" +
                    pick({"Resource", "Resource", "NotResource"}) + R"(":)" + list(resources);
            if (rng.next_u64() % 3 == 0) {
                json += R"(,"Condition":{")" +
                        pick({"StringEquals", "StringNotEquals", "StringLike"}) + R"(":{"x:k":")" +
                        pick({"v", "w", "v*"}) + R"("}})";
            }
            json += "}";
        }
        json += "]}";
        const NaiveRequest wanted{
            pick({"s3:get", "s3:put", "sqs:send"}),
            pick({"arn:aws:s3:::a/b", "arn:aws:s3:::c/b", "arn:aws:sqs:us-east-1:1:a"}),
            pick({"", "v", "vv"})};
        bool allow = false;
        bool deny = false;
        const auto parsed = codec::parse_json(json);
        for (const codec::JsonValue& statement : parsed->find("Statement")->elements()) {
            if (!naive_applies(statement, wanted)) continue;
            (statement.find("Effect")->as_string() == "Allow" ? allow : deny) = true;
        }
        Caller caller = user();
        caller.identity_policies = {parse(json)};
        AuthzRequest request;
        request.action = wanted.action;
        request.resource = wanted.resource;
        request.resource_account = kAccount;
        if (!wanted.key.empty()) request.conditions = {{"x:k", {wanted.key}}};
        const bool ours = PolicyAuthorizer().decide(caller, request, {}).allowed();
        ASSERT_EQ(ours, allow && !deny) << json << " " << wanted.action << " " << wanted.resource;
        allowed += ours ? 1 : 0;
    }
    EXPECT_GT(allowed, 2'000);  // the policies are neither all closed nor all open
}

TEST(Evaluate, Texts) {
    AuthzRequest request;
    request.action = "s3:GetObject";
    request.resource = kBucket;
    EXPECT_EQ(denied_text(user(), request, {DecisionKind::kImplicitDeny}),
              "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:GetObject "
              "on resource: arn:aws:s3:::b/k because no identity-based policy allows the "
              "s3:GetObject action");
    EXPECT_TRUE(denied_text(user(), request, {DecisionKind::kExplicitDenyIdentity})
                    .ends_with(" with an explicit deny in an identity-based policy"));
    EXPECT_TRUE(denied_text(user(), request, {DecisionKind::kExplicitDenyResource})
                    .ends_with(" with an explicit deny in a resource-based policy"));
}

}  // namespace
}  // namespace millrace::auth
