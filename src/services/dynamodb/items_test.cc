// PutItem, GetItem, UpdateItem, DeleteItem, the batches, Query and Scan.
#include <algorithm>
#include <set>
#include <thread>

#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

TEST(Items, PutGetDelete) {
    Server server;
    server.create_table("tbl", "N");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1.0"},"v":{"S":"x"}})"));
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"}})"),
              R"({"pk":{"S":"a"},"sk":{"N":"1"},"v":{"S":"x"}})");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"},"sk":{"N":"2"}})"), "");
    DeleteItem::Input input;
    input.table_name = "tbl";
    input.key = from_json(R"({"pk":{"S":"a"},"sk":{"N":"1"}})");
    input.return_values = "ALL_OLD";
    const auto deleted = server.run<DeleteItem>(input);
    ASSERT_TRUE(deleted);
    EXPECT_TRUE(deleted->attributes.has_value());
    const auto again = server.run<DeleteItem>(input);
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->attributes.has_value());
    EXPECT_EQ(server.rows(store::Space::kItems), 0u);
}

TEST(Items, TableByArn) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(
        server.put("arn:aws:dynamodb:eu-central-1:123456789012:table/tbl", R"({"pk":{"S":"a"}})"));
    EXPECT_NE(server.get("tbl", R"({"pk":{"S":"a"}})"), "");
    EXPECT_EQ(
        server.put("arn:aws:dynamodb:eu-central-1:999999999999:table/tbl", R"({"pk":{"S":"a"}})")
            .error()
            .code,
        "ResourceNotFoundException");
}

TEST(Items, RefusalsInAwsWords) {
    Server server;
    server.create_table("tbl", "S");
    const auto put = [&](std::string_view json) {
        const auto result = server.put("tbl", json);
        return result ? std::string("no error") : result.error().message;
    };
    EXPECT_EQ(put(R"({"pk":{"S":"a"}})"),
              "One or more parameter values were invalid: Missing the key sk in the item");
    EXPECT_EQ(put(R"({"pk":{"N":"1"},"sk":{"S":"b"}})"),
              "One or more parameter values were invalid: Type mismatch for key pk expected: S "
              "actual: N");
    EXPECT_EQ(put(R"({"pk":{"S":""},"sk":{"S":"b"}})"),
              "One or more parameter values are not valid. The AttributeValue for a key attribute "
              "cannot contain an empty string value. Key: pk");
    EXPECT_EQ(put(R"({"pk":{"S":")" + std::string(2049, 'x') + R"("},"sk":{"S":"b"}})"),
              "One or more parameter values were invalid: Size of hashkey has exceeded the maximum "
              "size limit of2048 bytes");
    EXPECT_EQ(put(R"({"pk":{"S":"a"},"sk":{"S":")" + std::string(1025, 'x') + R"("}})"),
              "One or more parameter values were invalid: Aggregated size of all range keys has "
              "exceeded the size limit of 1024 bytes");
    EXPECT_EQ(
        put(R"({"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":")" + std::string(409'600, 'x') + R"("}})"),
        "Item size has exceeded the maximum allowed size");
    GetItem::Input get;
    get.table_name = "tbl";
    get.key = from_json(R"({"pk":{"S":"a"}})");
    EXPECT_EQ(server.error_of<GetItem>(get), "The provided key element does not match the schema");
    get.key = from_json(R"({"pk":{"S":"a"},"sk":{"S":"b"},"x":{"S":"c"}})");
    EXPECT_EQ(server.error_of<GetItem>(get), "The provided key element does not match the schema");
    const auto missing = server.put("nowhere", R"({"pk":{"S":"a"}})");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "ResourceNotFoundException");
    EXPECT_EQ(missing.error().message, "Requested resource not found");
}

TEST(Items, LongestKeysFit) {
    Server server;
    server.create_table("tbl", "B");
    // 1024 zero bytes: each takes two in the encoded key.
    std::string base64(1368, 'A');
    base64.replace(1366, 2, "==");
    const std::string key =
        R"({"pk":{"S":")" + std::string(2048, 'p') + R"("},"sk":{"B":")" + base64 + R"("}})";
    ASSERT_TRUE(server.put("tbl", key));
    EXPECT_EQ(server.get("tbl", key), key);
}

