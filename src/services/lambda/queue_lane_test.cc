// Event source mappings of queues, and the operations on mappings.
#include "services/lambda/queue_lane.h"

#include "services/lambda/test_bed.h"

namespace millrace::lambda {
namespace {

constexpr const char* kQueue = "arn:aws:sqs:us-east-1:123456789012:q";
using Kind = contracts::InvocationResult::Kind;

class QueueMapping : public testing::Test, public TestBed {
protected:
    QueueMapping() {
        make_function();
        queues.messages[kQueue];
    }
    CreateEventSourceMapping::Input input(const std::string& queue = kQueue) {
        CreateEventSourceMapping::Input wanted;
        wanted.function_name = "f";
        wanted.event_source_arn = queue;
        return wanted;
    }
    std::string map(const CreateEventSourceMapping::Input& wanted) {
        return *call<CreateEventSourceMapping>(wanted)->uuid;
    }
    void put(int count, const std::string& queue = kQueue) {
        for (int i = 1; i <= count; ++i)
            queues.messages[queue].push_back({"m" + std::to_string(i), std::to_string(i), {}});
    }
    std::string left(const std::string& queue = kQueue) {
        std::string ids;
        for (const auto& message : queues.messages[queue]) ids += message.id + " ";
        return ids;
    }
    // "2 1": messages of each invocation.
    std::string sizes() {
        std::string out;
        for (const std::string& payload : runner.payloads())
            out += std::to_string(codec::parse_json(payload)->find("Records")->elements().size()) +
                   " ";
        return out;
    }
};

TEST_F(QueueMapping, BatchIsDeletedWhenItSucceeds) {
    map(input());
    put(12);
    work();
    EXPECT_EQ(sizes(), "10 2 ");
    EXPECT_EQ(left(), "");
}

TEST_F(QueueMapping, FailureLeavesTheBatch) {
    map(input());
    put(2);
    runner.handler = [](auto&, auto&) { return FakeRunner::failed(); };
    work();
    EXPECT_EQ(left(), "m1 m2 ");
    EXPECT_GT(queues.messages[kQueue][0].visible, clock.now());  // no reset to 0
}

struct AnswerCase {
    const char* payload;
    const char* left;
};
class PartialAnswers : public QueueMapping, public testing::WithParamInterface<AnswerCase> {};

TEST_P(PartialAnswers, Decide) {
    auto wanted = input();
    wanted.function_response_types = std::vector<std::string>{"ReportBatchItemFailures"};
    map(wanted);
    put(2);
    runner.handler = [](auto&, auto&) { return FakeRunner::ok(GetParam().payload); };
    work(0);
    EXPECT_EQ(left(), GetParam().left) << GetParam().payload;
}

INSTANTIATE_TEST_SUITE_P(
    Payloads, PartialAnswers,
    testing::Values(AnswerCase{"null", ""}, AnswerCase{"{}", ""}, AnswerCase{"[]", ""},
                    AnswerCase{R"({"batchItemFailures":[]})", ""},
                    AnswerCase{R"({"batchItemFailures":null})", ""},
                    AnswerCase{R"({"batchItemFailures":[{"itemIdentifier":"m2"}]})", "m2 "},
                    AnswerCase{R"({"batchItemFailures":[{"itemIdentifier":"m9"}]})", "m1 m2 "},
                    AnswerCase{R"({"batchItemFailures":[{"itemIdentifier":""}]})", "m1 m2 "},
                    AnswerCase{R"({"batchItemFailures":[{"itemIdentifier":7}]})", "m1 m2 "},
                    AnswerCase{R"({"batchItemFailures":[{"foo":"x"}]})", "m1 m2 "},
                    AnswerCase{R"({"batchItemFailures":"x"})", "m1 m2 "},
                    AnswerCase{"no json", "m1 m2 "}));

TEST_F(QueueMapping, FilteredMessagesAreDeletedUnseen) {
    auto wanted = input();
    wanted.filter_criteria.emplace().filters.emplace().emplace_back().pattern =
        R"({"body":{"a":[1]}})";
    map(wanted);
    queues.messages[kQueue] = {{"x", R"({"a":1})", {}}, {"y", R"({"a":2})", {}}, {"z", "text", {}}};
    work();
    ASSERT_EQ(runner.calls.size(), 1u);
    EXPECT_NE(runner.calls[0].invocation.payload.find(R"("messageId":"x")"), std::string::npos);
    EXPECT_EQ(left(), "");
}

TEST_F(QueueMapping, EventStaysBelowSixMegabytes) {
    map(input());
    const std::string big(1 << 20, 'a');
    for (int i = 0; i < 9; ++i)
        queues.messages[kQueue].push_back({"m" + std::to_string(i), big, {}});
    work();
    EXPECT_EQ(sizes(), "5 4 ");
    for (const std::string& payload : runner.payloads()) EXPECT_LE(payload.size(), kEventBytesMax);
    EXPECT_EQ(left(), "");
}

TEST_F(QueueMapping, FifoMessagesBehindAFailureAreNotOvertaken) {
    const std::string fifo = std::string(kQueue) + ".fifo";
    queues.messages[fifo];
    map(input(fifo));
    const std::string big(1 << 20, 'a');
    for (int i = 0; i < 8; ++i) queues.messages[fifo].push_back({"m" + std::to_string(i), big, {}});
    runner.handler = [](auto&, auto&) { return FakeRunner::failed(); };
    work(0);
    EXPECT_EQ(sizes(), "5 ");
    EXPECT_EQ(queues.messages[fifo].size(), 8u);
}

// What did not fit into the first event waits while that is worked on: it is received anew when its
// time is over by then, and else held for a whole timeout again.
TEST_F(QueueMapping, LeftoversAreWorkedOnOnlyWhileTheyAreHeld) {
    const std::string fifo = std::string(kQueue) + ".fifo";
    queues.messages[fifo];
    map(input(fifo));
    const std::string big(1 << 20, 'a');
    std::vector<std::pair<TimePoint, Duration>> held;  // when invoked, what was left of the last's
    for (const int run_s : {10, 40}) {
        for (int i = 0; i < 8; ++i)
            queues.messages[fifo].push_back({"m" + std::to_string(i), big, {}});
        runner.calls.clear();
        held.clear();
        size_t receives = queues.receives;
        runner.handler = [&](auto&, auto&) {
            held.emplace_back(clock.now(), queues.messages[fifo].back().visible - clock.now());
            clock.advance(std::chrono::seconds(run_s));
            return FakeRunner::ok();
        };
        work();
        EXPECT_EQ(sizes(), "5 3 ");
        EXPECT_EQ(held.at(1).second, std::chrono::seconds(queues.visibility_s)) << run_s;
        EXPECT_TRUE(queues.messages[fifo].empty());
        receives = queues.receives - receives;
        EXPECT_EQ(receives, run_s == 10 ? 8u : 11u) << "messages received";
    }
}

TEST_F(QueueMapping, WindowCollects) {
    auto wanted = input();
    wanted.maximum_batching_window_in_seconds = 20;
    map(wanted);
    put(1);
    const TimePoint begin = clock.now();
    TimePoint invoked{};
    runner.handler = [&](auto&, auto&) {
        invoked = clock.now();
        return FakeRunner::ok();
    };
    on_wait = [&] {
        if (queues.messages[kQueue].size() == 1) put(1);
    };
    queues.visibility_s = 600;
    work(4);
    EXPECT_EQ(sizes(), "2 ");
    EXPECT_EQ(invoked - begin, std::chrono::seconds(20));
}

TEST_F(QueueMapping, ThrottlingLeavesMessagesAndShrinksTheCrew) {
    map(input());
    put(1);
    runner.handler = [](auto&, auto&) { return FakeRunner::failed(Kind::kThrottled); };
    work(2);
    EXPECT_EQ(left(), "m1 ");
}

TEST_F(QueueMapping, CrewGrowsToTheConcurrencyAsked) {
    auto wanted = input();
    wanted.batch_size = 1;
    wanted.scaling_config.emplace().maximum_concurrency = 3;
    map(wanted);
    put(10);
    size_t most = 0;
    mapping_worker->step(clock.now());
    runner.handler = [&](auto&, auto&) {
        // While this lane works, those that it let start do: nested, on this thread.
        most = std::max(most, lanes.waiting.size());
        return FakeRunner::ok();
    };
    run_lanes(1);
    EXPECT_EQ(left(), "");
    EXPECT_GE(most, 1u);
    EXPECT_LE(most, 2u);
}

// A lane that works lets another one wait: as many at once as the mapping says, also beyond what it
// would have without a word.
TEST_F(QueueMapping, ConcurrencyIsWhatWasAskedFor) {
    auto wanted = input();
    wanted.batch_size = 1;
    wanted.scaling_config.emplace().maximum_concurrency = 60;
    map(wanted);
    put(100);
    mapping_worker->step(clock.now());
    int depth = 0;
    int deepest = 0;
    runner.handler = [&](auto&, auto&) {
        deepest = std::max(deepest, ++depth);
        // The lanes that were started meanwhile, nested, on this thread.
        while (!lanes.waiting.empty()) {
            auto body = std::move(lanes.waiting.front());
            lanes.waiting.pop_front();
            waits_left = 1;
            body(lanes.stop);
        }
        --depth;
        return FakeRunner::ok();
    };
    run_lanes(1);
    EXPECT_EQ(deepest, 60);
    EXPECT_EQ(left(), "");
}

TEST_F(QueueMapping, RoleWithoutRightsIsRefusedAndStopsTheWork) {
    roles.policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}]})";
    const auto refused = call<CreateEventSourceMapping>(input());
    EXPECT_EQ(refused.text(),
              "The provided execution role does not have permissions to call DeleteMessage on SQS");
    roles = FakeRoles();
    map(input());
    put(1);
    roles.policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]})";
    work(3);
    EXPECT_TRUE(runner.calls.empty());
    roles = FakeRoles();
    work();
    EXPECT_EQ(left(), "");
}

