// What item operations answer: legacy parameters, ReturnValues, ConsumedCapacity.
#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::Server;

constexpr std::string_view kFailed = "The conditional request failed";

class Answers : public ::testing::Test {
protected:
    Answers() { server_.create_table("tbl"); }
    void put(const std::string& attributes) {
        ASSERT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},)" + attributes + "}"));
    }
    std::string update(const std::string& parameters, const std::string& key = "a") {
        return server_.answer<UpdateItem>(R"({"TableName":"tbl","Key":{"pk":{"S":")" + key +
                                          R"("}},)" + parameters + "}");
    }
    std::string item(const std::string& key = "a") {
        return server_.get("tbl", R"({"pk":{"S":")" + key + R"("}})");
    }
    Server server_;
};

TEST_F(Answers, ExpectedWithEveryOperator) {
    put(R"("n":{"N":"5"},"s":{"S":"hello"},"set":{"SS":["x","y"]},"l":{"L":[{"N":"1"}]})");
    const auto holds = [&](const std::string& expected) {
        const std::string answer = server_.answer<DeleteItem>(
            R"({"TableName":"tbl","Key":{"pk":{"S":"none"}},"Expected":{"pk":{"Exists":false}}})");
        EXPECT_EQ(answer, "{}");
        const std::string result = update(R"("Expected":)" + expected);
        EXPECT_TRUE(result == "{}" || result == kFailed) << expected << ": " << result;
        return result == "{}";
    };
    const auto compares = [&](const std::string& attribute, const std::string& op,
                              const std::string& values) {
        return holds(R"({")" + attribute + R"(":{"ComparisonOperator":")" + op +
                     R"(","AttributeValueList":[)" + values + "]}}");
    };
    EXPECT_TRUE(holds(R"({"n":{"Value":{"N":"5.0"}}})"));
    EXPECT_TRUE(holds(R"({"n":{"Exists":true,"Value":{"N":"5"}}})"));
    EXPECT_FALSE(holds(R"({"n":{"Exists":false}})"));
    EXPECT_TRUE(holds(R"({"gone":{"Exists":false}})"));
    EXPECT_TRUE(compares("n", "EQ", R"({"N":"5"})"));
    EXPECT_FALSE(compares("n", "EQ", R"({"S":"5"})"));
    EXPECT_TRUE(compares("set", "EQ", R"({"SS":["y","x"]})"));
    EXPECT_TRUE(compares("l", "EQ", R"({"L":[{"N":"1.0"}]})"));
    EXPECT_TRUE(compares("n", "NE", R"({"N":"4"})"));
    EXPECT_TRUE(compares("n", "LE", R"({"N":"5"})"));
    EXPECT_FALSE(compares("n", "LT", R"({"N":"5"})"));
    EXPECT_TRUE(compares("n", "GE", R"({"N":"5"})"));
    EXPECT_FALSE(compares("n", "GT", R"({"N":"5"})"));
    EXPECT_TRUE(compares("s", "NOT_NULL", ""));
    EXPECT_TRUE(compares("gone", "NULL", ""));
    EXPECT_TRUE(compares("s", "CONTAINS", R"({"S":"ell"})"));
    EXPECT_TRUE(compares("set", "CONTAINS", R"({"S":"x"})"));
    EXPECT_TRUE(compares("s", "NOT_CONTAINS", R"({"S":"x"})"));
    EXPECT_TRUE(compares("s", "BEGINS_WITH", R"({"S":"he"})"));
    EXPECT_TRUE(compares("n", "IN", R"({"N":"1"},{"N":"5"})"));
    EXPECT_FALSE(compares("n", "IN", R"({"N":"1"},{"N":"6"})"));
    EXPECT_TRUE(compares("n", "BETWEEN", R"({"N":"4"},{"N":"6"})"));
    // All of them, or one.
    EXPECT_FALSE(holds(R"({"n":{"Value":{"N":"5"}},"s":{"Exists":false}})"));
    EXPECT_TRUE(
        holds(R"({"n":{"Value":{"N":"5"}},"s":{"Exists":false}},"ConditionalOperator":"OR")"));
}

