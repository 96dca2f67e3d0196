// DescribeEvents, and how long events are kept.
#include "services/dax/reconciler.h"
#include "services/dax/test_bed.h"

namespace millrace::dax_control {
namespace {

void happen(TestBed& bed, const std::string& message, const std::string& source = "orders",
            SourceType type = SourceType::kCluster) {
    bed.store->run([&](store::Txn& txn) {
        note(txn, kAccount, kRegion, {type, source, message}, bed.clock.now());
        return store::TxnDecision::kCommit;
    });
}

std::string found(TestBed& bed, const DescribeEvents::Input& input) {
    std::string text;
    const auto answer = bed.call<DescribeEvents>(input);
    for (const auto& event : *answer->events) text += *event.message;
    return text;
}

TEST(Events, SourcesAndOrder) {
    TestBed bed;
    happen(bed, "a");
    happen(bed, "b", "short", SourceType::kParameterGroup);
    happen(bed, "c", "orders", SourceType::kSubnetGroup);
    EXPECT_EQ(found(bed, {}), "cba");
    DescribeEvents::Input input;
    input.source_name = "Orders";
    EXPECT_EQ(found(bed, input), "ca");
    input.source_type = "CLUSTER";
    EXPECT_EQ(found(bed, input), "a");
    input.source_name.reset();
    input.source_type = "PARAMETER_GROUP";
    const auto answer = bed.call<DescribeEvents>(input);
    EXPECT_EQ(answer->events->front().source_name, "short");
    EXPECT_EQ(answer->events->front().source_type, "PARAMETER_GROUP");
    bed.info.region = "eu-west-1";
    EXPECT_EQ(found(bed, {}), "");
}

TEST(Events, Times) {
    TestBed bed;
    using std::chrono::hours;
    const TimePoint start = bed.clock.now();
    for (const char* message : {"a", "b", "c", "d"}) {
        happen(bed, message);
        bed.clock.advance(hours(10));
    }
    EXPECT_EQ(found(bed, {}), "dc");  // of 24 hours
    DescribeEvents::Input input;
    input.duration = 35 * 60;
    EXPECT_EQ(found(bed, input), "dcb");
    input.start_time = start;
    input.duration = 11 * 60;
    EXPECT_EQ(found(bed, input), "ba");
    input.duration.reset();
    EXPECT_EQ(found(bed, input), "dcba");
    input.end_time = start + hours(20);
    EXPECT_EQ(found(bed, input), "cba");
    input.start_time.reset();
    EXPECT_EQ(found(bed, input), "cba");
    input.duration = 60;
    EXPECT_EQ(found(bed, input), "c");
    input.end_time = start - hours(24 * 30);
    EXPECT_EQ(found(bed, input), "");

    input.start_time = start;
    EXPECT_EQ(bed.call<DescribeEvents>(input).code(), "InvalidParameterCombinationException");
    input.duration.reset();
    EXPECT_EQ(bed.call<DescribeEvents>(input).code(), "InvalidParameterCombinationException");
    for (const int wrong : {0, -1, 20'161}) {
        input = {};
        input.duration = wrong;
        EXPECT_EQ(bed.call<DescribeEvents>(input).code(), "InvalidParameterValueException");
    }
}

TEST(Events, Pages) {
    TestBed bed;
    for (int i = 0; i < 45; ++i) happen(bed, std::to_string(i) + " ");
    DescribeEvents::Input input;
    input.max_results = 20;
    std::string all;
    int pages = 0;
    do {
        const auto answer = bed.call<DescribeEvents>(input);
        for (const auto& event : *answer->events) all += *event.message;
        input.next_token = answer->next_token;
        pages += 1;
    } while (input.next_token);
    EXPECT_EQ(pages, 3);
    EXPECT_TRUE(all.starts_with("44 43 ")) << all;
    EXPECT_TRUE(all.ends_with(" 1 0 ")) << all;
    input.max_results = 19;
    EXPECT_EQ(bed.call<DescribeEvents>(input).code(), "InvalidParameterValueException");
}

TEST(Events, AreKeptForTwoWeeks) {
    TestBed bed;
    happen(bed, "old");
    bed.clock.advance(kEventsKept - std::chrono::minutes(1));
    happen(bed, "new");
    DescribeEvents::Input input;
    input.duration = 14 * 24 * 60;
    EXPECT_EQ(found(bed, input), "newold");
    bed.clock.advance(std::chrono::minutes(2));
    EXPECT_EQ(found(bed, input), "new");
    const auto rows = [&] {
        size_t count = 0;
        bed.store->run([&](store::Txn& txn) {
            count = 0;
            txn.scan({store::Space::kDax, partition_of(kEvents, kAccount, kRegion), "", ""},
                     [&](std::string_view, std::string_view) {
                         count += 1;
                         return true;
                     });
            return store::TxnDecision::kRollback;
        });
        return count;
    };
    EXPECT_EQ(rows(), 2u);
    bed.step_ms();
    EXPECT_EQ(rows(), 1u);
    bed.store->run([&](store::Txn& txn) {
        for (size_t i = 0; i < kEventsMax + 10; ++i) {
            txn.put(
                {store::Space::kDax, partition_of(kEvents, kAccount, kRegion),
                 event_sort(bed.clock.now().time_since_epoch().count() + static_cast<int64_t>(i))},
                encode(Event{SourceType::kCluster, "n", "m"}));
        }
        return store::TxnDecision::kCommit;
    });
    bed.clock.advance(std::chrono::hours(1));
    bed.step_ms();
    EXPECT_EQ(rows(), kEventsMax);
}

}  // namespace
}  // namespace millrace::dax_control