// A bad expression on a table that is not there is a validation error.
TEST(Items, ExpressionsComeBeforeTheTable) {
    Server server;
    PutItem::Input input;
    input.table_name = "nowhere";
    input.item = from_json(R"({"pk":{"S":"a"}})");
    input.condition_expression = "a =";
    const auto result = server.run<PutItem>(input);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "ValidationException");
}

TEST(Items, FailedConditionShowsTheItemOnRequest) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"},"v":{"N":"1"}})"));
    PutItem::Input input;
    input.table_name = "tbl";
    input.item = from_json(R"({"pk":{"S":"a"}})");
    input.condition_expression = "attribute_not_exists(pk)";
    const auto plain = server.run<PutItem>(input);
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().code, "ConditionalCheckFailedException");
    EXPECT_EQ(plain.error().message, "The conditional request failed");
    EXPECT_TRUE(plain.error().json_fields.empty());
    input.return_values_on_condition_check_failure = "ALL_OLD";
    const auto shown = server.run<PutItem>(input);
    ASSERT_EQ(shown.error().json_fields.size(), 1u);
    EXPECT_EQ(shown.error().json_fields[0].second, R"({"pk":{"S":"a"},"v":{"N":"1"}})");
}

UpdateItem::Input update_of(std::string_view key, std::string text, std::string_view values) {
    UpdateItem::Input input;
    input.table_name = "tbl";
    input.key = from_json(key);
    input.update_expression = std::move(text);
    if (!values.empty()) input.expression_attribute_values = from_json(values);
    return input;
}

TEST(Items, UpdateCreatesAndReturns) {
    Server server;
    server.create_table("tbl");
    auto input = update_of(R"({"pk":{"S":"a"}})", "SET v = :v ADD n :n",
                           R"({":v":{"S":"x"},":n":{"N":"2"}})");
    input.return_values = "UPDATED_NEW";
    const auto first = server.run<UpdateItem>(input);
    ASSERT_TRUE(first);
    EXPECT_EQ(item::to_json(*first->attributes), R"({"n":{"N":"2"},"v":{"S":"x"}})");
    input.return_values = "UPDATED_OLD";
    const auto second = server.run<UpdateItem>(input);
    EXPECT_EQ(item::to_json(*second->attributes), R"({"n":{"N":"2"},"v":{"S":"x"}})");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"}})"),
              R"({"n":{"N":"4"},"pk":{"S":"a"},"v":{"S":"x"}})");
    EXPECT_EQ(server.error_of<UpdateItem>(
                  update_of(R"({"pk":{"S":"a"}})", "SET pk = :v", R"({":v":{"S":"x"}})")),
              "One or more parameter values were invalid: Cannot update attribute pk. This "
              "attribute is part of the key");
}

// Many threads add to one counter: conflicts run again, nothing is lost.
TEST(Items, HotCounterLosesNothing) {
    Server server;
    server.create_table("tbl");
    constexpr int kThreads = 4;
    constexpr int kAdds = 200;
    const auto input = update_of(R"({"pk":{"S":"a"}})", "ADD n :n", R"({":n":{"N":"1"}})");
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < kAdds; ++j) {
                server.store->run([&](store::Txn& txn) {
                    OpContext context(txn, server.clock, server.rng, server.request);
                    EXPECT_TRUE(UpdateItem::run(server.service, context, input).has_value());
                    return store::TxnDecision::kCommit;
                });
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"a"}})"), R"({"n":{"N":"800"},"pk":{"S":"a"}})");
}

