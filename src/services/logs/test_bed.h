// TestBed: a LogsService over the store in memory with a clock moved by hand. Calls go the
// gateway's way: authorize, check, run, in one transaction. Only in tests. Thread-safety: one
// test's thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "auth/evaluate.h"
#include "contracts/testing.h"
#include "services/logs/operations.h"
#include "services/logs/service.h"
#include "store/mem/mem_store.h"

namespace millrace::logs {

using contracts::testing::Answer;

class TestBed {
public:
    TestBed() : rng(3), store(store::make_mem_store(clock)), service(*store, clock, hub) {
        worker = service.make_flusher();
        auto root = std::make_shared<contracts::Caller>();
        root->kind = contracts::PrincipalKind::kRoot;
        root->account_id = "123456789012";
        root->arn = "arn:aws:iam::123456789012:root";
        info.caller = root;
        info.account_id = root->account_id;
        info.region = "us-east-1";
    }
    ~TestBed() { store->close(); }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input) {
        const auto refusal = [&](const contracts::AuthzRequest& request,
                                 const contracts::RequestFacts& facts) -> std::optional<Error> {
            if (authorizer.decide(*info.caller, request, facts).allowed()) return std::nullopt;
            return errors::make("AccessDeniedException", request.resource);
        };
        return contracts::testing::run_operation<Op>(service, *store, clock, rng, info, refusal,
                                                     input);
    }

    void advance(int64_t seconds) { clock.advance(std::chrono::seconds(seconds)); }
    int64_t now_ms() const { return epoch_ms(clock.now()); }
    void work() {
        for (int i = 0; i < 100; ++i) {
            if (worker->step(clock.now()) > clock.now()) return;
        }
        ADD_FAILURE() << "the worker finds no end";
    }
    void make(const std::string& group, const std::vector<std::string>& streams = {}) {
        CreateLogGroup::Input input;
        input.log_group_name = group;
        EXPECT_EQ(call<CreateLogGroup>(input).code(), "ok");
        for (const std::string& stream : streams) {
            CreateLogStream::Input made;
            made.log_group_name = group;
            made.log_stream_name = stream;
            EXPECT_EQ(call<CreateLogStream>(made).code(), "ok");
        }
    }
    Answer<PutLogEvents::Output> put(const std::string& group, const std::string& stream,
                                     const std::vector<std::pair<int64_t, std::string>>& events) {
        PutLogEvents::Input input;
        input.log_group_name = group;
        input.log_stream_name = stream;
        input.log_events.emplace();
        for (const auto& [at_ms, message] : events) {
            auto& event = input.log_events->emplace_back();
            event.timestamp = at_ms;
            event.message = message;
        }
        return call<PutLogEvents>(input);
    }
    static GetLogEvents::Input reading(const std::string& group, const std::string& stream,
                                       bool from_head = true) {
        GetLogEvents::Input input;
        input.log_group_name = group;
        input.log_stream_name = stream;
        input.start_from_head = from_head;
        return input;
    }
    // "a b": the messages of an answer.
    template <class Output>
    static std::string messages(const Output& output) {
        std::string all;
        for (const auto& event : *output.events) {
            if (!all.empty()) all += ' ';
            all += *event.message;
        }
        return all;
    }
    std::string get(const std::string& group, const std::string& stream) {
        return messages(*call<GetLogEvents>(reading(group, stream)).operator->());
    }
    FilterLogEvents::Input searching(const std::string& group, const std::string& pattern = {}) {
        FilterLogEvents::Input input;
        input.log_group_name = group;
        if (!pattern.empty()) input.filter_pattern = pattern;
        return input;
    }
    std::string filter(const std::string& group, const std::string& pattern = {}) {
        return messages(*call<FilterLogEvents>(searching(group, pattern)).operator->());
    }
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

    FakeClock clock;
    SeededRng rng;
    contracts::WakeHub hub;
    auth::PolicyAuthorizer authorizer;
    std::unique_ptr<store::Store> store;
    LogsService service;
    std::unique_ptr<contracts::Worker> worker;
    contracts::RequestInfo info;
};

}  // namespace millrace::logs
