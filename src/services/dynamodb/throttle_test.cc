// Provisioned throughput and the maxima of on-demand tables.
#include "services/dynamodb/throttle.h"

#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

// A second's worth of five minutes, so that tests need few requests.
constexpr int kUnits = 1;
constexpr int kBurst = 300;

void provisioned(Server& server, const std::string& name) {
    CreateTable::Input input;
    input.table_name = name;
    input.attribute_definitions = {{{.attribute_name = "pk", .attribute_type = "S"}}};
    input.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"}}};
    input.provisioned_throughput.emplace();
    input.provisioned_throughput->read_capacity_units = kUnits;
    input.provisioned_throughput->write_capacity_units = kUnits;
    ASSERT_TRUE(server.run<CreateTable>(input));
}

GetItem::Input get_of(const std::string& table, bool consistent) {
    GetItem::Input input;
    input.table_name = table;
    input.key = from_json(R"({"pk":{"S":"a"}})");
    input.consistent_read = consistent;
    return input;
}

int puts_until_refused(Server& server, const std::string& table, int most = 1000) {
    for (int done = 0; done < most; ++done) {
        const auto result = server.put(
            table, fmt::format(R"({{"pk":{{"S":"a"}},"n":{{"N":"{}"}}}})", server.rng.next_u64()));
        if (result) continue;
        EXPECT_EQ(result.error().code, "ProvisionedThroughputExceededException");
        return done;
    }
    return most;
}

