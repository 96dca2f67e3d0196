// For tests: DynamoDB over a store in memory, with operations run as the gateway runs them.
// Thread-safety: one test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/evaluate.h"
#include "contracts/wake_hub.h"
#include "item/json.h"
#include "model/json_protocol.h"
#include "model/validate.h"
#include "services/dynamodb/backup/fake_object_store.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/service.h"
#include "store/mem/mem_store.h"

namespace millrace::dynamodb::testing {

inline item::Item from_json(std::string_view json) {
    auto item = item::parse_json_item(json);
    EXPECT_TRUE(item) << json;
    return item ? *std::move(item) : item::Item();
}

class Server {
public:
    static constexpr std::string_view kMayDoEverything =
        R"({"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

    Server() {
        caller_ = std::make_shared<contracts::Caller>();
        caller_->kind = contracts::PrincipalKind::kUser;
        caller_->account_id = "123456789012";
        caller_->arn = "arn:aws:iam::123456789012:user/u";
        caller_->identity_policies = {*auth::parse_policy(kMayDoEverything)};
        request.account_id = caller_->account_id;
        request.region = "eu-central-1";
        request.endpoint_url = "http://localhost:4566";
        request.caller = caller_;
    }

    template <class Op>
    Result<typename Op::Output> run(const typename Op::Input& input) {
        const auto* descriptor = model::find_operation(model::dynamodb::kService, Op::kTraits.name);
        MR_CHECK_OK(model::validate(*descriptor, &input));
        MR_CHECK_OK(Op::check(input));
        std::optional<Result<typename Op::Output>> result;
        store->run([&](store::Txn& txn) {
            OpContext context(txn, clock, rng, request);
            auto outcome = Op::run(service, context, input);
            wakes.clear();
            if (outcome.is_error()) {
                result.emplace(outcome.error());
                return store::TxnDecision::kRollback;
            }
            wakes = context.take_wakes();
            result.emplace(std::move(outcome.value()));
            return store::TxnDecision::kCommit;
        });
        return *std::move(result);
    }
    template <class Op>
    std::string error_of(const typename Op::Input& input) {
        const auto result = run<Op>(input);
        return result ? "no error" : result.error().message;
    }

    // From the request's JSON to the answer's; of an error only the text.
    template <class Op>
    std::string answer(std::string_view json) {
        const auto* descriptor = model::find_operation(model::dynamodb::kService, Op::kTraits.name);
        typename Op::Input input;
        if (const auto decoded = model::decode_json_request(*descriptor, json, &input); !decoded)
            return decoded.error().message;
        const auto result = run<Op>(input);
        return result ? model::to_json(*result) : result.error().message;
    }

    // The caller's only identity policy from now on.
    void restrict_to(std::string_view policy) {
        caller_->identity_policies = {*auth::parse_policy(policy)};
    }

    // Would a caller with this identity policy be let in?
    template <class Op>
    bool allows(std::string_view policy, const typename Op::Input& input) {
        auto parsed = auth::parse_policy(policy);
        EXPECT_TRUE(parsed) << parsed.error().message;
        const auto others = std::exchange(caller_->identity_policies, {*parsed});
        AuthzRequests requests;
        store->run([&](store::Txn& txn) {
            requests.clear();
            OpContext context(txn, clock, rng, request);
            EXPECT_TRUE(Op::authorize(service, context, input, requests));
            return store::TxnDecision::kRollback;
        });
        EXPECT_FALSE(requests.empty());
        contracts::RequestFacts facts;
        facts.now = clock.now();
        bool allowed = true;
        for (const auto& asked : requests)
            allowed = allowed && auth::PolicyAuthorizer().decide(*caller_, asked, facts).allowed();
        caller_->identity_policies = others;
        return allowed;
    }

    // Hash key "pk" (S); with `sort_type` also "sk".
    void create_table(const std::string& name, std::string_view sort_type = "",
                      std::string_view stream_view = "") {
        CreateTable::Input input;
        input.table_name = name;
        input.billing_mode = "PAY_PER_REQUEST";
        input.attribute_definitions.emplace();
        input.attribute_definitions->push_back({.attribute_name = "pk", .attribute_type = "S"});
        input.key_schema.emplace();
        input.key_schema->push_back({.attribute_name = "pk", .key_type = "HASH"});
        if (!sort_type.empty()) {
            input.attribute_definitions->push_back(
                {.attribute_name = "sk", .attribute_type = std::string(sort_type)});
            input.key_schema->push_back({.attribute_name = "sk", .key_type = "RANGE"});
        }
        if (!stream_view.empty()) {
            input.stream_specification.emplace();
            input.stream_specification->stream_enabled = true;
            input.stream_specification->stream_view_type = std::string(stream_view);
        }
        const auto result = run<CreateTable>(input);
        ASSERT_TRUE(result) << result.error().message;
    }
    Result<PutItem::Output> put(const std::string& table, std::string_view json) {
        PutItem::Input input;
        input.table_name = table;
        input.item = from_json(json);
        return run<PutItem>(input);
    }
    // The item as JSON; empty: there is none.
    std::string get(const std::string& table, std::string_view key) {
        GetItem::Input input;
        input.table_name = table;
        input.key = from_json(key);
        const auto result = run<GetItem>(input);
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result && result->item ? item::to_json(*result->item) : "";
    }
    TableRef definition(const std::string& name) {
        TableRef table;
        store->run([&](store::Txn& txn) {
            table = service.catalog().load(txn, {request.account_id, request.region, name});
            return store::TxnDecision::kRollback;
        });
        return table;
    }
    // Number of rows in a space.
    size_t rows(store::Space space) {
        size_t count = 0;
        store->run([&](store::Txn& txn) {
            count = 0;
            txn.scan_space(space, "", "", "",
                           [&](std::string_view, std::string_view, std::string_view) {
                               count += 1;
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
        return count;
    }
    // Steps until the worker wants to rest.
    void work(contracts::Worker& worker) {
        for (int i = 0; i < 10'000; ++i) {
            if (worker.step(clock.now()) > clock.now()) return;
        }
        FAIL() << worker.name() << " never rests";
    }

    FakeClock clock;
    SeededRng rng{1};
    contracts::WakeHub hub;
    std::unique_ptr<store::Store> store = store::make_mem_store(clock);
    FakeObjectStore objects;
    DynamoDbService service{*store, clock, rng, hub, objects};
    contracts::RequestInfo request;
    std::vector<std::string> wakes;  // of the last operation

private:
    std::shared_ptr<contracts::Caller> caller_;
};

}  // namespace millrace::dynamodb::testing
