// TransactWriteItems, TransactGetItems, and the stream as the history of a table.
#include <map>
#include <random>

#include "contracts/stream_record.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;
using Action = model::dynamodb::TransactWriteItem;

Action put_of(std::string table, std::string_view json, std::string condition = "") {
    Action action;
    auto& put = action.put.emplace();
    put.table_name = std::move(table);
    put.item = from_json(json);
    if (!condition.empty()) put.condition_expression = std::move(condition);
    return action;
}

TEST(Transactions, AllOrNothingWithReasonsInOrder) {
    Server server;
    server.create_table("tbl");
    server.create_table("usr");
    ASSERT_TRUE(server.put("usr", R"({"pk":{"S":"b"},"v":{"N":"1"}})"));
    TransactWriteItems::Input input;
    input.transact_items = {put_of("tbl", R"({"pk":{"S":"a"}})"),
                            put_of("usr", R"({"pk":{"S":"b"}})", "attribute_not_exists(pk)")};
    input.transact_items->at(1).put->return_values_on_condition_check_failure = "ALL_OLD";
    const auto refused = server.run<TransactWriteItems>(input);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "TransactionCanceledException");
    EXPECT_EQ(refused.error().message,
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[None, ConditionalCheckFailed]");
    EXPECT_EQ(refused.error().json_fields.at(0).second,
              R"([{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional )"
              R"(request failed","Item":{"pk":{"S":"b"},"v":{"N":"1"}}}])");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"}})"), "");
    input.transact_items->at(1).put->condition_expression = "v = :one";
    input.transact_items->at(1).put->expression_attribute_values =
        from_json(R"({":one":{"N":"1"}})");
    ASSERT_TRUE(server.run<TransactWriteItems>(input));
    EXPECT_NE(server.get("tbl", R"({"pk":{"S":"a"}})"), "");
    EXPECT_EQ(server.get("usr", R"({"pk":{"S":"b"}})"), R"({"pk":{"S":"b"}})");
}

TEST(Transactions, Refusals) {
    Server server;
    server.create_table("tbl");
    TransactWriteItems::Input input;
    input.transact_items = {put_of("tbl", R"({"pk":{"S":"a"}})"),
                            put_of("tbl", R"({"pk":{"S":"a"}})")};
    EXPECT_EQ(server.error_of<TransactWriteItems>(input),
              "Transaction request cannot include multiple operations on one item");
    input.transact_items = {put_of("tbl", R"({"pk":{"N":"1"}})")};
    EXPECT_EQ(server.error_of<TransactWriteItems>(input),
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[ValidationError]");
    input.transact_items = {put_of("nowhere", R"({"pk":{"S":"a"}})")};
    EXPECT_EQ(server.error_of<TransactWriteItems>(input), "Requested resource not found");
}

// The limit is 4 MB of items, also when the request itself is small.
TEST(Transactions, SizeOfUpdatedItems) {
    Server server;
    server.create_table("tbl");
    TransactWriteItems::Input input;
    input.transact_items.emplace();
    const std::string filler(390'000, 'x');
    for (int i = 0; i < 11; ++i) {
        const std::string key = fmt::format(R"({{"pk":{{"S":"{}"}}}})", i);
        ASSERT_TRUE(
            server.put("tbl", fmt::format(R"({{"pk":{{"S":"{}"}},"v":{{"S":"{}"}}}})", i, filler)));
        auto& update = input.transact_items->emplace_back().update.emplace();
        update.table_name = "tbl";
        update.key = from_json(key);
        update.update_expression = "SET n = :n";
        update.expression_attribute_values = from_json(R"({":n":{"N":"1"}})");
    }
    EXPECT_EQ(server.error_of<TransactWriteItems>(input),
              "Transaction request exceeds the maximum allowed size of 4 MB");
    input.transact_items->pop_back();
    EXPECT_TRUE(server.run<TransactWriteItems>(input));
}

TEST(Transactions, TokensMakeARepeatHarmless) {
    Server server;
    server.create_table("tbl");
    TransactWriteItems::Input input;
    auto& update = input.transact_items.emplace().emplace_back().update.emplace();
    update.table_name = "tbl";
    update.key = from_json(R"({"pk":{"S":"a"}})");
    update.update_expression = "ADD n :n";
    update.expression_attribute_values = from_json(R"({":n":{"N":"1"}})");
    input.client_request_token = "token";
    ASSERT_TRUE(server.run<TransactWriteItems>(input));
    ASSERT_TRUE(server.run<TransactWriteItems>(input));
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"}})"), R"({"n":{"N":"1"},"pk":{"S":"a"}})");
    auto other = input;
    other.transact_items->at(0).update->expression_attribute_values =
        from_json(R"({":n":{"N":"2"}})");
    EXPECT_EQ(server.run<TransactWriteItems>(other).error().code,
              "IdempotentParameterMismatchException");
    TokenSweeper sweeper(server.service);
    server.work(sweeper);
    EXPECT_EQ(server.rows(store::Space::kTransactionTokens), 1u);
    server.clock.advance(std::chrono::minutes(10));
    ASSERT_TRUE(server.run<TransactWriteItems>(other));
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"}})"), R"({"n":{"N":"3"},"pk":{"S":"a"}})");
    for (int i = 0; i < 1200; ++i) {
        input.client_request_token = fmt::format("token{}", i);
        ASSERT_TRUE(server.run<TransactWriteItems>(input));
    }
    server.clock.advance(std::chrono::minutes(10));
    server.work(sweeper);
    EXPECT_EQ(server.rows(store::Space::kTransactionTokens), 0u);
}