TEST_F(Answers, AttributeUpdates) {
    EXPECT_EQ(update(R"("AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"2"}},)"
                     R"("s":{"Value":{"S":"x"}},"set":{"Action":"ADD","Value":{"SS":["a","b"]}},)"
                     R"("l":{"Action":"ADD","Value":{"L":[{"N":"1"}]}}},"ReturnValues":"ALL_NEW")"),
              R"({"Attributes":{"l":{"L":[{"N":"1"}]},"n":{"N":"2"},"pk":{"S":"a"},"s":{"S":"x"},)"
              R"("set":{"SS":["a","b"]}}})");
    EXPECT_EQ(
        update(R"("AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"-0.5"}},)"
               R"("s":{"Action":"DELETE"},"set":{"Action":"DELETE","Value":{"SS":["b","c"]}},)"
               R"("l":{"Action":"ADD","Value":{"L":[{"N":"2"}]}}},"ReturnValues":"UPDATED_NEW")"),
        R"({"Attributes":{"l":{"L":[{"N":"1"},{"N":"2"}]},"n":{"N":"1.5"},"set":{"SS":["a"]}}})");
    EXPECT_EQ(update(R"("AttributeUpdates":{"n":{"Value":{"N":"7"}},"new":{"Value":{"N":"1"}}},)"
                     R"("Expected":{"n":{"Value":{"N":"1.5"}}},"ReturnValues":"UPDATED_OLD")"),
              R"({"Attributes":{"n":{"N":"1.5"}}})");
    EXPECT_EQ(update(R"("AttributeUpdates":{"n":{"Action":"ADD","Value":{"SS":["x"]}}})"),
              "Type mismatch for attribute to update");
    EXPECT_EQ(update(R"("AttributeUpdates":{"n":{"Action":"DELETE","Value":{"SS":["x"]}}})"),
              "Type mismatch for attribute to update");
    // On a missing item a DELETE makes nothing but the key.
    EXPECT_EQ(update(R"("AttributeUpdates":{"n":{"Action":"DELETE"}})", "new"), "{}");
    EXPECT_EQ(item("new"), R"({"pk":{"S":"new"}})");
}

TEST_F(Answers, AttributesToGet) {
    put(R"("m":{"M":{"x":{"N":"1"}}},"m.x":{"N":"2"},"n":{"N":"3"})");
    EXPECT_EQ(server_.answer<GetItem>(
                  R"({"TableName":"tbl","Key":{"pk":{"S":"a"}},"AttributesToGet":["m.x","gone"]})"),
              R"({"Item":{"m.x":{"N":"2"}}})");
    EXPECT_EQ(server_.answer<BatchGetItem>(R"({"RequestItems":{"tbl":{"Keys":[{"pk":{"S":"a"}}],)"
                                           R"("AttributesToGet":["n"]}}})"),
              R"({"Responses":{"tbl":[{"n":{"N":"3"}}]},"UnprocessedKeys":{}})");
}

TEST_F(Answers, LegacyQueryAndScan) {
    server_.create_table("q", "N");
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(server_.put("q", fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"{}"}},)"
                                                 R"("even":{{"BOOL":{}}},"v":{{"N":"{}"}}}})",
                                                 i, i % 2 == 0, i * 10)));
    }
    const auto query = [&](const std::string& rest) {
        return server_.answer<Query>(
            R"({"TableName":"q","AttributesToGet":["sk"],"KeyConditions":{"pk":)"
            R"({"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]})" +
            rest + "}");
    };
    EXPECT_EQ(query(R"(,"sk":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"2"},)"
                    R"({"N":"4"}]}},"QueryFilter":{"v":{"ComparisonOperator":"NE",)"
                    R"("AttributeValueList":[{"N":"30"}]}},"ScanIndexForward":false)"),
              R"({"Items":[{"sk":{"N":"4"}},{"sk":{"N":"2"}}],"Count":2,"ScannedCount":3})");
    EXPECT_EQ(query(R"(,"sk":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"5"}]}},)"
                    R"("QueryFilter":{"v":{"ComparisonOperator":"NULL"},"even":)"
                    R"({"ComparisonOperator":"NOT_NULL"}},"ConditionalOperator":"OR")"),
              R"({"Items":[{"sk":{"N":"5"}}],"Count":1,"ScannedCount":1})");
    EXPECT_EQ(query(R"(},"QueryFilter":{"sk":{"ComparisonOperator":"NOT_NULL"}})"),
              "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk");
    EXPECT_EQ(query(R"(,"sk":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"5"}]}})"),
              "Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(query(R"(},"Select":"ALL_ATTRIBUTES")"),
              "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES");
    EXPECT_EQ(query(R"(},"Select":"COUNT")"),
              "Cannot specify the AttributesToGet when choosing to get only the Count");
    EXPECT_EQ(query(R"(},"ExclusiveStartKey":{"pk":{"SS":[]}})"),
              "The provided starting key is invalid: One or more parameter values were invalid: An "
              "string set  may not be empty");
    EXPECT_EQ(query(R"(},"FilterExpression":"v = v")"),
              "Can not use both expression and non-expression parameters in the same request: "
              "Non-expression parameters: {AttributesToGet, KeyConditions} Expression parameters: "
              "{FilterExpression}");
    EXPECT_EQ(server_.answer<Scan>(
                  R"({"TableName":"q","Select":"COUNT","ScanFilter":{"sk":)"
                  R"({"ComparisonOperator":"IN","AttributeValueList":[{"N":"1"},{"N":"2"}]}}})"),
              R"({"Count":2,"ScannedCount":6})");
    EXPECT_EQ(server_.answer<Scan>(R"({"TableName":"q","ScanFilter":{"v":{"ComparisonOperator":)"
                                   R"("LT","AttributeValueList":[{"BOOL":true}]}}})"),
              "One or more parameter values were invalid: ComparisonOperator LT is not valid for "
              "BOOL AttributeValue type");
}

