// Fine-grained access: what policies that look at keys and attributes let through.
#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

constexpr std::string_view kOnlyOwnKey = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/tbl",
    "Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["alice","7"]}}}]})";
constexpr std::string_view kOnlySomeAttributes =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":"dynamodb:*","Resource":"*",
    "Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["pk","v"]},
                 "StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES",
                                         "dynamodb:ReturnValues":["NONE","UPDATED_NEW"]}}}]})";

GetItem::Input get_of(std::string_view key) {
    GetItem::Input input;
    input.table_name = "tbl";
    input.key = from_json(key);
    return input;
}

TEST(Access, LeadingKeys) {
    Server server;
    server.create_table("tbl");
    server.create_table("other");
    EXPECT_TRUE(server.allows<GetItem>(kOnlyOwnKey, get_of(R"({"pk":{"S":"alice"}})")));
    EXPECT_FALSE(server.allows<GetItem>(kOnlyOwnKey, get_of(R"({"pk":{"S":"bob"}})")));
    auto elsewhere = get_of(R"({"pk":{"S":"alice"}})");
    elsewhere.table_name = "other";
    EXPECT_FALSE(server.allows<GetItem>(kOnlyOwnKey, elsewhere));

    PutItem::Input put;
    put.table_name = "tbl";
    put.item = from_json(R"({"pk":{"S":"bob"},"v":{"S":"alice"}})");
    EXPECT_FALSE(server.allows<PutItem>(kOnlyOwnKey, put));

    Query::Input query;
    query.table_name = "tbl";
    query.key_condition_expression = "#k = :p";
    query.expression_attribute_names.emplace()["#k"] = "pk";
    query.expression_attribute_values = from_json(R"({":p":{"S":"alice"}})");
    EXPECT_TRUE(server.allows<Query>(kOnlyOwnKey, query));
    query.expression_attribute_values = from_json(R"({":p":{"S":"bob"}})");
    EXPECT_FALSE(server.allows<Query>(kOnlyOwnKey, query));
}

TEST(Access, LeadingKeysOfBatchesAndTransactions) {
    Server server;
    server.create_table("tbl");
    BatchGetItem::Input batch;
    (*(batch.request_items = decltype(batch.request_items)::value_type()))["tbl"].keys = {
        from_json(R"({"pk":{"S":"alice"}})"), from_json(R"({"pk":{"S":"bob"}})")};
    EXPECT_FALSE(server.allows<BatchGetItem>(kOnlyOwnKey, batch));
    batch.request_items->at("tbl").keys->pop_back();
    EXPECT_TRUE(server.allows<BatchGetItem>(kOnlyOwnKey, batch));

    TransactWriteItems::Input transaction;
    auto& actions = transaction.transact_items.emplace();
    for (const char* key : {"alice", "bob"}) {
        auto& action = actions.emplace_back().delete_.emplace();
        action.table_name = "tbl";
        action.key = from_json(fmt::format(R"({{"pk":{{"S":"{}"}}}})", key));
    }
    EXPECT_FALSE(server.allows<TransactWriteItems>(kOnlyOwnKey, transaction));
    actions.pop_back();
    EXPECT_TRUE(server.allows<TransactWriteItems>(kOnlyOwnKey, transaction));
}

TEST(Access, Attributes) {
    Server server;
    server.create_table("tbl");
    auto get = get_of(R"({"pk":{"S":"a"}})");
    EXPECT_FALSE(server.allows<GetItem>(kOnlySomeAttributes, get));  // all attributes
    get.projection_expression = "v";
    EXPECT_TRUE(server.allows<GetItem>(kOnlySomeAttributes, get));
    get.projection_expression = "v, secret";
    EXPECT_FALSE(server.allows<GetItem>(kOnlySomeAttributes, get));

    UpdateItem::Input update;
    update.table_name = "tbl";
    update.key = from_json(R"({"pk":{"S":"a"}})");
    update.update_expression = "SET v = :v";
    update.expression_attribute_values = from_json(R"({":v":{"S":"x"}})");
    EXPECT_TRUE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
    update.return_values = "ALL_OLD";
    EXPECT_FALSE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
    update.return_values.reset();
    update.condition_expression = "secret = :v";
    EXPECT_FALSE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
}

// Legacy parameters are looked at like expressions.
TEST(Access, LegacyParameters) {
    Server server;
    server.create_table("tbl");
    Query::Input query;
    query.table_name = "tbl";
    auto& condition = query.key_conditions.emplace()["pk"];
    condition.comparison_operator = "EQ";
    condition.attribute_value_list = {item::Value::string("alice")};
    EXPECT_TRUE(server.allows<Query>(kOnlyOwnKey, query));
    condition.attribute_value_list = {item::Value::string("bob")};
    EXPECT_FALSE(server.allows<Query>(kOnlyOwnKey, query));
    query.attributes_to_get = {"v"};
    EXPECT_TRUE(server.allows<Query>(kOnlySomeAttributes, query));
    query.query_filter.emplace()["secret"].comparison_operator = "NULL";
    EXPECT_FALSE(server.allows<Query>(kOnlySomeAttributes, query));

    Scan::Input scan;
    scan.table_name = "tbl";
    scan.attributes_to_get = {"v"};
    EXPECT_TRUE(server.allows<Scan>(kOnlySomeAttributes, scan));
    scan.scan_filter.emplace()["secret"].comparison_operator = "NULL";
    EXPECT_FALSE(server.allows<Scan>(kOnlySomeAttributes, scan));

    UpdateItem::Input update;
    update.table_name = "tbl";
    update.key = from_json(R"({"pk":{"S":"a"}})");
    update.attribute_updates.emplace()["v"].action = "DELETE";
    EXPECT_TRUE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
    update.expected.emplace()["secret"].exists = false;
    EXPECT_FALSE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
    update.expected.reset();
    (*update.attribute_updates)["secret"].action = "DELETE";
    EXPECT_FALSE(server.allows<UpdateItem>(kOnlySomeAttributes, update));
}

}  // namespace
}  // namespace millrace::dynamodb