TEST(Items, ConsumedCapacity) {
    Server server;
    server.create_table("tbl");
    PutItem::Input input;
    input.table_name = "tbl";
    input.item = from_json(R"({"pk":{"S":"a"},"v":{"S":")" + std::string(2048, 'x') + R"("}})");
    input.return_consumed_capacity = "TOTAL";
    EXPECT_EQ(server.run<PutItem>(input)->consumed_capacity->capacity_units, 3);
    // Overwritten by a smaller one: the larger counts.
    input.item = from_json(R"({"pk":{"S":"a"}})");
    EXPECT_EQ(server.run<PutItem>(input)->consumed_capacity->capacity_units, 3);
    EXPECT_EQ(server.run<PutItem>(input)->consumed_capacity->capacity_units, 1);
    GetItem::Input get;
    get.table_name = "tbl";
    get.key = from_json(R"({"pk":{"S":"none"}})");
    get.return_consumed_capacity = "INDEXES";
    EXPECT_EQ(server.run<GetItem>(get)->consumed_capacity->table->capacity_units, 0.5);
    get.consistent_read = true;
    EXPECT_EQ(server.run<GetItem>(get)->consumed_capacity->capacity_units, 1);
}

TEST(Items, BatchesRefuseDuplicatesUnderAnyName) {
    Server server;
    server.create_table("tbl");
    const auto put = [](std::string_view json) {
        model::dynamodb::WriteRequest request;
        request.put_request.emplace().item = from_json(json);
        return request;
    };
    BatchWriteItem::Input input;
    input.request_items.emplace();
    (*input.request_items)["tbl"] = {put(R"({"pk":{"S":"a"}})"), put(R"({"pk":{"S":"b"}})")};
    ASSERT_TRUE(server.run<BatchWriteItem>(input));
    EXPECT_EQ(server.rows(store::Space::kItems), 2u);
    (*input.request_items)["arn:aws:dynamodb:eu-central-1:123456789012:table/tbl"] = {
        put(R"({"pk":{"S":"a"}})")};
    EXPECT_EQ(server.error_of<BatchWriteItem>(input),
              "Provided list of item keys contains duplicates");
    input.request_items->clear();
    (*input.request_items)["tbl"] = {put(R"({"pk":{"S":"c"}})")};
    (*input.request_items)["nowhere"] = {put(R"({"pk":{"S":"c"}})")};
    EXPECT_EQ(server.error_of<BatchWriteItem>(input), "Requested resource not found");
    EXPECT_EQ(server.get("tbl", R"({"pk":{"S":"c"}})"), "");
}

TEST(Items, BatchGet) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"},"v":{"S":"x"},"w":{"S":"y"}})"));
    BatchGetItem::Input input;
    auto& wanted = (*(input.request_items = decltype(input.request_items)::value_type()))["tbl"];
    wanted.keys = {from_json(R"({"pk":{"S":"a"}})"), from_json(R"({"pk":{"S":"b"}})")};
    wanted.projection_expression = "v";
    const auto result = server.run<BatchGetItem>(input);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->responses->at("tbl").size(), 1u);
    EXPECT_EQ(item::to_json(result->responses->at("tbl")[0]), R"({"v":{"S":"x"}})");
    EXPECT_TRUE(result->unprocessed_keys->empty());
    wanted.keys->push_back(from_json(R"({"pk":{"S":"a"}})"));
    EXPECT_EQ(server.error_of<BatchGetItem>(input),
              "Provided list of item keys contains duplicates");
}

// Pages of every size, both ways, give every item once and in order.
TEST(Reading, QueryPages) {
    Server server;
    server.create_table("tbl", "N");
    for (int i = -7; i < 8; ++i) {
        ASSERT_TRUE(server.put("tbl", fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"{}"}}}})", i)));
        ASSERT_TRUE(server.put("tbl", fmt::format(R"({{"pk":{{"S":"b"}},"sk":{{"N":"{}"}}}})", i)));
    }
    for (const bool forward : {true, false}) {
        for (int limit = 1; limit < 17; ++limit) {
            Query::Input input;
            input.table_name = "tbl";
            input.key_condition_expression = "pk = :p AND sk BETWEEN :l AND :h";
            input.expression_attribute_values =
                from_json(R"({":p":{"S":"a"},":l":{"N":"-6"},":h":{"N":"6.5"}})");
            input.limit = limit;
            input.scan_index_forward = forward;
            std::vector<std::string> seen;
            for (int page = 0; page < 20; ++page) {
                const auto result = server.run<Query>(input);
                ASSERT_TRUE(result) << result.error().message;
                for (const auto& item : *result->items)
                    seen.push_back(item::number_text(item.find("sk").number()));
                input.exclusive_start_key = result->last_evaluated_key;
                if (!result->last_evaluated_key) break;
            }
            if (!forward) std::reverse(seen.begin(), seen.end());
            ASSERT_EQ(seen.size(), 13u);
            for (int i = -6; i < 7; ++i)
                EXPECT_EQ(seen[static_cast<size_t>(i + 6)], std::to_string(i));
        }
    }
}