TEST_F(Answers, ReturnValuesOfNestedPaths) {
    put(R"("m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]})");
    const std::string change =
        R"("UpdateExpression":"SET m.x = :v, l[1] = :v, fresh = :v REMOVE m.y",)"
        R"("ExpressionAttributeValues":{":v":{"N":"9"}},)";
    EXPECT_EQ(update(change + R"("ReturnValues":"UPDATED_OLD")"),
              R"({"Attributes":{"l":{"L":[{"N":"1"}]},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}}}})");
    put(R"("m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]})");
    EXPECT_EQ(
        update(change + R"("ReturnValues":"UPDATED_NEW")"),
        R"({"Attributes":{"fresh":{"N":"9"},"l":{"L":[{"N":"9"}]},"m":{"M":{"x":{"N":"9"}}}}})");
    EXPECT_EQ(update(R"("ReturnValues":"ALL_OLD")", "new"), "{}");
    EXPECT_EQ(server_.answer<PutItem>(
                  R"({"TableName":"tbl","Item":{"pk":{"S":"new"}},"ReturnValues":"ALL_OLD"})"),
              R"({"Attributes":{"pk":{"S":"new"}}})");
}

TEST_F(Answers, Capacity) {
    put(R"("v":{"S":")" + std::string(5000, 'x') + R"("})");
    const std::string total = R"(,"ReturnConsumedCapacity":"TOTAL"})";
    const std::string indexes = R"(,"ReturnConsumedCapacity":"INDEXES"})";
    const std::string get =
        R"({"TableName":"tbl","Key":{"pk":{"S":"a"}},"ProjectionExpression":"pk")";
    EXPECT_EQ(
        server_.answer<GetItem>(get + total),
        R"({"Item":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":1}})");
    EXPECT_EQ(server_.answer<GetItem>(get + R"(,"ConsistentRead":true)" + indexes),
              R"({"Item":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":2,)"
              R"("Table":{"CapacityUnits":2}}})");
    EXPECT_EQ(server_.answer<GetItem>(get + R"(,"ReturnConsumedCapacity":"NONE"})"),
              R"({"Item":{"pk":{"S":"a"}}})");
    EXPECT_EQ(server_.answer<DeleteItem>(R"({"TableName":"tbl","Key":{"pk":{"S":"none"}})" + total),
              R"({"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":1}})");
    // Filtered reads cost what was read.
    EXPECT_EQ(server_.answer<Scan>(
                  R"x({"TableName":"tbl","FilterExpression":"attribute_exists(nothing)")x" + total),
              R"({"Items":[],"Count":0,"ScannedCount":1,)"
              R"("ConsumedCapacity":{"TableName":"tbl","CapacityUnits":1}})");
    EXPECT_EQ(server_.answer<BatchGetItem>(
                  R"({"RequestItems":{"tbl":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"none"}}],)"
                  R"("ProjectionExpression":"pk"}})" +
                  total),
              R"({"Responses":{"tbl":[{"pk":{"S":"a"}}]},"UnprocessedKeys":{},)"
              R"("ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":1.5}]})");
    EXPECT_EQ(server_.answer<BatchWriteItem>(
                  R"({"RequestItems":{"tbl":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}},)"
                  R"({"PutRequest":{"Item":{"pk":{"S":"b"}}}}]})" +
                  indexes),
              R"({"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":6,)"
              R"("Table":{"CapacityUnits":6}}]})");
}

