// Asynchronous events, and the invoker's limits.
#include "services/lambda/async_queue.h"

#include "services/lambda/test_bed.h"

namespace millrace::lambda {
namespace {

constexpr const char* kQueue = "arn:aws:sqs:us-east-1:123456789012:d";
using Kind = contracts::InvocationResult::Kind;
using std::chrono::minutes;
using std::chrono::seconds;

class AsyncEvents : public testing::Test, public TestBed {
protected:
    AsyncEvents() { queues.messages[kQueue]; }
    void fail_always(Kind kind = Kind::kFunctionError) {
        runner.handler = [kind](auto&, auto&) { return FakeRunner::failed(kind); };
    }
    void configure(PutFunctionEventInvokeConfig::Input input) {
        input.function_name = "f";
        EXPECT_EQ(call<PutFunctionEventInvokeConfig>(input).code(), "ok");
    }
    size_t rows() {
        size_t count = 0;
        store->run([&](store::Txn& txn) {
            count = 0;
            txn.scan_space(store::Space::kAsyncInvocations, "", "", "",
                           [&](std::string_view, std::string_view, std::string_view) {
                               count += 1;
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
        return count;
    }
    codec::JsonValue sent(size_t i = 0) {
        return *codec::parse_json(queues.sent[kQueue].at(i).body);
    }
};

TEST_F(AsyncEvents, RunOnceAndAreForgotten) {
    make_function();
    const auto answer = invoke("f", "Event", R"({"a":1})");
    EXPECT_EQ(answer->status_code, 202);
    EXPECT_EQ(answer.status, 202);
    EXPECT_TRUE(runner.calls.empty());
    dispatch();
    ASSERT_EQ(runner.calls.size(), 1u);
    EXPECT_EQ(runner.calls[0].invocation.payload, R"({"a":1})");
    EXPECT_EQ(runner.calls[0].invocation.request_id, info.request_id);
    EXPECT_EQ(rows(), 0u);
    EXPECT_EQ(service->async_queue().size(), 0u);
}

TEST_F(AsyncEvents, RetriedAfterOneAndTwoMinutesThenDead) {
    make_function("f", kQueue);
    fail_always();
    invoke("f", "Event", R"({"a":1})");
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    clock.advance(seconds(59));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    clock.advance(seconds(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    clock.advance(seconds(119));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    EXPECT_TRUE(queues.sent[kQueue].empty());
    clock.advance(seconds(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 3u);
    ASSERT_EQ(queues.sent[kQueue].size(), 1u);
    EXPECT_EQ(queues.sent[kQueue][0].body, R"({"a":1})");
    const auto& attributes = queues.sent[kQueue][0].attributes;
    ASSERT_EQ(attributes.size(), 3u);
    EXPECT_EQ(attributes[0].name, "RequestID");
    EXPECT_EQ(attributes[0].value, runner.calls[0].invocation.request_id);
    EXPECT_EQ(attributes[1].name, "ErrorCode");
    EXPECT_EQ(attributes[2].name, "ErrorMessage");
    EXPECT_EQ(rows(), 0u);
}

TEST_F(AsyncEvents, SurviveARestartAtAnyPoint) {
    make_function();
    invoke("f", "Event");
    restart();  // before it ran
    runner.hold = true;
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    auto cut_off = std::move(runner.held);
    restart();  // while it runs: it runs again
    runner.hold = false;
    fail_always();
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    restart();  // between retries: it keeps its time and count
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    clock.advance(minutes(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 3u);
    clock.advance(minutes(2));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 4u);
    EXPECT_EQ(rows(), 0u);
}

// At a stop nothing new begins; what succeeded is done with, the rest runs again.
TEST_F(AsyncEvents, StoppingSettlesWhatSucceeded) {
    make_function();
    runner.hold = true;
    invoke("f", "Event", "1");
    invoke("f", "Event", "2");
    dispatch();
    invoke("f", "Event", "3");
    ASSERT_EQ(runner.held.size(), 2u);
    runner.held[0](FakeRunner::ok());
    runner.held[1](FakeRunner::failed());
    lanes.stop = true;
    service->async_queue().dispatch(lanes.stop);
    EXPECT_EQ(runner.calls.size(), 2u);
    EXPECT_EQ(rows(), 4u);
    runner.hold = false;
    restart();
    dispatch();
    EXPECT_EQ(runner.calls.size(), 4u);
    EXPECT_EQ(rows(), 0u);
}

TEST_F(AsyncEvents, ThrottledAreTriedForSixHours) {
    make_function("f", kQueue);
    fail_always(Kind::kThrottled);
    invoke("f", "Event");
    const TimePoint begin = clock.now();
    while (clock.now() - begin < std::chrono::hours(6) - seconds(61)) {
        clock.advance(seconds(60));
        dispatch();
    }
    EXPECT_TRUE(queues.sent[kQueue].empty());
    EXPECT_GT(runner.calls.size(), 70u);
    clock.advance(minutes(5));
    dispatch();
    ASSERT_EQ(queues.sent[kQueue].size(), 1u);
    EXPECT_EQ(rows(), 0u);
}

TEST_F(AsyncEvents, ThrottledCanStillSucceed) {
    make_function();
    fail_always(Kind::kThrottled);
    invoke("f", "Event");
    dispatch();
    runner.handler = nullptr;
    clock.advance(seconds(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    EXPECT_EQ(rows(), 0u);
}

TEST_F(AsyncEvents, ConfigurationLimitsRetriesAndAge) {
    make_function();
    PutFunctionEventInvokeConfig::Input input;
    input.maximum_retry_attempts = 0;
    input.destination_config.emplace().on_failure.emplace().destination = kQueue;
    configure(input);
    fail_always();
    invoke("f", "Event", "[1]");
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    auto record = sent();
    EXPECT_EQ(record.find("requestContext")->find_string("condition"), "RetriesExhausted");
    EXPECT_EQ(record.find("requestContext")->find("approximateInvokeCount")->as_int64(), 1);
    EXPECT_EQ(record.find("requestContext")->find_string("functionArn"),
              "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST");
    EXPECT_EQ(record.find("responseContext")->find_string("functionError"), "Unhandled");
    EXPECT_EQ(record.find("requestPayload")->to_json(), "[1]");
    EXPECT_EQ(record.find("responsePayload")->find_string("errorMessage"), "no");

    input = {};
    input.maximum_event_age_in_seconds = 60;
    input.destination_config.emplace().on_failure.emplace().destination = kQueue;
    configure(input);
    invoke("f", "Event");
    dispatch();
    clock.advance(minutes(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 2u);
    record = sent(1);
    EXPECT_EQ(record.find("requestContext")->find_string("condition"), "EventAgeExceeded");
    EXPECT_EQ(record.find("responseContext"), nullptr);
}

TEST_F(AsyncEvents, SuccessGoesToAQueueOrAFunction) {
    make_function();
    make_function("next");
    PutFunctionEventInvokeConfig::Input input;
    input.destination_config.emplace().on_success.emplace().destination = kQueue;
    configure(input);
    runner.handler = [](auto&, auto&) { return FakeRunner::ok(R"({"answer":42})"); };
    invoke("f", "Event");
    dispatch();
    auto record = sent();
    EXPECT_EQ(record.find("requestContext")->find_string("condition"), "Success");
    EXPECT_EQ(record.find("responsePayload")->find("answer")->as_int64(), 42);
    input.destination_config->on_success->destination =
        "arn:aws:lambda:us-east-1:123456789012:function:next";
    configure(input);
    invoke("f", "Event");
    dispatch();
    ASSERT_EQ(runner.calls.size(), 3u);
    EXPECT_EQ(runner.calls[2].invocation.invoked_arn,
              "arn:aws:lambda:us-east-1:123456789012:function:next");
    EXPECT_NE(runner.calls[2].invocation.payload.find("Success"), std::string::npos);
    EXPECT_EQ(rows(), 0u);
    input.destination_config->on_success->destination = "arn:aws:sns:us-east-1:123456789012:t";
    input.function_name = "f";
    EXPECT_EQ(call<PutFunctionEventInvokeConfig>(input).code(), "InvalidParameterValueException");
}

// It is dropped, as Lambda does, and the event is over all the same.
TEST_F(AsyncEvents, ADestinationFunctionIsToldNoMoreThanAnEventHolds) {
    make_function();
    make_function("next");
    PutFunctionEventInvokeConfig::Input input;
    input.destination_config.emplace().on_success.emplace().destination =
        "arn:aws:lambda:us-east-1:123456789012:function:next";
    configure(input);
    runner.handler = [](auto&, auto&) {
        return FakeRunner::ok("\"" + std::string(AsyncQueue::kPayloadBytesMax, 'x') + "\"");
    };
    invoke("f", "Event");
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    EXPECT_EQ(rows(), 0u);
    restart();
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
}

TEST_F(AsyncEvents, AQueueThatRefusesIsNotAskedAgain) {
    make_function("f", kQueue);
    fail_always();
    PutFunctionEventInvokeConfig::Input input;
    input.maximum_retry_attempts = 0;
    configure(input);
    queues.send_error = Error{.code = "InvalidParameterValue"};
    invoke("f", "Event");
    dispatch();
    EXPECT_EQ(rows(), 0u);
    queues.send_error.reset();
    clock.advance(minutes(5));
    dispatch();
    EXPECT_TRUE(queues.sent[kQueue].empty());
    EXPECT_EQ(runner.calls.size(), 1u);
}

TEST_F(AsyncEvents, AQueueThatIsOutOfOrderIsTriedAgain) {
    make_function("f", kQueue);
    fail_always();
    PutFunctionEventInvokeConfig::Input input;
    input.maximum_retry_attempts = 0;
    configure(input);
    queues.send_error = Error{.code = "InternalError", .http_status = 500};
    invoke("f", "Event");
    dispatch();
    EXPECT_EQ(rows(), 2u);
    EXPECT_EQ(service->async_queue().size(), 1u);
    queues.send_error.reset();
    clock.advance(seconds(10));
    dispatch();
    EXPECT_EQ(queues.sent[kQueue].size(), 1u);
    EXPECT_EQ(rows(), 0u);
    EXPECT_EQ(runner.calls.size(), 1u);

    // But not for ever.
    queues.send_error = Error{.code = "InternalError", .http_status = 500};
    invoke("f", "Event");
    for (int i = 0; i < 5; ++i) {
        dispatch();
        clock.advance(seconds(10));
    }
    EXPECT_EQ(rows(), 0u);
    EXPECT_EQ(service->async_queue().size(), 0u);
}

// The end of an event that a full disk does not take: it stays, and does not run again before a
// restart; the stop does not wait for it.
class AsyncEventsOnAFullDisk : public AsyncEvents {
protected:
    AsyncEventsOnAFullDisk() {
        store->close();
        store = memory_.open(clock);
        memory_.allow_sync(true);
        restart();
    }
    store::CrashableMemory memory_;
};

TEST_F(AsyncEventsOnAFullDisk, StayUntilTheirEndIsWritten) {
    make_function();
    invoke("f", "Event");
    runner.hold = true;
    dispatch();
    ASSERT_EQ(runner.held.size(), 1u);
    memory_.fill_disk();
    runner.held[0](FakeRunner::ok());
    for (int i = 0; i < 5; ++i) {
        dispatch();
        clock.advance(seconds(10));
    }
    EXPECT_EQ(runner.calls.size(), 1u);
    EXPECT_EQ(rows(), 2u);
    EXPECT_EQ(service->async_queue().size(), 1u);
    const TimePoint before = clock.now();
    lanes.stop = true;
    service->async_queue().dispatch(lanes.stop);
    EXPECT_EQ(clock.now(), before);
}

TEST_F(AsyncEvents, ConfigurationOperations) {
    make_function();
    GetFunctionEventInvokeConfig::Input get;
    get.function_name = "f";
    EXPECT_EQ(call<GetFunctionEventInvokeConfig>(get).text(),
              "The function arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST doesn't have "
              "an EventInvokeConfig");
    UpdateFunctionEventInvokeConfig::Input update;
    update.function_name = "f";
    update.maximum_retry_attempts = 1;
    EXPECT_EQ(call<UpdateFunctionEventInvokeConfig>(update).code(), "ResourceNotFoundException");
    PutFunctionEventInvokeConfig::Input put;
    put.maximum_event_age_in_seconds = 100;
    configure(put);
    EXPECT_EQ(call<UpdateFunctionEventInvokeConfig>(update)->maximum_event_age_in_seconds, 100);
    ListFunctionEventInvokeConfigs::Input list;
    list.function_name = "f";
    const auto listed = call<ListFunctionEventInvokeConfigs>(list);
    ASSERT_EQ(listed->function_event_invoke_configs->size(), 1u);
    EXPECT_EQ(listed->function_event_invoke_configs->at(0).maximum_retry_attempts, 1);
    DeleteFunctionEventInvokeConfig::Input erase;
    erase.function_name = "f";
    EXPECT_EQ(call<DeleteFunctionEventInvokeConfig>(erase).code(), "ok");
    EXPECT_EQ(call<GetFunctionEventInvokeConfig>(get).code(), "ResourceNotFoundException");
}

TEST_F(AsyncEvents, ABacklogBlocksNobodyElse) {
    make_function();
    make_function("g");
    runner.hold = true;
    for (int i = 0; i < 100; ++i) invoke("f", "Event");
    invoke("g", "Event");
    dispatch();
    EXPECT_EQ(runner.calls.size(), AsyncQueue::kRunningOfFunctionMax + 1);
    for (size_t i = 0; i < runner.held.size(); ++i) runner.held[i](FakeRunner::ok());
    runner.held.clear();
    runner.hold = false;
    dispatch();
    EXPECT_EQ(runner.calls.size(), 101u);
    EXPECT_EQ(rows(), 0u);
}

TEST_F(AsyncEvents, PayloadsAreChecked) {
    make_function();
    EXPECT_EQ(invoke("f", "Event", "{").code(), "InvalidRequestContentException");
    const auto large = invoke("f", "Event", "\"" + std::string(1'048'576, 'a') + "\"");
    EXPECT_EQ(large.code(), "RequestTooLargeException");
    EXPECT_EQ(large.text(),
              "1048578 byte payload is too large for the Event invocation type (limit 1048576 "
              "bytes)");
    EXPECT_EQ(invoke("none", "Event").code(), "ResourceNotFoundException");
    EXPECT_EQ(invoke("f", "DryRun")->status_code, 204);
    EXPECT_TRUE(runner.calls.empty());
    InvokeAsync::Input input;
    input.function_name = "f";
    input.invoke_args.emplace().bytes = "[]";
    EXPECT_EQ(call<InvokeAsync>(input)->status, 202);
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
}

TEST_F(AsyncEvents, ReservedConcurrencyIsAHardCap) {
    make_function();
    PutFunctionConcurrency::Input put;
    put.function_name = "f";
    put.reserved_concurrent_executions = 1;
    call<PutFunctionConcurrency>(put);
    runner.hold = true;
    EXPECT_EQ(invoke("f").code(), "wait");
    runner.hold = false;
    const auto refused = invoke("f");
    EXPECT_EQ(refused.code(), "TooManyRequestsException");
    EXPECT_EQ(refused.text(), "Rate Exceeded.");
    ASSERT_EQ(refused.error->json_fields.size(), 1u);
    EXPECT_EQ(refused.error->json_fields[0].second,
              "\"ReservedFunctionConcurrentInvocationLimitExceeded\"");
    invoke("f", "Event");
    dispatch();
    EXPECT_EQ(runner.calls.size(), 1u);
    runner.held[0](FakeRunner::ok());
    EXPECT_EQ(invoke("f").code(), "ok");
    clock.advance(seconds(1));
    dispatch();
    EXPECT_EQ(runner.calls.size(), 3u);
    put.reserved_concurrent_executions = 901;
    EXPECT_EQ(call<PutFunctionConcurrency>(put).code(), "InvalidParameterValueException");
    DeleteFunctionConcurrency::Input erase;
    erase.function_name = "f";
    call<DeleteFunctionConcurrency>(erase);
    GetFunctionConcurrency::Input get;
    get.function_name = "f";
    EXPECT_FALSE(call<GetFunctionConcurrency>(get)->reserved_concurrent_executions);
}

// A caller that left does not keep its result here for ever.
TEST_F(AsyncEvents, ResultsOfCallersThatLeftAreDropped) {
    make_function();
    Invoke::Input input;
    input.function_name = "f";
    for (int i = 0; i < 3; ++i) call<Invoke>(input);
    EXPECT_EQ(service->invoker().unfetched(), 3u);
    clock.advance(Invoker::kResultKept);
    invoke("f");
    EXPECT_EQ(service->invoker().unfetched(), 0u);
}

TEST(AsyncFormat, GoldenBytes) {
    AsyncEvent event;
    event.id = "id";
    event.account = "a";
    event.region = "r";
    event.function = "f";
    event.qualifier = "q";
    event.created_ms = 1;
    event.due_ms = 2;
    event.attempts = 3;
    event.postponed = 4;
    event.client_context = "c";
    event.payload = "{}";
    const std::string state = encode_state(event);
    const std::string content = encode_content(event);
    EXPECT_EQ(state, std::string("\x01\x01"
                                 "a\x01r\x01"
                                 "f\x01q\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x03\0\0\0\x04",
                                 33));
    EXPECT_EQ(content, std::string("\x01\x01"
                                   "c\x02{}",
                                   6));
    EXPECT_EQ(encode_state(decode_event("id", state, content)), state);
    EXPECT_EQ(encode_content(decode_event("id", state, content)), content);
}

}  // namespace
}  // namespace millrace::lambda
