#include "gateway/local_calls.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "gateway/test_services.h"
#include "store/mem/mem_store.h"

namespace millrace::gateway {
namespace {

namespace api = model::dynamodb;

struct Fake {
    int runs = 0;
};

struct GetItem {
    using Service = Fake;
    using Input = api::GetItemInput;
    using Output = api::GetItemOutput;
    static constexpr contracts::OpTraits kTraits{.name = "GetItem"};
    static Result<void> check(const Input&) { return {}; }
    static Result<void> authorize(Fake&, contracts::OpContext&, const Input& input,
                                  contracts::AuthzRequests& requests) {
        requests.emplace_back().action = "dynamodb:GetItem";
        requests.back().resource = *input.table_name;
        return {};
    }
    static contracts::Outcome<Output> run(Fake& fake, contracts::OpContext&, const Input&) {
        ++fake.runs;
        return Output();
    }
};

class OneTable final : public contracts::Authorizer {
public:
    contracts::Decision decide(const contracts::Caller&, const contracts::AuthzRequest& request,
                               const contracts::RequestFacts&) const override {
        return {request.resource == "mine" ? contracts::DecisionKind::kAllow
                                           : contracts::DecisionKind::kImplicitDeny};
    }
};

class LocalCallsTest : public ::testing::Test {
protected:
    LocalCallsTest() {
        info.account_id = "000000000000";
        info.caller = std::make_shared<contracts::Caller>();
    }
    static api::GetItemInput get(const std::string& table) {
        api::GetItemInput input;
        input.table_name = table;
        input.key = item::ItemBuilder().set_string("pk", "a").build();
        return input;
    }
    contracts::ServiceEntry entry() {
        contracts::ServiceEntry entry = empty_entry(api::kService);
        entry.operations.push_back(contracts::make_operation<GetItem>(fake, api::kService));
        return entry;
    }

    FakeClock clock;
    SeededRng rng{1};
    std::unique_ptr<store::Store> store = store::make_mem_store(clock);
    OneTable authorizer;
    contracts::WakeHub hub;
    Fake fake;
    LocalCalls calls{{*store, authorizer, hub, clock, rng, [] { return uint64_t{1}; }}, entry()};
    contracts::RequestInfo info;
};

TEST_F(LocalCallsTest, WhatIsCheckedIsNotRun) {
    EXPECT_TRUE(calls.check("GetItem", info, get("mine")));
    const Result<void> denied = calls.check("GetItem", info, get("theirs"));
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().message, "denied: dynamodb:GetItem");
    api::GetItemInput invalid = get("mine");
    invalid.key.reset();
    EXPECT_FALSE(calls.check("GetItem", info, invalid));
    EXPECT_EQ(fake.runs, 0);
    EXPECT_TRUE(calls.call<api::GetItemOutput>("GetItem", info, get("mine")));
    EXPECT_FALSE(calls.call<api::GetItemOutput>("GetItem", info, get("theirs")));
    EXPECT_EQ(fake.runs, 1);
}

}  // namespace
}  // namespace millrace::gateway