// Twice the units, of a named kind; a repeated token reads.
TEST_F(Answers, CapacityOfTransactions) {
    const std::string write =
        R"({"TransactItems":[{"Put":{"TableName":"tbl","Item":{"pk":{"S":"a"}}}},)"
        R"({"Delete":{"TableName":"tbl","Key":{"pk":{"S":"b"}}}}],"ClientRequestToken":"x",)"
        R"("ReturnConsumedCapacity":"INDEXES"})";
    EXPECT_EQ(server_.answer<TransactWriteItems>(write),
              R"({"ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":4,)"
              R"("WriteCapacityUnits":4,"Table":{"WriteCapacityUnits":4,)"
              R"("CapacityUnits":4}}]})");
    EXPECT_EQ(server_.answer<TransactWriteItems>(write),
              R"({"ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":4,)"
              R"("ReadCapacityUnits":4,"Table":{"ReadCapacityUnits":4,)"
              R"("CapacityUnits":4}}]})");
    EXPECT_EQ(server_.answer<TransactGetItems>(
                  R"({"TransactItems":[{"Get":{"TableName":"tbl","Key":{"pk":{"S":"b"}}}}],)"
                  R"("ReturnConsumedCapacity":"TOTAL"})"),
              R"({"ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":2,)"
              R"("ReadCapacityUnits":2}],"Responses":[{}]})");
}

TEST_F(Answers, TransactionsCancelForWhatOneActionGetsWrong) {
    put(R"("s":{"S":"x"})");
    const auto cancelled = [&](const std::string& action) {
        TransactWriteItems::Input input;
        const auto* descriptor =
            model::find_operation(model::dynamodb::kService, "TransactWriteItems");
        EXPECT_TRUE(model::decode_json_request(
            *descriptor,
            R"({"TransactItems":[{"Put":{"TableName":"tbl","Item":{"pk":{"S":"z"}}}},)" + action +
                "]}",
            &input));
        const auto result = server_.run<TransactWriteItems>(input);
        EXPECT_FALSE(result);
        return result.error().json_fields.at(0).second;
    };
    const auto validation = [](const std::string& text) {
        return R"([{"Code":"None"},{"Code":"ValidationError","Message":")" + text + R"("}])";
    };
    const std::string update = R"({"Update":{"TableName":"tbl","Key":{"pk":{"S":"a"}},)";
    EXPECT_EQ(cancelled(update + R"("UpdateExpression":"SET pk = :v",)"
                                 R"("ExpressionAttributeValues":{":v":{"S":"b"}}}})"),
              validation("One or more parameter values were invalid: Cannot update attribute pk. "
                         "This attribute is part of the key"));
    EXPECT_EQ(cancelled(update + R"("UpdateExpression":"ADD s :v",)"
                                 R"("ExpressionAttributeValues":{":v":{"N":"1"}}}})"),
              validation("An operand in the update expression has an incorrect data type"));
    EXPECT_EQ(cancelled(R"({"Delete":{"TableName":"tbl","Key":{"pk":{"N":"1"}}}})"),
              validation("The provided key element does not match the schema"));
    EXPECT_EQ(item("z"), "");
    EXPECT_EQ(server_.answer<TransactGetItems>(
                  R"({"TransactItems":[{"Get":{"TableName":"tbl","Key":{"pk":{"N":"1"}}}},)"
                  R"({"Get":{"TableName":"tbl","Key":{"pk":{"S":"a"}}}}]})"),
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[ValidationError, None]");
}

// Every operation with a condition shows the item that failed it, on request.
TEST_F(Answers, ItemOfAFailedCondition) {
    put(R"("n":{"N":"1"})");
    const std::string rest = R"x(,"ConditionExpression":"attribute_not_exists(pk)",)x"
                             R"("ReturnValuesOnConditionCheckFailure":"ALL_OLD"})";
    const auto shown = [&]<class Op>(const std::string& json) {
        typename Op::Input input;
        EXPECT_TRUE(model::decode_json_request(
            *model::find_operation(model::dynamodb::kService, Op::kTraits.name), json, &input));
        const auto result = server_.run<Op>(input);
        EXPECT_FALSE(result);
        EXPECT_EQ(result.error().code, "ConditionalCheckFailedException");
        return result.error().json_fields.at(0).second;
    };
    const std::string old = R"({"n":{"N":"1"},"pk":{"S":"a"}})";
    const std::string key = R"({"TableName":"tbl","Key":{"pk":{"S":"a"}})";
    EXPECT_EQ(shown.operator()<UpdateItem>(key + rest), old);
    EXPECT_EQ(shown.operator()<DeleteItem>(key + rest), old);
    EXPECT_EQ(shown.operator()<PutItem>(R"({"TableName":"tbl","Item":{"pk":{"S":"a"}})" + rest),
              old);
}

}  // namespace
}  // namespace millrace::dynamodb
