// For tests: an operation of a service, run in a transaction as the gateway runs it: authorised,
// checked, carried out. Operations that wait are not for this. Thread-safety: one test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "contracts/authorization.h"
#include "contracts/operation.h"
#include "store/store.h"

namespace millrace::contracts::testing {

template <class Output>
struct Answer {
    Output output;
    std::optional<Error> error;

    std::string code() const { return error ? error->code : "ok"; }
    std::string text() const { return error ? error->message : std::string(); }
    const Output* operator->() const {
        EXPECT_EQ(code(), "ok") << text();
        return &output;
    }
};

// What the service answers to one of the permissions that an operation asks for; nothing: allowed.
using Refusal = std::function<std::optional<Error>(const AuthzRequest&, const RequestFacts&)>;

template <class Op, class Service>
Answer<typename Op::Output> run_operation(Service& service, store::Store& store, const Clock& clock,
                                          Rng& rng, const RequestInfo& info, const Refusal& refusal,
                                          const typename Op::Input& input) {
    Answer<typename Op::Output> answer;
    store.run([&](store::Txn& txn) {
        OpContext context(txn, clock, rng, info);
        const auto run = [&]() -> Outcome<typename Op::Output> {
            AuthzRequests requests;
            MR_CHECK_OK(Op::authorize(service, context, input, requests));
            RequestFacts facts;
            facts.now = clock.now();
            for (const AuthzRequest& request : requests) {
                if (auto refused = refusal(request, facts)) return *std::move(refused);
            }
            MR_CHECK_OK(Op::check(input));
            return Op::run(service, context, input);
        };
        auto outcome = run();
        answer = {};
        if (outcome.is_error()) {
            answer.error = outcome.error();
            return store::TxnDecision::kRollback;
        }
        answer.output = std::move(outcome.value());
        return store::TxnDecision::kCommit;
    });
    return answer;
}

}  // namespace millrace::contracts::testing