TEST_F(QueueMapping, ChecksOfCreateAndUpdate) {
    queues.messages["arn:aws:sqs:us-east-1:123456789012:other"];
    const std::string uuid = map(input());
    auto same = call<CreateEventSourceMapping>(input());
    EXPECT_EQ(same.code(), "ResourceConflictException");
    EXPECT_EQ(same.text(),
              "An event source mapping with SQS arn (\" arn:aws:sqs:us-east-1:123456789012:q \") "
              "and function (\" f \") already exists. Please update or delete the existing mapping "
              "with UUID " +
                  uuid);
    make_function("g");
    auto wanted = input();
    wanted.function_name = "g";
    const std::string of_g = map(wanted);
    UpdateEventSourceMapping::Input update;
    update.uuid = of_g;
    update.function_name = "f";
    EXPECT_EQ(call<UpdateEventSourceMapping>(update).code(), "ResourceConflictException");
    update.function_name = std::nullopt;
    update.batch_size = 5;
    queues.visibility_s = 2;
    EXPECT_EQ(call<UpdateEventSourceMapping>(update).text(),
              "Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds");
    update.enabled = false;  // may always be disabled
    EXPECT_EQ(*call<UpdateEventSourceMapping>(update)->state, "Disabling");
    update.enabled = std::nullopt;
    update.maximum_retry_attempts = 1;
    EXPECT_EQ(call<UpdateEventSourceMapping>(update).text(),
              "Unsupported MaximumRetryAttempts parameter for given event source mapping type.");
    wanted = input("arn:aws:sqs:us-east-1:123456789012:gone");
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).code(), "InvalidParameterValueException");
    wanted = input("arn:aws:sqs:us-east-1:123456789012:other");
    wanted.batch_size = 11;
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).text(),
              "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
              "greater than 10");
    wanted.batch_size = 1;
    wanted.function_name = "arn:aws:lambda:us-east-1:999999999999:function:f";
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).code(), "AccessDeniedException");
}