TEST(Transactions, Get) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"},"v":{"N":"1"}})"));
    TransactGetItems::Input input;
    auto& actions = input.transact_items.emplace();
    for (const char* key : {"none", "a"}) {
        auto& get = actions.emplace_back().get.emplace();
        get.table_name = "tbl";
        get.key = from_json(fmt::format(R"({{"pk":{{"S":"{}"}}}})", key));
    }
    input.return_consumed_capacity = "TOTAL";
    const auto result = server.run<TransactGetItems>(input);
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->responses->at(0).item.has_value());
    EXPECT_EQ(item::to_json(*result->responses->at(1).item), R"({"pk":{"S":"a"},"v":{"N":"1"}})");
    EXPECT_EQ(result->consumed_capacity->at(0).capacity_units, 4);
}

// Replaying the records over an empty table gives the table: no change without its record, no
// record without its change, in order.
TEST(Stream, ReplayGivesTheTable) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
        Server server;
        server.create_table("tbl", "N", "NEW_AND_OLD_IMAGES");
        std::mt19937 random(seed);
        const auto pick = [&](int n) {
            return static_cast<int>(random() % static_cast<unsigned>(n));
        };
        for (int i = 0; i < 300; ++i) {
            const std::string key =
                fmt::format(R"("pk":{{"S":"{}"}},"sk":{{"N":"{}"}})", pick(3), pick(4));
            switch (pick(5)) {
                case 0:
                case 1:
                    ASSERT_TRUE(
                        server.put("tbl", fmt::format(R"({{{},"v":{{"N":"{}"}}}})", key, pick(3))));
                    break;
                case 2: {
                    DeleteItem::Input input;
                    input.table_name = "tbl";
                    input.key = from_json("{" + key + "}");
                    if (pick(2) == 0) {
                        input.condition_expression = "v = :v";
                        input.expression_attribute_values = from_json(R"({":v":{"N":"1"}})");
                    }
                    (void)server.run<DeleteItem>(input);  // a failed condition changes nothing
                    break;
                }
                case 3: {
                    UpdateItem::Input input;
                    input.table_name = "tbl";
                    input.key = from_json("{" + key + "}");
                    input.update_expression = pick(2) == 0 ? "ADD v :v" : "SET v = :v REMOVE w";
                    input.expression_attribute_values = from_json(R"({":v":{"N":"1"}})");
                    ASSERT_TRUE(server.run<UpdateItem>(input));
                    break;
                }
                case 4: {
                    TransactWriteItems::Input input;
                    input.transact_items = {
                        put_of("tbl", R"({"pk":{"S":"0"},"sk":{"N":"0"},"w":{"S":"x"}})"),
                        put_of("tbl", R"({"pk":{"S":"1"},"sk":{"N":"0"}})",
                               "attribute_not_exists(v)")};
                    (void)server.run<TransactWriteItems>(input);
                    break;
                }
            }
        }
        std::map<std::string, std::string> replayed;
        const TableRef table = server.definition("tbl");
        for (const auto& entry : server.store->read_log(contracts::stream_log(table->stream->id, 1),
                                                        {}, 100'000, 64 << 20)) {
            const auto record = contracts::decode_stream_record(entry.bytes);
            ASSERT_TRUE(record.has_value());
            const std::string key(record->keys.bytes());
            const auto known = replayed.find(key);
            ASSERT_EQ(record->old_image.has_value(), known != replayed.end());
            if (record->old_image) ASSERT_EQ(record->old_image->bytes(), known->second);
            ASSERT_FALSE(record->new_image && record->old_image &&
                         *record->new_image == *record->old_image);
            if (record->new_image) {
                replayed[key] = record->new_image->bytes();
            } else {
                replayed.erase(key);
            }
        }
        Scan::Input scan;
        scan.table_name = "tbl";
        const auto scanned = server.run<Scan>(scan);
        ASSERT_TRUE(scanned);
        ASSERT_EQ(scanned->items->size(), replayed.size());
        for (const item::Item& item : *scanned->items) {
            const item::Item key = extract_key(table->keys, item);
            EXPECT_EQ(replayed.at(key.bytes()), item.bytes());
        }
    }
}

TEST(Stream, ReadersAreWokenOnlyByChanges) {
    Server server;
    server.create_table("tbl", "", "KEYS_ONLY");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"}})"));
    const TableRef table = server.definition("tbl");
    EXPECT_EQ(server.wakes,
              std::vector<std::string>{contracts::stream_wake_key(table->stream->id, 1)});
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"}})"));
    EXPECT_TRUE(server.wakes.empty());
}

}  // namespace
}  // namespace millrace::dynamodb
