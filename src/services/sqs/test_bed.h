// TestBed: an SqsService over the store in memory, with a clock moved by hand and seeded
// randomness. Calls go the gateway's way: authorize, check, run, in one transaction; a Wait is
// given to the test instead of being waited for. Only in tests. Thread-safety: one test's thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/evaluate.h"
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/service.h"
#include "store/mem/mem_store.h"

namespace millrace::sqs {

template <class Output>
struct Answer {
    Output output;
    std::optional<Error> error;
    std::optional<contracts::Wait> wait;

    // The Query protocol's code, "wait" or "ok".
    std::string code() const {
        if (error) return error->query_code;
        return wait ? "wait" : "ok";
    }
    std::string text() const { return error ? error->message : std::string(); }
    const Output* operator->() const {
        EXPECT_EQ(code(), "ok") << text();
        return &output;
    }
};

inline std::shared_ptr<contracts::Caller> root_of(std::string account) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kRoot;
    caller->arn = "arn:aws:iam::" + account + ":root";
    caller->user_id = account;
    caller->account_id = std::move(account);
    return caller;
}

class TestBed {
public:
    TestBed() : rng(11), store(store::make_mem_store(clock)) {
        restart();
        as(root_of("123456789012"));
        info.region = "us-east-1";
        info.endpoint_url = "http://localhost:4566";
        info.request_id = "REQUEST";
    }
    ~TestBed() { store->close(); }

    // A new process over what the store has.
    void restart() {
        sweeper.reset();
        service = std::make_unique<SqsService>(*store, clock, rng, hub);
        sweeper = service->make_sweeper();
    }
    void as(std::shared_ptr<const contracts::Caller> caller) {
        info.account_id = caller->account_id;
        info.caller = std::move(caller);
    }
    void advance(int64_t seconds) { clock.advance(std::chrono::seconds(seconds)); }
    void sweep() {
        for (int i = 0; i < 50; ++i) {
            if (sweeper->step(clock.now()) > clock.now()) return;
        }
        ADD_FAILURE() << "the sweeper finds no end";
    }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input,
                                     const std::string& resume_token = {}) {
        Answer<typename Op::Output> answer;
        wakes.clear();
        store->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, clock, rng, info);
            context.resume_token = resume_token;
            const auto run = [&]() -> contracts::Outcome<typename Op::Output> {
                contracts::AuthzRequests requests;
                MR_CHECK_OK(Op::authorize(*service, context, input, requests));
                contracts::RequestFacts facts;
                facts.now = clock.now();
                facts.source_ip = "127.0.0.1";
                for (const auto& request : requests) {
                    const auto decision = authorizer.decide(*info.caller, request, facts);
                    if (!decision.allowed()) {
                        return errors::access_denied(
                            auth::denied_text(*info.caller, request, decision));
                    }
                }
                MR_CHECK_OK(Op::check(input));
                return Op::run(*service, context, input);
            };
            auto outcome = run();
            answer = {};
            if (outcome.is_error()) {
                answer.error = outcome.error();
                return store::TxnDecision::kRollback;
            }
            wakes = context.take_wakes();
            if (outcome.is_wait()) {
                answer.wait = outcome.wait();
            } else {
                answer.output = std::move(outcome.value());
            }
            return store::TxnDecision::kCommit;
        });
        for (const std::string& key : wakes) hub.signal(key);
        return answer;
    }

    // The queue's URL.
    std::string make_queue(const std::string& name,
                           std::map<std::string, std::string> attributes = {}) {
        CreateQueue::Input input;
        input.queue_name = name;
        if (name.ends_with(".fifo")) attributes["FifoQueue"] = "true";
        if (!attributes.empty()) input.attributes = std::move(attributes);
        return *call<CreateQueue>(input)->queue_url;
    }
    Answer<SendMessage::Output> send(const std::string& url, const std::string& body,
                                     std::optional<int> delay_s = std::nullopt) {
        SendMessage::Input input;
        input.queue_url = url;
        input.message_body = body;
        input.delay_seconds = delay_s;
        return call<SendMessage>(input);
    }
    Answer<SendMessage::Output> send_fifo(const std::string& url, const std::string& body,
                                          const std::string& group, const std::string& id = {}) {
        SendMessage::Input input;
        input.queue_url = url;
        input.message_body = body;
        input.message_group_id = group;
        if (!id.empty()) input.message_deduplication_id = id;
        return call<SendMessage>(input);
    }
    std::vector<model::sqs::Message> receive(const std::string& url, int count = 10,
                                             std::optional<int> visibility_s = std::nullopt,
                                             const std::string& attempt = {}) {
        ReceiveMessage::Input input;
        input.queue_url = url;
        input.max_number_of_messages = count;
        input.visibility_timeout = visibility_s;
        input.message_system_attribute_names.emplace().push_back("All");
        input.message_attribute_names.emplace().push_back("All");
        if (!attempt.empty()) input.receive_request_attempt_id = attempt;
        return call<ReceiveMessage>(input)->messages.value_or(std::vector<model::sqs::Message>());
    }
    // "a b c": what a receive gives.
    std::string bodies(const std::string& url, int count = 10,
                       std::optional<int> visibility_s = std::nullopt) {
        std::string all;
        for (const auto& message : receive(url, count, visibility_s)) {
            if (!all.empty()) all += ' ';
            all += *message.body;
        }
        return all;
    }
    Answer<DeleteMessage::Output> remove(const std::string& url, const std::string& handle) {
        DeleteMessage::Input input;
        input.queue_url = url;
        input.receipt_handle = handle;
        return call<DeleteMessage>(input);
    }
    Answer<ChangeMessageVisibility::Output> hide(const std::string& url, const std::string& handle,
                                                 int seconds) {
        ChangeMessageVisibility::Input input;
        input.queue_url = url;
        input.receipt_handle = handle;
        input.visibility_timeout = seconds;
        return call<ChangeMessageVisibility>(input);
    }
    Answer<SetQueueAttributes::Output> set(const std::string& url, const std::string& name,
                                           const std::string& value) {
        SetQueueAttributes::Input input;
        input.queue_url = url;
        input.attributes.emplace()[name] = value;
        return call<SetQueueAttributes>(input);
    }
    std::map<std::string, std::string> attributes(const std::string& url) {
        GetQueueAttributes::Input input;
        input.queue_url = url;
        input.attribute_names.emplace().push_back("All");
        return *call<GetQueueAttributes>(input)->attributes;
    }
    // "visible/in flight/delayed"
    std::string counts(const std::string& url) {
        auto all = attributes(url);
        return all["ApproximateNumberOfMessages"] + "/" +
               all["ApproximateNumberOfMessagesNotVisible"] + "/" +
               all["ApproximateNumberOfMessagesDelayed"];
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
    std::unique_ptr<SqsService> service;
    std::unique_ptr<contracts::Worker> sweeper;
    contracts::RequestInfo info;
    std::vector<std::string> wakes;  // of the last call
};

inline std::string redrive_to(const std::string& arn, int receives) {
    return R"({"deadLetterTargetArn":")" + arn + R"(","maxReceiveCount":)" +
           std::to_string(receives) + "}";
}
inline std::string arn_of(const std::string& name) {
    return "arn:aws:sqs:us-east-1:123456789012:" + name;
}

}  // namespace millrace::sqs