TEST_F(QueueMapping, DisabledIsAtRestAndResumes) {
    const std::string uuid = map(input());
    work();
    UpdateEventSourceMapping::Input update;
    update.uuid = uuid;
    update.enabled = false;
    EXPECT_EQ(*call<UpdateEventSourceMapping>(update)->state, "Disabling");
    put(1);
    work();
    EXPECT_TRUE(runner.calls.empty());
    GetEventSourceMapping::Input get;
    get.uuid = uuid;
    EXPECT_EQ(*call<GetEventSourceMapping>(get)->state, "Disabled");
    update.enabled = true;
    EXPECT_EQ(*call<UpdateEventSourceMapping>(update)->state, "Enabling");
    work();
    EXPECT_EQ(runner.calls.size(), 1u);
    DeleteEventSourceMapping::Input gone;
    gone.uuid = uuid;
    EXPECT_EQ(*call<DeleteEventSourceMapping>(gone)->state, "Deleting");
    EXPECT_EQ(call<GetEventSourceMapping>(get).code(), "ResourceNotFoundException");
}

// A changed mapping's lanes start only when the older ones have ended, and so do those of a new
// mapping of the same source and function.
TEST_F(QueueMapping, OldLanesEndBeforeNewOnesStart) {
    const std::string uuid = map(input());
    mapping_worker->step(clock.now());
    ASSERT_EQ(lanes.waiting.size(), 1u);
    UpdateEventSourceMapping::Input update;
    update.uuid = uuid;
    update.batch_size = 5;
    call<UpdateEventSourceMapping>(update);
    mapping_worker->step(clock.now());
    EXPECT_EQ(lanes.waiting.size(), 1u);
    DeleteEventSourceMapping::Input gone;
    gone.uuid = uuid;
    call<DeleteEventSourceMapping>(gone);
    map(input());
    mapping_worker->step(clock.now());
    EXPECT_EQ(lanes.waiting.size(), 1u);
    put(1);
    run_lanes(0);
    EXPECT_TRUE(runner.calls.empty());  // the old one took nothing any more
    work();
    EXPECT_EQ(runner.calls.size(), 1u);
}

}  // namespace
}  // namespace millrace::lambda