TEST(Throttle, UnusedUnitsOfFiveMinutesMayBeUsedAtOnce) {
    Throttle throttle;
    const TimePoint start = from_epoch_ms(1'000'000);
    const auto take = [&](double units, Duration after) {
        return throttle.take(0, Capacity::kRead, units, 10, 300, start + after);
    };
    using std::chrono::seconds;
    EXPECT_TRUE(take(3000, seconds(0)));
    EXPECT_FALSE(take(1, seconds(0)));
    EXPECT_TRUE(throttle.take(0, Capacity::kWrite, 1, 10, 300, start)) << "reads and writes apart";
    EXPECT_TRUE(throttle.take(7, Capacity::kRead, 1, 10, 300, start)) << "indexes apart";
    // More than there is: paid back before the next.
    EXPECT_TRUE(take(30, seconds(1)));
    EXPECT_FALSE(take(1, seconds(3)));
    EXPECT_TRUE(take(1, seconds(4)));
    throttle.give_back(0, Capacity::kRead, 1);
    EXPECT_TRUE(take(10'000, seconds(5))) << "ten units came";
    EXPECT_FALSE(take(1, seconds(900)));
    EXPECT_TRUE(take(3000, seconds(10'000)));
    EXPECT_FALSE(take(1, seconds(10'000))) << "never more than five minutes' worth";
    // A clock that goes back gives nothing.
    EXPECT_FALSE(take(1, seconds(9'000)));
}

TEST(ProvisionedThroughput, WritesAreRefusedAboveIt) {
    Server server;
    provisioned(server, "tbl");
    EXPECT_EQ(puts_until_refused(server, "tbl"), kBurst);
    server.clock.advance(std::chrono::seconds(10));
    EXPECT_EQ(puts_until_refused(server, "tbl"), 10);
    const auto refused = server.put("tbl", R"({"pk":{"S":"b"}})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "The level of configured provisioned throughput for the table was exceeded. "
              "Consider increasing your provisioning level with the UpdateTable API.");
    ASSERT_EQ(refused.error().json_fields.size(), 1u);
    EXPECT_EQ(refused.error().json_fields[0].second,
              R"([{"reason":"TableWriteProvisionedThroughputExceeded",)"
              R"("resource":"arn:aws:dynamodb:eu-central-1:123456789012:table/tbl"}])");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"b"}})"), "") << "nothing was written";
    // A failed condition costs what the item would have.
    server.clock.advance(std::chrono::seconds(5));
    PutItem::Input conditional;
    conditional.table_name = "tbl";
    conditional.item = from_json(R"({"pk":{"S":"a"}})");
    conditional.condition_expression = "attribute_not_exists(pk)";
    EXPECT_EQ(server.error_of<PutItem>(conditional), errors::kConditionFailedText);
    EXPECT_EQ(puts_until_refused(server, "tbl"), 4);
    EXPECT_EQ(server.run<PutItem>(conditional).error().code,
              "ProvisionedThroughputExceededException");
}

// A transaction that runs again, or is cancelled, has read for nothing.
TEST(ProvisionedThroughput, ReadsOfAnAttemptThatDoesNotCommitCostNothing) {
    Server server;
    provisioned(server, "tbl");
    const auto* const table = server.definition("tbl").get();
    for (const bool commits : {false, true}) {
        server.store->run([&](store::Txn& txn) {
            OpContext context(txn, server.clock, server.rng, server.request);
            EXPECT_TRUE(take_read(context, *table, nullptr, kBurst));
            return commits ? store::TxnDecision::kCommit : store::TxnDecision::kRollback;
        });
        EXPECT_EQ(server.run<GetItem>(get_of("tbl", true)).has_value(), !commits);
        server.clock.advance(std::chrono::seconds(commits ? 0 : 1));
    }
}

TEST(ProvisionedThroughput, ReadsAreRefusedAboveIt) {
    Server server;
    provisioned(server, "tbl");
    for (int i = 0; i < 2 * kBurst; ++i)
        ASSERT_TRUE(server.run<GetItem>(get_of("tbl", false))) << i;
    EXPECT_EQ(server.run<GetItem>(get_of("tbl", true)).error().code,
              "ProvisionedThroughputExceededException");
    Scan::Input scan;
    scan.table_name = "tbl";
    EXPECT_EQ(server.run<Scan>(scan).error().code, "ProvisionedThroughputExceededException");
    Query::Input query;
    query.table_name = "tbl";
    query.key_condition_expression = "pk = :k";
    query.expression_attribute_values = from_json(R"({":k":{"S":"a"}})");
    EXPECT_EQ(server.run<Query>(query).error().code, "ProvisionedThroughputExceededException");
    server.clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(server.run<Query>(query));
}

TEST(ProvisionedThroughput, BatchesDoWhatTheyCan) {
    Server server;
    provisioned(server, "tbl");
    ASSERT_EQ(puts_until_refused(server, "tbl"), kBurst);
    server.clock.advance(std::chrono::seconds(2));
    BatchWriteItem::Input batch;
    batch.request_items.emplace();
    for (int i = 0; i < 5; ++i) {
        auto& request = (*batch.request_items)["tbl"].emplace_back();
        request.put_request.emplace().item =
            from_json(R"({"pk":{"S":")" + std::to_string(i) + R"("}})");
    }
    const auto written = server.run<BatchWriteItem>(batch);
    ASSERT_TRUE(written);
    EXPECT_EQ(written->unprocessed_items->at("tbl").size(), 3u);
    EXPECT_NE(server.get("tbl", R"({"pk":{"S":"1"}})"), "");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"2"}})"), "");
    EXPECT_EQ(server.run<BatchWriteItem>(batch).error().code,
              "ProvisionedThroughputExceededException");

    while (server.run<GetItem>(get_of("tbl", true))) {
    }
    server.clock.advance(std::chrono::seconds(1));
    BatchGetItem::Input read;
    auto& wanted = read.request_items.emplace()["tbl"];
    wanted.consistent_read = true;
    wanted.keys.emplace();
    for (int i = 0; i < 3; ++i)
        wanted.keys->push_back(from_json(R"({"pk":{"S":")" + std::to_string(i) + R"("}})"));
    const auto got = server.run<BatchGetItem>(read);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->responses->at("tbl").size(), 1u);
    EXPECT_EQ(got->unprocessed_keys->at("tbl").keys->size(), 2u);
    EXPECT_EQ(server.run<BatchGetItem>(read).error().code,
              "ProvisionedThroughputExceededException");
}

TEST(ProvisionedThroughput, TransactionsAreCancelledWhole) {
    Server server;
    provisioned(server, "tbl");
    ASSERT_EQ(puts_until_refused(server, "tbl"), kBurst);
    server.clock.advance(std::chrono::seconds(2));
    TransactWriteItems::Input input;
    input.transact_items.emplace();
    for (const char* key : {"x", "y"}) {
        auto& put = input.transact_items->emplace_back().put.emplace();
        put.table_name = "tbl";
        put.item = from_json(fmt::format(R"({{"pk":{{"S":"{}"}}}})", key));
    }
    const auto result = server.run<TransactWriteItems>(input);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("[None, ProvisionedThroughputExceeded]"),
              std::string::npos)
        << result.error().message;
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"x"}})"), "");
    // What it took was given back.
    EXPECT_EQ(puts_until_refused(server, "tbl"), 2);
}

