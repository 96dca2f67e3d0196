#include <gtest/gtest.h>

#include "auth/evaluate.h"
#include "model/validate.h"
#include "services/iam/operations.h"
#include "services/iam/service.h"
#include "store/mem/mem_store.h"

namespace millrace::iam {
namespace {

constexpr const char* kAccount = "123456789012";
constexpr const char* kTrustsLambda =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
constexpr const char* kAllowsPut =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"*"}]})";

class IamTest : public ::testing::Test {
protected:
    IamTest() {
        auto caller = std::make_shared<contracts::Caller>();
        caller->kind = contracts::PrincipalKind::kRoot;
        caller->account_id = kAccount;
        caller->arn = "arn:aws:iam::123456789012:root";
        request_.account_id = kAccount;
        request_.caller = std::move(caller);
    }

    template <class Op>
    Result<typename Op::Output> run(const typename Op::Input& input) {
        MR_CHECK_OK(model::validate(*model::find_operation(model::iam::kService, Op::kTraits.name),
                                    &input));
        MR_CHECK_OK(Op::check(input));
        std::optional<Result<typename Op::Output>> result;
        store_->run([&](store::Txn& txn) {
            OpContext context(txn, clock_, rng_, request_);
            auto outcome = Op::run(iam_, context, input);
            const bool failed = outcome.is_error();
            result.emplace(failed ? Result<typename Op::Output>(outcome.error())
                                  : Result<typename Op::Output>(std::move(outcome.value())));
            return failed ? store::TxnDecision::kRollback : store::TxnDecision::kCommit;
        });
        return *std::move(result);
    }
    template <class Op>
    typename Op::Output must(const typename Op::Input& input) {
        auto result = run<Op>(input);
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result ? *std::move(result) : typename Op::Output{};
    }
    // "code: message"
    template <class Op>
    std::string error_of(const typename Op::Input& input) {
        const auto result = run<Op>(input);
        return result ? "no error" : result.error().code + ": " + result.error().message;
    }

    model::iam::AccessKey user_with_key(const std::string& name) {
        must<CreateUser>({.user_name = name});
        return *must<CreateAccessKey>({.user_name = name}).access_key;
    }
    std::string role(const std::string& name, const char* trust = kTrustsLambda) {
        return *must<CreateRole>({.role_name = name, .assume_role_policy_document = trust})
                    .role->arn;
    }
    bool may_put(std::string_view access_key_id) {
        const auto credential = iam_.find(access_key_id);
        EXPECT_NE(credential, nullptr);
        contracts::AuthzRequest asked;
        asked.action = "dynamodb:PutItem";
        asked.resource = "arn:aws:dynamodb:us-east-1:123456789012:table/orders";
        asked.resource_account = kAccount;
        contracts::RequestFacts facts;
        facts.now = clock_.now();
        return authorizer_.decide(*credential->caller, asked, facts).allowed();
    }
    size_t rows(std::string_view partition) {
        size_t count = 0;
        store_->run([&](store::Txn& txn) {
            count = 0;
            txn.scan({store::Space::kIam, partition, "", "", false},
                     [&](std::string_view, std::string_view) {
                         count += 1;
                         return true;
                     });
            return store::TxnDecision::kRollback;
        });
        return count;
    }

    FakeClock clock_;
    SeededRng rng_{1};
    std::unique_ptr<store::Store> store_ = store::make_mem_store(clock_);
    auth::PolicyAuthorizer authorizer_;
    IamService iam_{*store_, clock_, rng_, authorizer_, {.seal_key = std::string(32, 'k')}};
    contracts::RequestInfo request_;
};

TEST_F(IamTest, NamesAreUniqueWhateverTheirCase) {
    must<CreateUser>({.user_name = "Ada"});
    EXPECT_EQ(error_of<CreateUser>({.user_name = "ADA"}),
              "EntityAlreadyExists: User with name ADA already exists.");
    EXPECT_EQ(must<GetUser>({.user_name = "ada"}).user->user_name, "Ada");
    EXPECT_EQ(error_of<GetUser>({.user_name = "bob"}),
              "NoSuchEntity: The user with name bob cannot be found.");
}

TEST_F(IamTest, AKeyIsItsUsersAndNothingMore) {
    const auto key = user_with_key("ada");
    EXPECT_TRUE(key.access_key_id->starts_with("AKIA"));
    const auto credential = iam_.find(*key.access_key_id);
    ASSERT_NE(credential, nullptr);
    EXPECT_EQ(credential->secret_access_key, *key.secret_access_key);
    EXPECT_EQ(credential->caller->arn, "arn:aws:iam::123456789012:user/ada");
    EXPECT_FALSE(may_put(*key.access_key_id));
    EXPECT_EQ(iam_.find("AKIANOBODY"), nullptr);
}

