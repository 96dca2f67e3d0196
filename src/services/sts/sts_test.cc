#include <gtest/gtest.h>

#include "auth/evaluate.h"
#include "auth/policy.h"
#include "model/validate.h"
#include "services/sts/operations.h"
#include "store/mem/mem_store.h"

namespace millrace::sts {
namespace {

constexpr const char* kRole = "arn:aws:iam::123456789012:role/reader";

// One role, which trusts the user ada.
class OneRole final : public contracts::RoleSessions {
public:
    std::optional<contracts::RoleFacts> find_role(store::Txn&, std::string_view arn) override {
        if (arn != kRole) return std::nullopt;
        const auto trust = auth::parse_policy(
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
                "Principal":{"AWS":"arn:aws:iam::123456789012:user/ada"}}]})",
            auth::PolicyKind::kTrust);
        EXPECT_TRUE(trust);
        return contracts::RoleFacts{"123456789012", "reader", kRole, "AROAX", 7200, *trust};
    }
    contracts::Credential start_session(store::Txn&, const contracts::RoleFacts&, std::string_view,
                                        TimePoint now, Duration lifetime,
                                        std::vector<std::string> policies) override {
        session_policies = std::move(policies);
        contracts::Credential credential;
        credential.access_key_id = "ASIA";
        credential.expires = now + lifetime;
        return credential;
    }
    std::vector<std::string> session_policies;
};

class StsTest : public ::testing::Test {
protected:
    StsTest() { call_as(contracts::PrincipalKind::kUser, "arn:aws:iam::123456789012:user/ada"); }

    void call_as(contracts::PrincipalKind kind, std::string arn) {
        auto caller = std::make_shared<contracts::Caller>();
        caller->kind = kind;
        caller->account_id = "123456789012";
        caller->arn = std::move(arn);
        request_.account_id = caller->account_id;
        request_.caller = std::move(caller);
    }

    Result<AssumeRole::Output> assume(AssumeRole::Input input) {
        if (!input.role_session_name) input.role_session_name = "session";
        MR_CHECK_OK(
            model::validate(*model::find_operation(model::sts::kService, "AssumeRole"), &input));
        MR_CHECK_OK(AssumeRole::check(input));
        std::optional<Result<AssumeRole::Output>> result;
        store_->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, clock_, rng_, request_);
            auto outcome = AssumeRole::run(sts_, context, input);
            result.emplace(outcome.is_error() ? Result<AssumeRole::Output>(outcome.error())
                                              : Result<AssumeRole::Output>(outcome.value()));
            return store::TxnDecision::kRollback;
        });
        return *std::move(result);
    }
    bool may_assume(const std::string& role_arn) {
        contracts::AuthzRequests requests;
        store_->run([&](store::Txn& txn) {
            requests.clear();
            contracts::OpContext context(txn, clock_, rng_, request_);
            EXPECT_TRUE(AssumeRole::authorize(
                sts_, context, {.role_arn = role_arn, .role_session_name = "session"}, requests));
            return store::TxnDecision::kRollback;
        });
        EXPECT_EQ(requests.size(), 1U);
        return authorizer_.decide(*request_.caller, requests.front(), {}).allowed();
    }

    FakeClock clock_;
    SeededRng rng_{1};
    std::unique_ptr<store::Store> store_ = store::make_mem_store(clock_);
    auth::PolicyAuthorizer authorizer_;
    OneRole roles_;
    StsService sts_{roles_, authorizer_};
    contracts::RequestInfo request_;
};

TEST_F(StsTest, TheTrustPolicyDecidesWhoAssumesARole) {
    EXPECT_TRUE(may_assume(kRole));
    // A role that isn't there looks like one that may not be assumed.
    EXPECT_FALSE(may_assume("arn:aws:iam::123456789012:role/none"));
    call_as(contracts::PrincipalKind::kUser, "arn:aws:iam::123456789012:user/eve");
    EXPECT_FALSE(may_assume(kRole));
}

TEST_F(StsTest, ASessionNamesItsRoleAndItself) {
    const auto output = assume({.role_arn = kRole});
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_EQ(output->assumed_role_user->arn,
              "arn:aws:sts::123456789012:assumed-role/reader/session");
    EXPECT_EQ(output->assumed_role_user->assumed_role_id, "AROAX:session");
    EXPECT_EQ(output->credentials->expiration, clock_.now() + std::chrono::hours(1));
}

TEST_F(StsTest, ASessionLastsNoLongerThanTheRoleAllows) {
    EXPECT_TRUE(assume({.role_arn = kRole, .duration_seconds = 7200}));
    EXPECT_FALSE(assume({.role_arn = kRole, .duration_seconds = 7201}));
    EXPECT_FALSE(assume({.role_arn = kRole, .duration_seconds = 899}));
    call_as(contracts::PrincipalKind::kAssumedRole,
            "arn:aws:sts::123456789012:assumed-role/other/s");
    EXPECT_FALSE(assume({.role_arn = kRole, .duration_seconds = 7200}));
}

TEST_F(StsTest, ASessionPolicyNarrowsOrIsRefused) {
    const std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]})";
    ASSERT_TRUE(assume({.role_arn = kRole, .policy = policy}));
    EXPECT_EQ(roles_.session_policies, std::vector<std::string>{policy});
    const auto malformed = assume({.role_arn = kRole, .policy = "{"});
    ASSERT_FALSE(malformed);
    EXPECT_EQ(malformed.error().code, "MalformedPolicyDocument");
}

TEST_F(StsTest, WhatWouldNarrowASessionIsNeverIgnored) {
    const auto result = assume({.role_arn = kRole, .source_identity = "ada"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "ValidationError");
}

TEST_F(StsTest, ABadArnIsEchoed) {
    const auto result = assume({.role_arn = "role-without-an-arn-in-front"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "role-without-an-arn-in-front is invalid");
}

}  // namespace
}  // namespace millrace::sts