TEST(OnDemandThroughput, MaximaAreObeyedShownAndTakenAway) {
    Server server;
    server.create_table("tbl");
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"}})"));
    UpdateTable::Input update;
    update.table_name = "tbl";
    update.on_demand_throughput.emplace().max_write_request_units = 5;
    const auto updated = server.run<UpdateTable>(update);
    ASSERT_TRUE(updated);
    const auto& shown = *updated->table_description;
    EXPECT_EQ(shown.on_demand_throughput->max_write_request_units, 5);
    EXPECT_EQ(shown.on_demand_throughput->max_read_request_units, -1);
    EXPECT_EQ(shown.provisioned_throughput->write_capacity_units, 0);
    int done = 0;
    for (;; ++done) {
        ASSERT_LT(done, 100);
        const auto result = server.put("tbl", R"({"pk":{"S":"a"}})");
        if (result) continue;
        EXPECT_EQ(result.error().code, "ThrottlingException");
        EXPECT_EQ(result.error().json_fields.at(0).second,
                  R"([{"reason":"TableWriteMaxOnDemandThroughputExceeded",)"
                  R"("resource":"arn:aws:dynamodb:eu-central-1:123456789012:table/tbl"}])");
        break;
    }
    EXPECT_EQ(done, 5);
    update.on_demand_throughput->max_write_request_units = 0;
    EXPECT_FALSE(server.run<UpdateTable>(update));
    update.on_demand_throughput->max_write_request_units = -1;
    ASSERT_TRUE(server.run<UpdateTable>(update));
    EXPECT_TRUE(server.put("tbl", R"({"pk":{"S":"a"}})"));

    // Of an index: set with it, changed, shown, obeyed, gone with another billing mode.
    UpdateTable::Input index;
    index.table_name = "tbl";
    index.attribute_definitions = {{{.attribute_name = "k", .attribute_type = "S"}}};
    auto& made = index.global_secondary_index_updates.emplace().emplace_back().create.emplace();
    made.index_name = "gsi";
    made.key_schema = {{{.attribute_name = "k", .key_type = "HASH"}}};
    made.projection.emplace().projection_type = "ALL";
    made.on_demand_throughput.emplace().max_write_request_units = 3;
    ASSERT_TRUE(server.run<UpdateTable>(index));
    const auto maxima = [&] { return server.definition("tbl")->find_index("gsi")->throughput; };
    EXPECT_EQ(maxima(), (Throughput{0, 3}));
    index.attribute_definitions.reset();
    auto& change = index.global_secondary_index_updates->front();
    change.create.reset();
    change.update.emplace().index_name = "gsi";
    change.update->on_demand_throughput.emplace().max_read_request_units = 7;
    const auto changed = server.run<UpdateTable>(index);
    ASSERT_TRUE(changed) << changed.error().message;
    const auto& entry = changed->table_description->global_secondary_indexes->at(0);
    EXPECT_EQ(entry.on_demand_throughput->max_read_request_units, 7);
    EXPECT_EQ(entry.on_demand_throughput->max_write_request_units, 3);
    EXPECT_EQ(entry.provisioned_throughput->read_capacity_units, 0);
    const auto put_indexed = [&](int i) {
        return server.put(
            "tbl", fmt::format(R"({{"pk":{{"S":"a"}},"k":{{"S":"k"}},"n":{{"N":"{}"}}}})", i));
    };
    server.clock.advance(std::chrono::seconds(1));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(put_indexed(i));
    const auto refused = put_indexed(3);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "ThrottlingException");
    EXPECT_NE(refused.error().json_fields.at(0).second.find(
                  R"("IndexWriteMaxOnDemandThroughputExceeded","resource":"arn:aws:dynamodb:)"
                  R"(eu-central-1:123456789012:table/tbl/index/gsi")"),
              std::string::npos);
    UpdateTable::Input billing;
    billing.table_name = "tbl";
    billing.billing_mode = "PROVISIONED";
    billing.provisioned_throughput.emplace().read_capacity_units = 2;
    billing.provisioned_throughput->write_capacity_units = 2;
    EXPECT_EQ(server.error_of<UpdateTable>(billing),
              "One or more parameter values were invalid: ProvisionedThroughput is not specified "
              "for index: gsi");

    provisioned(server, "other");
    update.table_name = "other";
    EXPECT_FALSE(server.run<UpdateTable>(update)) << "not of a provisioned table";
}

}  // namespace
}  // namespace millrace::dynamodb