TEST_F(IamTest, SecretsAreSealedInTheStore) {
    const auto key = user_with_key("ada");
    store_->run([&](store::Txn& txn) {
        const auto row = txn.get(access_key_key(*key.access_key_id));
        EXPECT_TRUE(row.has_value());
        EXPECT_EQ(row->find(*key.secret_access_key), std::string::npos);
        return store::TxnDecision::kRollback;
    });
}

TEST_F(IamTest, ARightGivenOrTakenCountsAtOnce) {
    const auto key = user_with_key("ada");
    EXPECT_FALSE(may_put(*key.access_key_id));  // now it is cached
    must<PutUserPolicy>({.user_name = "ada", .policy_name = "p", .policy_document = kAllowsPut});
    EXPECT_TRUE(may_put(*key.access_key_id));
    must<DeleteUserPolicy>({.user_name = "ada", .policy_name = "p"});
    EXPECT_FALSE(may_put(*key.access_key_id));

    const auto arn =
        *must<CreatePolicy>({.policy_name = "put", .policy_document = kAllowsPut}).policy->arn;
    must<AttachUserPolicy>({.user_name = "ada", .policy_arn = arn});
    must<AttachUserPolicy>({.user_name = "ada", .policy_arn = arn});  // twice is no error
    EXPECT_TRUE(may_put(*key.access_key_id));
    EXPECT_EQ(error_of<DeletePolicy>({.policy_arn = arn}),
              "DeleteConflict: Cannot delete a policy attached to entities.");
    must<DetachUserPolicy>({.user_name = "ada", .policy_arn = arn});
    EXPECT_FALSE(may_put(*key.access_key_id));
    must<DeletePolicy>({.policy_arn = arn});
    EXPECT_EQ(error_of<GetPolicy>({.policy_arn = arn}),
              "NoSuchEntity: Policy " + arn + " was not found.");
}

TEST_F(IamTest, AnInactiveOrDeletedKeyIsNone) {
    const std::string id = *user_with_key("ada").access_key_id;
    must<UpdateAccessKey>({.user_name = "ada", .access_key_id = id, .status = "Inactive"});
    EXPECT_EQ(iam_.find(id), nullptr);
    must<UpdateAccessKey>({.user_name = "ada", .access_key_id = id, .status = "Active"});
    EXPECT_NE(iam_.find(id), nullptr);
    must<DeleteAccessKey>({.user_name = "ada", .access_key_id = id});
    EXPECT_EQ(iam_.find(id), nullptr);
}

TEST_F(IamTest, AUserHasTwoKeysAtMost) {
    user_with_key("ada");
    must<CreateAccessKey>({.user_name = "ada"});
    EXPECT_EQ(error_of<CreateAccessKey>({.user_name = "ada"}),
              "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
}

TEST_F(IamTest, WhoStillHasThingsIsNotDeleted) {
    const std::string id = *user_with_key("ada").access_key_id;
    EXPECT_EQ(error_of<DeleteUser>({.user_name = "ada"}),
              "DeleteConflict: Cannot delete entity, must remove referenced objects first.");
    must<DeleteAccessKey>({.user_name = "ada", .access_key_id = id});
    must<DeleteUser>({.user_name = "ada"});

    role("worker");
    must<PutRolePolicy>({.role_name = "worker", .policy_name = "p", .policy_document = kAllowsPut});
    EXPECT_TRUE(error_of<DeleteRole>({.role_name = "worker"}).starts_with("DeleteConflict: "));
}

TEST_F(IamTest, BadPolicyDocumentsAreRefused) {
    EXPECT_TRUE(error_of<CreatePolicy>({.policy_name = "p", .policy_document = "{"})
                    .starts_with("MalformedPolicyDocument: "));
    EXPECT_TRUE(error_of<CreateRole>({.role_name = "r", .assume_role_policy_document = kAllowsPut})
                    .starts_with("MalformedPolicyDocument: "));
}

TEST_F(IamTest, ABoundaryThatWouldNotLimitIsRefused) {
    CreateUser::Input input{.user_name = "ada"};
    input.permissions_boundary = "arn:aws:iam::123456789012:policy/boundary";
    EXPECT_EQ(error_of<CreateUser>(input),
              "ValidationError: PermissionsBoundary is not supported by this server.");
    EXPECT_TRUE(error_of<GetUser>({.user_name = "ada"}).starts_with("NoSuchEntity: "));
}

TEST_F(IamTest, ListsArePaged) {
    for (const char* name : {"a", "b", "c"}) must<CreateUser>({.user_name = name});
    const auto first = must<ListUsers>({.max_items = 2});
    ASSERT_EQ(first.users->size(), 2U);
    EXPECT_TRUE(*first.is_truncated);
    const auto second = must<ListUsers>({.marker = first.marker});
    ASSERT_EQ(second.users->size(), 1U);
    EXPECT_EQ((*second.users)[0].user_name, "c");
    EXPECT_FALSE(*second.is_truncated);
}

TEST_F(IamTest, OnlyAServiceThatTheRoleTrustsGetsASession) {
    const std::string arn = role("worker");
    EXPECT_FALSE(iam_.assume_for_service(arn, "ec2.amazonaws.com", "s", std::chrono::hours(1)));
    EXPECT_FALSE(iam_.check_trust(arn + "x", "lambda.amazonaws.com"));
    const auto session =
        iam_.assume_for_service(arn, "lambda.amazonaws.com", "f", std::chrono::hours(1));
    ASSERT_TRUE(session);
    const auto found = iam_.find(session->access_key_id);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->session_token, session->session_token);
    EXPECT_EQ(found->caller->arn, "arn:aws:sts::123456789012:assumed-role/worker/f");
    EXPECT_EQ(found->expires, clock_.now() + std::chrono::hours(1));
}

