// Event source mappings of streams.
#include "services/lambda/stream_lane.h"

#include "services/lambda/test_bed.h"

namespace millrace::lambda {
namespace {

constexpr const char* kStream =
    "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000";
constexpr const char* kQueue = "arn:aws:sqs:us-east-1:123456789012:failed";
using Kind = contracts::InvocationResult::Kind;

class StreamMapping : public testing::Test, public TestBed {
protected:
    StreamMapping() {
        make_function();
        streams.add_shard("s1");
    }
    CreateEventSourceMapping::Input input() {
        CreateEventSourceMapping::Input wanted;
        wanted.function_name = "f";
        wanted.event_source_arn = kStream;
        wanted.starting_position = "TRIM_HORIZON";
        return wanted;
    }
    std::string map(const CreateEventSourceMapping::Input& wanted) {
        return *call<CreateEventSourceMapping>(wanted)->uuid;
    }
    void put(uint64_t from, uint64_t to, const std::string& shard = "s1") {
        for (uint64_t n = from; n <= to; ++n)
            streams.add(shard, n, "k" + std::to_string(n % 5), clock.now());
    }
    static std::vector<std::string> numbers(const std::string& payload) {
        std::vector<std::string> out;
        const auto event = codec::parse_json(payload);
        for (const auto& record : event->find("Records")->elements())
            out.push_back(record.find("n")->number_text());
        return out;
    }
    // "1,2,3 4": the records of each invocation.
    std::string seen() {
        std::string out;
        for (const std::string& payload : runner.payloads()) {
            if (!out.empty()) out += ' ';
            std::string batch;
            for (const std::string& n : numbers(payload)) batch += (batch.empty() ? "" : ",") + n;
            out += batch;
        }
        return out;
    }
    // The lanes that are due, each until it has waited so often.
    void work_through(int waits) {
        while (!lanes.waiting.empty() && !lanes.stop) {
            auto body = std::move(lanes.waiting.front());
            lanes.waiting.pop_front();
            const int left = std::exchange(waits_left, waits);
            body(lanes.stop);
            lanes.stop = false;
            waits_left = left;
        }
    }
    // They work while another lane, the coordinator for one, waits.
    void lanes_work_in_waits(int waits) {
        on_wait = [this, waits] { work_through(waits); };
    }
    void fail_with(const std::string& number) {
        runner.handler = [number](auto&, const contracts::Invocation& invocation) {
            const auto all = numbers(invocation.payload);
            return std::find(all.begin(), all.end(), number) == all.end() ? FakeRunner::ok()
                                                                          : FakeRunner::failed();
        };
    }
    size_t rows(const std::string& from, const std::string& to) {
        size_t count = 0;
        store->run([&](store::Txn& txn) {
            count = 0;
            txn.scan_space(store::Space::kMappings, from, "", to,
                           [&](std::string_view, std::string_view, std::string_view) {
                               count += 1;
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
        return count;
    }
    std::string last_result(const std::string& uuid) {
        GetEventSourceMapping::Input get;
        get.uuid = uuid;
        return call<GetEventSourceMapping>(get)->last_processing_result.value_or("");
    }
};

TEST_F(StreamMapping, BatchesInOrderAndFromTheCheckpoint) {
    auto wanted = input();
    wanted.batch_size = 2;
    const std::string uuid = map(wanted);
    EXPECT_EQ(last_result(uuid), "No records processed");
    put(1, 5);
    work();
    EXPECT_EQ(seen(), "1,2 3,4 5");
    EXPECT_EQ(last_result(uuid), "OK");
    put(6, 6);
    restart();
    work();
    EXPECT_EQ(seen(), "1,2 3,4 5 6");
}

TEST_F(StreamMapping, LatestBeginsAtTheAnswer) {
    put(1, 3);
    auto wanted = input();
    wanted.starting_position = "LATEST";
    map(wanted);
    put(4, 4);  // before any lane runs
    work();
    EXPECT_EQ(seen(), "4");
}

TEST_F(StreamMapping, AtTimestampIsRefused) {
    auto wanted = input();
    wanted.starting_position = "AT_TIMESTAMP";
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).text(),
              std::string("Unsupported starting position for arn type: ") + kStream);
    wanted = input();
    wanted.tumbling_window_in_seconds = 5;
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).code(), "InvalidParameterValueException");
    wanted = input();
    wanted.scaling_config.emplace().maximum_concurrency = 2;
    EXPECT_EQ(call<CreateEventSourceMapping>(wanted).text(),
              "Unsupported ScalingConfig parameter for given event source mapping type.");
}

TEST_F(StreamMapping, FailureBlocksItsShardUntilRetriesAreUsedUp) {
    queues.messages[kQueue];
    auto wanted = input();
    wanted.maximum_retry_attempts = 2;
    wanted.destination_config.emplace().on_failure.emplace().destination = kQueue;
    const std::string uuid = map(wanted);
    put(1, 2);
    fail_with("1");
    on_wait = [this] {
        if (runner.calls.size() == 1 && streams.records["s1"].size() == 2) put(3, 3);
    };
    work(8);
    EXPECT_EQ(seen(), "1,2 1,2 1,2 3");
    EXPECT_EQ(last_result(uuid), "OK");
    ASSERT_EQ(queues.sent[kQueue].size(), 1u);
    const auto record = codec::parse_json(queues.sent[kQueue][0].body);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->find("requestContext")->find_string("condition"), "RetryAttemptsExhausted");
    EXPECT_EQ(record->find("requestContext")->find("approximateInvokeCount")->as_int64(), 3);
    const auto* batch = record->find("DDBStreamBatchInfo");
    EXPECT_EQ(batch->find_string("startSequenceNumber"), "1");
    EXPECT_EQ(batch->find_string("endSequenceNumber"), "2");
    EXPECT_EQ(batch->find("batchSize")->as_int64(), 2);
}

TEST_F(StreamMapping, WithoutALimitItIsRetriedForEver) {
    map(input());
    put(1, 1);
    fail_with("1");
    const TimePoint begin = clock.now();
    work(20);
    EXPECT_EQ(runner.calls.size(), 21u);
    EXPECT_GT(clock.now() - begin, std::chrono::minutes(8));  // a minute between the later ones
    runner.handler = nullptr;
    work();
    EXPECT_EQ(runner.calls.size(), 22u);
}

TEST_F(StreamMapping, ThrottlingIsNoAttempt) {
    auto wanted = input();
    wanted.maximum_retry_attempts = 0;
    const std::string uuid = map(wanted);
    put(1, 1);
    runner.handler = [this](auto&, auto&) {
        return runner.calls.size() < 5 ? FakeRunner::failed(Kind::kThrottled) : FakeRunner::ok();
    };
    work(10);
    EXPECT_EQ(runner.calls.size(), 5u);
    EXPECT_EQ(last_result(uuid), "OK");
}

TEST_F(StreamMapping, BisectFindsTheBadRecord) {
    auto wanted = input();
    wanted.maximum_retry_attempts = 0;
    wanted.bisect_batch_on_function_error = true;
    map(wanted);
    put(1, 8);
    fail_with("3");
    work();
    EXPECT_EQ(seen(), "1,2,3,4,5,6,7,8 1,2,3,4 1,2 3,4 3 4 5,6,7,8");
}

TEST_F(StreamMapping, PartialFailureRetriesFromTheLowestReported) {
    auto wanted = input();
    wanted.function_response_types = std::vector<std::string>{"ReportBatchItemFailures"};
    map(wanted);
    put(1, 5);
    runner.handler = [this](auto&, auto&) {
        return FakeRunner::ok(runner.calls.size() > 1
                                  ? "{}"
                                  : R"({"batchItemFailures":[{"itemIdentifier":"4"},)"
                                    R"({"itemIdentifier":"3"}]})");
    };
    work(3);
    EXPECT_EQ(seen(), "1,2,3,4,5 3,4,5");
}

TEST_F(StreamMapping, OldRecordsAreDiscarded) {
    queues.messages[kQueue];
    auto wanted = input();
    wanted.maximum_record_age_in_seconds = 60;
    wanted.destination_config.emplace().on_failure.emplace().destination = kQueue;
    map(wanted);
    put(1, 2);
    clock.advance(std::chrono::seconds(61));
    put(3, 3);
    work();
    EXPECT_EQ(seen(), "3");
    ASSERT_EQ(queues.sent[kQueue].size(), 1u);
    EXPECT_NE(queues.sent[kQueue][0].body.find("RecordAgeExceeded"), std::string::npos);
}

TEST_F(StreamMapping, FilteredRecordsArePassedOver) {
    auto wanted = input();
    wanted.batch_size = 2;
    wanted.filter_criteria.emplace().filters.emplace().emplace_back().pattern =
        R"({"n":[{"numeric":[">",3]}]})";
    map(wanted);
    put(1, 5);
    work();
    EXPECT_EQ(seen(), "4,5");
    put(6, 6);
    restart();
    work();
    EXPECT_EQ(seen(), "4,5 6");
}

TEST_F(StreamMapping, WindowCollectsUntilItEnds) {
    auto wanted = input();
    wanted.maximum_batching_window_in_seconds = 30;
    map(wanted);
    put(1, 1);
    const TimePoint begin = clock.now();
    work(3);
    EXPECT_EQ(seen(), "1");
    EXPECT_GE(clock.now() - begin, std::chrono::seconds(30));
}

TEST_F(StreamMapping, ParallelLanesKeepTheOrderOfEachItem) {
    auto wanted = input();
    wanted.batch_size = 3;
    wanted.parallelization_factor = 4;
    map(wanted);
    put(1, 40);
    work();
    std::map<std::string, std::vector<uint64_t>> by_key;
    size_t total = 0;
    for (const std::string& payload : runner.payloads()) {
        const auto event = codec::parse_json(payload);
        for (const auto& record : event->find("Records")->elements()) {
            by_key[std::string(*record.find_string("k"))].push_back(
                static_cast<uint64_t>(*record.find("n")->as_int64()));
            total += 1;
        }
    }
    EXPECT_EQ(total, 40u);
    for (const auto& [key, all] : by_key)
        EXPECT_TRUE(std::is_sorted(all.begin(), all.end())) << key;
}

TEST_F(StreamMapping, ChangedFactorLosesNothing) {
    auto wanted = input();
    wanted.parallelization_factor = 3;
    const std::string uuid = map(wanted);
    put(1, 10);
    fail_with("3");
    work(2);
    UpdateEventSourceMapping::Input update;
    update.uuid = uuid;
    update.parallelization_factor = 1;
    call<UpdateEventSourceMapping>(update);
    runner.handler = nullptr;
    runner.calls.clear();
    work();
    std::set<std::string> again;
    for (const std::string& payload : runner.payloads()) {
        for (const std::string& n : numbers(payload)) again.insert(n);
    }
    EXPECT_TRUE(again.contains("3"));
    runner.calls.clear();
    work();
    EXPECT_TRUE(runner.calls.empty());
}

TEST_F(StreamMapping, ChildrenWaitForTheirParent) {
    streams.shard_list.clear();
    streams.add_shard("s1", "", true);
    streams.add_shard("s2", "s1");
    auto wanted = input();
    wanted.maximum_retry_attempts = -1;
    map(wanted);
    put(1, 2, "s1");
    put(3, 4, "s2");
    fail_with("2");
    work(3);
    EXPECT_EQ(seen().find("3,4"), std::string::npos);
    runner.handler = nullptr;
    runner.calls.clear();
    lanes_work_in_waits(5);
    work(5);
    EXPECT_EQ(seen(), "1,2 3,4");
}

// A stream that splits, and splits again, while its mapping works, fails and is restarted: every
// item's records in order, none left out, and of a child's none before its parent's are done.
TEST_F(StreamMapping, SplitsLoseAndReorderNothing) {
    const std::map<std::string, std::string> parents{
        {"a", "s1"}, {"b", "s1"}, {"aa", "a"}, {"ab", "a"}};
    for (const int factor : {1, 3}) {
        streams.shard_list.clear();
        streams.records.clear();
        runner.calls.clear();
        streams.add_shard("s1");
        auto wanted = input();
        wanted.batch_size = 3;
        wanted.parallelization_factor = factor;
        const std::string uuid = map(wanted);
        std::map<uint64_t, std::string> shard_of;
        uint64_t n = 0;
        int splits = 0;
        const auto put_some = [&] {
            for (int i = 0; i < 30; ++i) {
                n += 1;
                const uint64_t key = n % 8;
                // Items keep their side of each split.
                const char* shard = splits == 0   ? "s1"
                                    : key < 4     ? "b"
                                    : splits == 1 ? "a"
                                    : key < 6     ? "aa"
                                                  : "ab";
                streams.add(shard, n, "k" + std::to_string(key), clock.now());
                shard_of[n] = shard;
            }
        };
        const auto split = [&](const std::string& parent, const char* left, const char* right) {
            splits += 1;
            for (auto& shard : streams.shard_list) {
                if (shard.shard_id == parent) shard.closed = true;
            }
            for (const char* child : {left, right}) streams.add_shard(child, parent);
            hub.signal("stream:" + parent);
        };
        std::vector<std::string> done;  // numbers, in the order in which they were done
        size_t calls = 0;
        runner.handler = [&](auto&, const contracts::Invocation& invocation) {
            if (++calls % 3 == 0) return FakeRunner::failed();
            for (const std::string& number : numbers(invocation.payload)) done.push_back(number);
            return FakeRunner::ok();
        };
        const auto run = [&] {
            lanes_work_in_waits(6);
            work(12);
            on_wait = nullptr;
        };
        put_some();
        run();
        put_some();
        split("s1", "a", "b");
        put_some();
        restart();
        run();
        put_some();
        split("a", "aa", "ab");
        put_some();
        for (int i = 0; i < 4; ++i) {
            restart();
            run();
        }
        std::map<std::string, uint64_t> last;  // by key
        std::map<std::string, size_t> left;    // by shard
        std::set<uint64_t> seen;
        for (const auto& [number, shard] : shard_of) left[shard] += 1;
        for (const std::string& text : done) {
            const uint64_t number = std::stoull(text);
            if (!seen.insert(number).second) {
                ADD_FAILURE() << number << " was done twice";
                continue;
            }
            uint64_t& before = last["k" + std::to_string(number % 8)];
            EXPECT_LT(before, number);
            before = number;
            const std::string& shard = shard_of[number];
            left[shard] -= 1;
            if (parents.contains(shard)) EXPECT_EQ(left[parents.at(shard)], 0u) << number;
        }
        EXPECT_EQ(seen.size(), n) << "with a factor of " << factor;
        DeleteEventSourceMapping::Input gone;
        gone.uuid = uuid;
        call<DeleteEventSourceMapping>(gone);
        runner.handler = nullptr;
        work();
    }
}

// Records that are too old may fill pages: what is behind them in a closed shard is read, and then
// the shard's children.
TEST_F(StreamMapping, ExpiredRecordsAreNotTheEnd) {
    auto wanted = input();
    wanted.batch_size = 2;
    map(wanted);
    put(1, 7);
    clock.advance(std::chrono::hours(25));
    put(8, 8);
    streams.shard_list[0].closed = true;
    work();
    EXPECT_EQ(seen(), "8");
}

// Lanes for which there was no thread are started later.
TEST_F(StreamMapping, LanesThatCannotStartAreTriedAgain) {
    auto wanted = input();
    wanted.parallelization_factor = 3;
    map(wanted);
    put(1, 10);
    mapping_worker->step(clock.now());
    lanes.refusals = 2;
    lanes_work_in_waits(2);
    run_lanes(4);
    EXPECT_EQ(lanes.refusals, 0);
    std::set<std::string> all;
    for (const std::string& payload : runner.payloads()) {
        for (const std::string& n : numbers(payload)) all.insert(n);
    }
    EXPECT_EQ(all.size(), 10u);
}

// A shard whose records went before they were read is done with, and holds back no child.
TEST_F(StreamMapping, AShardThatWasDroppedHoldsNothingBack) {
    streams.add_shard("s2", "s1");
    map(input());
    put(1, 1, "s2");
    mapping_worker->step(clock.now());
    on_wait = [this] {
        // Its lane has been started; then the shard is dropped.
        std::erase_if(streams.shard_list, [](const auto& one) { return one.shard_id == "s1"; });
        work_through(2);
    };
    run_lanes(4);
    EXPECT_EQ(seen(), "1");
}

// A lane of a mapping that was deleted or changed meanwhile moves no checkpoint.
TEST_F(StreamMapping, OlderGenerationsAreFenced) {
    const std::string uuid = map(input());
    put(1, 1);
    runner.handler = [&](auto&, auto&) {
        DeleteEventSourceMapping::Input gone;
        gone.uuid = uuid;
        EXPECT_EQ(call<DeleteEventSourceMapping>(gone).code(), "ok");
        return FakeRunner::ok();
    };
    work();
    EXPECT_EQ(runner.calls.size(), 1u);
    EXPECT_EQ(rows("mapping/", "mapping0"), 0u);
    EXPECT_EQ(rows("position/", "position0"), 0u);
    EXPECT_EQ(rows("result", "resulu"), 0u);
}

TEST_F(StreamMapping, MissingFunctionIsToldAndWaitedFor) {
    const std::string uuid = map(input());
    DeleteFunction::Input gone;
    gone.function_name = "f";
    call<DeleteFunction>(gone);
    put(1, 1);
    work(3);
    EXPECT_EQ(last_result(uuid),
              "PROBLEM: Function not found: arn:aws:lambda:us-east-1:123456789012:function:f");
    make_function();
    work(3);
    EXPECT_EQ(seen(), "1");
}

}  // namespace
}  // namespace millrace::lambda