TEST(Reading, QueryRefusals) {
    Server server;
    server.create_table("tbl", "S");
    Query::Input input;
    input.table_name = "tbl";
    input.key_condition_expression = "sk = :p";
    input.expression_attribute_values = from_json(R"({":p":{"S":"a"}})");
    EXPECT_EQ(server.error_of<Query>(input), "Query condition missed key schema element: pk");
    input.key_condition_expression = "pk > :p";
    EXPECT_EQ(server.error_of<Query>(input), "Query key condition not supported");
    input.key_condition_expression = "pk = :p";
    input.filter_expression = "sk = :p";
    EXPECT_EQ(server.error_of<Query>(input),
              "Filter Expression can only contain non-primary key attributes: Primary key "
              "attribute: sk");
    input.filter_expression.reset();
    input.exclusive_start_key = from_json(R"({"pk":{"S":"z"},"sk":{"S":"a"}})");
    EXPECT_EQ(server.error_of<Query>(input),
              "The provided starting key is outside query boundaries based on provided conditions");
    input.exclusive_start_key.reset();
    input.index_name = "idx";
    EXPECT_EQ(server.error_of<Query>(input), "The table does not have the specified index: idx");
}

TEST(Reading, APageIsOneMegabyteReadBeforeTheFilter) {
    Server server;
    server.create_table("tbl", "N");
    const std::string filler(300'000, 'x');
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(server.put(
            "tbl",
            fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"{}"}},"v":{{"S":"{}"}}}})", i, filler)));
    }
    Query::Input input;
    input.table_name = "tbl";
    input.key_condition_expression = "pk = :p";
    input.filter_expression = "attribute_not_exists(v)";
    input.expression_attribute_values = from_json(R"({":p":{"S":"a"}})");
    const auto result = server.run<Query>(input);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->count, 0);
    EXPECT_EQ(result->scanned_count, 4);
    EXPECT_TRUE(result->last_evaluated_key.has_value());
}

// Every item is in exactly one segment, whatever the page size.
TEST(Reading, ScanSegments) {
    Server server;
    server.create_table("tbl");
    server.create_table("usr");
    std::set<std::string> all;
    for (int i = 0; i < 200; ++i) {
        const std::string key = fmt::format("k{}", i);
        all.insert(key);
        ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":")" + key + R"("}})"));
        ASSERT_TRUE(server.put("usr", R"({"pk":{"S":"other)" + key + R"("}})"));
    }
    for (const int total : {1, 3, 8}) {
        std::multiset<std::string> seen;
        for (int segment = 0; segment < total; ++segment) {
            Scan::Input input;
            input.table_name = "tbl";
            input.total_segments = total;
            input.segment = segment;
            input.limit = 7;
            for (;;) {
                const auto result = server.run<Scan>(input);
                ASSERT_TRUE(result) << result.error().message;
                for (const auto& item : *result->items) seen.emplace(item.find("pk").string());
                input.exclusive_start_key = result->last_evaluated_key;
                if (!result->last_evaluated_key) break;
            }
        }
        EXPECT_EQ(seen.size(), all.size());
        EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), all);
    }
    Scan::Input input;
    input.table_name = "tbl";
    input.segment = 5;
    input.total_segments = 5;
    EXPECT_EQ(server.error_of<Scan>(input),
              "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
              "Segment: 5 is not less than TotalSegments: 5");
}

}  // namespace
}  // namespace millrace::dynamodb