TEST_F(IamTest, ASessionEndsWithItsRole) {
    const auto session =
        iam_.assume_for_service(role("worker"), "lambda.amazonaws.com", "f", std::chrono::hours(1));
    ASSERT_TRUE(session);
    must<DeleteRole>({.role_name = "worker"});
    role("worker");  // of the same name, but another
    EXPECT_EQ(iam_.find(session->access_key_id), nullptr);
}

TEST_F(IamTest, TheSweeperDropsWhatEndedAndNothingElse) {
    const std::string arn = role("worker");
    const auto sessions_of = [&](Duration lifetime) {
        return iam_.assume_for_service(arn, "lambda.amazonaws.com", "f", lifetime);
    };
    for (int i = 0; i < 450; ++i) ASSERT_TRUE(sessions_of(std::chrono::minutes(15)));
    const auto longer = sessions_of(std::chrono::hours(1));
    ASSERT_TRUE(longer);
    const auto sweeper = iam_.make_sweeper();
    EXPECT_GT(sweeper->step(clock_.now()), clock_.now());
    EXPECT_EQ(rows("session"), 451U);
    clock_.advance(std::chrono::minutes(15));
    while (sweeper->step(clock_.now()) <= clock_.now()) {
    }
    EXPECT_EQ(rows("session"), 1U);
    EXPECT_EQ(rows("session-end"), 1U);
    EXPECT_NE(iam_.find(longer->access_key_id), nullptr);
}

TEST_F(IamTest, AnAccountHasOneRootKey) {
    ASSERT_TRUE(iam_.ensure_root(kAccount, "AKIAFIRST", "first secret"));
    ASSERT_TRUE(iam_.ensure_root(kAccount, "AKIAFIRST", "first secret"));
    ASSERT_NE(iam_.find("AKIAFIRST"), nullptr);
    EXPECT_EQ(iam_.find("AKIAFIRST")->caller->kind, contracts::PrincipalKind::kRoot);
    ASSERT_TRUE(iam_.ensure_root(kAccount, "AKIAFIRST", "another secret"));
    EXPECT_EQ(iam_.find("AKIAFIRST")->secret_access_key, "another secret");
    ASSERT_TRUE(iam_.ensure_root(kAccount, "AKIASECOND", "second secret"));
    EXPECT_EQ(iam_.find("AKIAFIRST"), nullptr);
    EXPECT_NE(iam_.find("AKIASECOND"), nullptr);
}

TEST_F(IamTest, RowsKeepTheirFormat) {
    EXPECT_EQ(encode_root_id("AKIA"), std::string("\x01\x04"
                                                  "AKIA",
                                                  6));
    EXPECT_EQ(decode_root_id(encode_root_id("AKIA")), "AKIA");
    EXPECT_EQ(session_end_key(258, "ASIA").sort, std::string("\0\0\0\0\0\0\x01\x02"
                                                             "ASIA",
                                                             12));
    AccessKey key{"AKIA", kAccount, "ada", "sealed", true, 7};
    EXPECT_EQ(encode(key), std::string("\x01\x04"
                                       "AKIA\x0c"
                                       "123456789012\x03"
                                       "ada\x06"
                                       "sealed\x01"
                                       "\0\0\0\0\0\0\0\x07",
                                       39));
}

}  // namespace
}  // namespace millrace::iam
