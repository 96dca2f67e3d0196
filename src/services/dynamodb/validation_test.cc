// What item operations refuse, in AWS's words and order. Source: recorded answers.
#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::Server;

constexpr std::string_view kInvalid = "One or more parameter values were invalid: ";

class Validation : public ::testing::Test {
protected:
    Validation() {
        server_.create_table("tbl", "N");
        server_.create_table("hash");
    }
    // The text of the error that the request is answered with.
    template <class Op>
    std::string refused(std::string_view json) {
        return server_.answer<Op>(json);
    }
    Server server_;
};

TEST_F(Validation, Members) {
    EXPECT_EQ(refused<GetItem>("{}"),
              "2 validation errors detected: Value null at 'tableName' failed to satisfy "
              "constraint: Member must not be null; Value null at 'key' failed to satisfy "
              "constraint: Member must not be null");
    // Alone, although the key is missing too.
    EXPECT_EQ(refused<GetItem>(R"({"TableName":""})"),
              "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: "
              "Member must have length greater than or equal to 1");
    EXPECT_EQ(refused<PutItem>(R"({"TableName":"tbl","Item":{},"ReturnValues":"x",)"
                               R"("ReturnConsumedCapacity":"y","ConditionalOperator":"z"})"),
              "3 validation errors detected: Value 'x' at 'returnValues' failed to satisfy "
              "constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, "
              "NONE, UPDATED_NEW]; Value 'y' at 'returnConsumedCapacity' failed to satisfy "
              "constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'z' "
              "at 'conditionalOperator' failed to satisfy constraint: Member must satisfy enum "
              "value set: [OR, AND]");
    EXPECT_EQ(refused<UpdateItem>(R"({"TableName":"tbl","Key":{},"Expected":{"a":)"
                                  R"({"ComparisonOperator":"X"}}})"),
              "1 validation error detected: Value 'X' at 'expected.a.member.comparisonOperator' "
              "failed to satisfy constraint: Member must satisfy enum value set: [IN, NULL, "
              "BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]");
    EXPECT_EQ(refused<Query>(R"({"TableName":"tbl","Limit":0})"),
              "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member "
              "must have value greater than or equal to 1");
    EXPECT_EQ(refused<Scan>(R"({"TableName":"tbl","Limit":0})"),
              "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
              "Member must have value greater than or equal to 1");
    EXPECT_EQ(refused<Query>(R"({"TableName":"tbl","Select":"X"})"),
              "1 validation error detected: Value 'X' at 'select' failed to satisfy constraint: "
              "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, "
              "ALL_PROJECTED_ATTRIBUTES]");
}

TEST_F(Validation, WrongTypes) {
    EXPECT_EQ(refused<GetItem>(R"({"TableName":1})"), "NUMBER_VALUE cannot be converted to String");
    EXPECT_EQ(refused<GetItem>(R"({"TableName":["a"]})"),
              "Unrecognized collection type class java.lang.String");
    EXPECT_EQ(refused<GetItem>(R"({"TableName":{"a":1}})"),
              "Start of structure or map found where not expected");
}

TEST_F(Validation, StylesMixed) {
    EXPECT_EQ(
        refused<PutItem>(R"({"TableName":"nowhere","Item":{"pk":{"SS":[]}},"Expected":{"a":{}},)"
                         R"("ConditionExpression":""})"),
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {Expected} Expression parameters: "
        "{ConditionExpression}");
    EXPECT_EQ(
        refused<UpdateItem>(R"({"TableName":"tbl","Key":{},"AttributeUpdates":{},)"
                            R"("Expected":{},"UpdateExpression":"","ConditionExpression":""})"),
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: "
        "{UpdateExpression, ConditionExpression}");
    EXPECT_EQ(refused<GetItem>(R"({"TableName":"tbl","Key":{},"AttributesToGet":["a"],)"
                               R"("ProjectionExpression":"a"})"),
              "Can not use both expression and non-expression parameters in the same request: "
              "Non-expression parameters: {AttributesToGet} Expression parameters: "
              "{ProjectionExpression}");
    EXPECT_EQ(refused<UpdateItem>(
                  R"({"TableName":"tbl","Key":{},"ExpressionAttributeValues":{":a":{"S":""}}})"),
              "ExpressionAttributeValues can only be specified when using expressions: "
              "UpdateExpression and ConditionExpression are null");
    EXPECT_EQ(refused<PutItem>(
                  R"({"TableName":"tbl","Item":{},"Expected":{},"ExpressionAttributeNames":{}})"),
              "ExpressionAttributeNames can only be specified when using expressions");
}

// Values come before ReturnValues, the size, legacy conditions and expressions; all of these
// before the table.
TEST_F(Validation, OrderOfPutItem) {
    const std::string begin = R"({"TableName":"nowhere","Item":{"pk":)";
    EXPECT_EQ(refused<PutItem>(begin + R"({"SS":[]}},"ReturnValues":"ALL_NEW"})"),
              std::string(kInvalid) + "An string set  may not be empty");
    EXPECT_EQ(
        refused<PutItem>(begin + R"({"S":"a"}},"ReturnValues":"ALL_NEW","Expected":{"a":{}}})"),
        "ReturnValues can only be ALL_OLD or NONE");
    const std::string large = R"({"S":")" + std::string(409'600, 'x') + R"("}})";
    EXPECT_EQ(refused<PutItem>(begin + large + R"(,"Expected":{"a":{}}})"),
              "Item size has exceeded the maximum allowed size");
    EXPECT_EQ(
        refused<PutItem>(begin + R"({"S":"a"}},"Expected":{"a":{}}})"),
        std::string(kInvalid) + "Value must be provided when Exists is null for Attribute: a");
    EXPECT_EQ(refused<PutItem>(begin + R"({"S":"a"}},"ConditionExpression":""})"),
              "Invalid ConditionExpression: The expression can not be empty;");
    EXPECT_EQ(refused<PutItem>(begin + R"({"S":"a"}}})"), "Requested resource not found");
}

TEST_F(Validation, Values) {
    const auto value = [&](const std::string& json) {
        return refused<PutItem>(R"({"TableName":"tbl","Item":{"pk":)" + json + "}}");
    };
    EXPECT_EQ(value("{}"),
              "Supplied AttributeValue is empty, must contain exactly one of the supported "
              "datatypes");
    EXPECT_EQ(value(R"({"S":"a","N":"1"})"),
              "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
              "of the supported datatypes");
    EXPECT_EQ(value(R"({"NULL":false})"),
              std::string(kInvalid) + "Null attribute value types must have the value of true");
    EXPECT_EQ(value(R"({"SS":["a","a"]})"),
              std::string(kInvalid) + "Input collection [a, a] contains duplicates.");
    EXPECT_EQ(value(R"({"NS":["1","1.0"]})"), "Input collection contains duplicates");
    EXPECT_EQ(
        value(R"({"BS":["Yg==","Yg=="]})"),
        std::string(kInvalid) + "Input collection [Yg==, Yg==]of type BS contains duplicates.");
    EXPECT_EQ(value(R"({"NS":[]})"), std::string(kInvalid) + "An number set  may not be empty");
    EXPECT_EQ(value(R"({"BS":[]})"), std::string(kInvalid) + "Binary sets should not be empty");
    EXPECT_EQ(value(R"({"N":""})"), "The parameter cannot be converted to a numeric value");
    EXPECT_EQ(value(R"({"N":"b"})"), "The parameter cannot be converted to a numeric value: b");
    EXPECT_EQ(value(R"({"N":"1E126"})"),
              "Number overflow. Attempting to store a number with magnitude larger than supported "
              "range");
    EXPECT_EQ(value(R"({"N":"1E-131"})"),
              "Number underflow. Attempting to store a number with magnitude smaller than "
              "supported range");
    EXPECT_EQ(value(R"({"N":"123456789012345678901234567890123456789"})"),
              "Attempting to store more than 38 significant digits in a Number");
    std::string nested = R"({"S":"x"})";
    for (int i = 0; i < 33; ++i) nested = R"({"L":[)" + nested + "]}";
    EXPECT_EQ(value(nested), "Nesting Levels have exceeded supported limits");
}

TEST_F(Validation, Expected) {
    const auto expected = [&](const std::string& json) {
        return refused<DeleteItem>(R"({"TableName":"nowhere","Key":{"pk":{"S":"a"}},"Expected":)" +
                                   json + "}");
    };
    const std::string p(kInvalid);
    EXPECT_EQ(expected(R"({"a":{"Value":{"S":"b"},"AttributeValueList":[{"S":"c"}]}})"),
              p + "Value and AttributeValueList cannot be used together for Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"Exists":true,"ComparisonOperator":"EQ"}})"),
              p + "Exists and ComparisonOperator cannot be used together for Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"ComparisonOperator":"GT"}})"),
              p + "Value or AttributeValueList must be used with ComparisonOperator: GT for "
                  "Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"AttributeValueList":[{"S":"c"}]}})"),
              p + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"Exists":true}})"),
              p + "Value must be provided when Exists is true for Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"Exists":false,"Value":{"S":"b"}}})"),
              p + "Value cannot be used when Exists is false for Attribute: a");
    EXPECT_EQ(expected(R"({"a":{"ComparisonOperator":"BETWEEN","Value":{"S":"b"}}})"),
              p + "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
    EXPECT_EQ(expected(R"({"a":{"ComparisonOperator":"LT","Value":{"BOOL":true}}})"),
              p + "ComparisonOperator LT is not valid for BOOL AttributeValue type");
    EXPECT_EQ(expected(R"({"a":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"c"},)"
                       R"({"N":"1"}]}})"),
              p + "AttributeValues inside AttributeValueList must be of same type");
    EXPECT_EQ(expected(R"({"a":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"2"},)"
                       R"({"N":"1"}]}})"),
              "The BETWEEN condition was provided a range where the lower bound is greater than "
              "the upper bound");
    EXPECT_EQ(expected(R"({"a":{"Exists":false}},"ConditionalOperator":"OR")"),
              "ConditionalOperator can only be used when Filter or Expected has two or more "
              "elements");
    EXPECT_EQ(refused<DeleteItem>(R"({"TableName":"tbl","Key":{},"ConditionalOperator":"OR"})"),
              "ConditionalOperator cannot be used without Filter or Expected");
    EXPECT_EQ(expected(R"({"a":{"Exists":false}})"), "Requested resource not found");
}

TEST_F(Validation, AttributeUpdates) {
    const auto updates = [&](const std::string& json) {
        return refused<UpdateItem>(
            R"({"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"N":"1"}},"AttributeUpdates":)" +
            json + "}");
    };
    const std::string p(kInvalid);
    EXPECT_EQ(updates(R"({"a":{"Action":"PUT"}})"),
              p + "Only DELETE action is allowed when no attribute value is specified");
    EXPECT_EQ(updates(R"({"a":{"Action":"DELETE","Value":{"S":"x"}}})"),
              p + "DELETE action with value is not supported for the type S");
    EXPECT_EQ(updates(R"({"a":{"Action":"ADD","Value":{"S":"x"}}})"),
              p + "ADD action is not supported for the type S");
    EXPECT_EQ(updates(R"({"a":{"Value":{"SS":[]}}})"), p + "An string set  may not be empty");
    EXPECT_EQ(updates(R"({"sk":{"Action":"ADD","Value":{"N":"1"}}})"),
              p + "Cannot update attribute sk. This attribute is part of the key");
    EXPECT_EQ(updates(R"({"a":{"Action":"ADD","Value":{"N":"1"}}})"), "{}");
    EXPECT_EQ(updates(R"({"a":{"Action":"ADD","Value":{"SS":["x"]}}})"),
              "Type mismatch for attribute to update");
}

TEST_F(Validation, Reads) {
    EXPECT_EQ(refused<GetItem>(
                  R"({"TableName":"tbl","Key":{"pk":{"SS":[]}},"AttributesToGet":["a","a"]})"),
              std::string(kInvalid) + "An string set  may not be empty");
    EXPECT_EQ(refused<GetItem>(R"({"TableName":"tbl","Key":{},"AttributesToGet":["a","a"]})"),
              std::string(kInvalid) + "Duplicate value in attribute name: a");
    EXPECT_EQ(refused<BatchGetItem>(R"({"RequestItems":{"tbl":{"Keys":[{}],)"
                                    R"("AttributesToGet":["a","a"]}}})"),
              std::string(kInvalid) + "Duplicate value in attribute name: a");
    EXPECT_EQ(refused<GetItem>(R"({"TableName":"tbl","Key":{},"AttributesToGet":[]})"),
              "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy "
              "constraint: Member must have length greater than or equal to 1");
}

TEST_F(Validation, Batches) {
    EXPECT_EQ(refused<BatchGetItem>("{}"),
              "1 validation error detected: Value null at 'requestItems' failed to satisfy "
              "constraint: Member must not be null");
    EXPECT_EQ(refused<BatchGetItem>(R"({"RequestItems":{}})"),
              "The requestItems parameter is required for BatchGetItem");
    EXPECT_EQ(refused<BatchWriteItem>(R"({"RequestItems":{}})"),
              "The requestItems parameter is required for BatchWriteItem");
    const auto keys = [](int n) {
        std::string text;
        for (int i = 0; i < n; ++i)
            text += (i == 0 ? "" : ",") + (R"({"pk":{"S":")" + std::to_string(i) + R"("}})");
        return R"({"Keys":[)" + text + "]}";
    };
    EXPECT_EQ(refused<BatchGetItem>(R"({"RequestItems":{"hash":)" + keys(101) + "}}"),
              "1 validation error detected: Value at 'RequestItems.hash.member.Keys' failed to "
              "satisfy constraint: Member must have length less than or equal to 100");
    EXPECT_EQ(refused<BatchGetItem>(R"({"RequestItems":{"hash":)" + keys(60) + R"(,"tbl":)" +
                                    keys(41) + "}}"),
              "Too many items requested for the BatchGetItem call");
    EXPECT_EQ(refused<BatchGetItem>(
                  R"({"RequestItems":{"hash":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"a"}}]}}})"),
              "Provided list of item keys contains duplicates");
    EXPECT_EQ(refused<BatchWriteItem>(
                  R"({"RequestItems":{"hash":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},)"
                  R"({"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}})"),
              "Provided list of item keys contains duplicates");
    EXPECT_EQ(refused<BatchWriteItem>(R"({"RequestItems":{"hash":[{}]}})"),
              "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
              "of the supported datatypes");
    EXPECT_EQ(refused<BatchGetItem>(R"({"RequestItems":{"hash":{"Keys":[{"pk":{"S":"a"}}]},)"
                                    R"("nowhere":{"Keys":[{"pk":{"S":"a"}}]}}})"),
              "Requested resource not found");
    std::string puts;
    for (int i = 0; i < 26; ++i) {
        puts += (i == 0 ? "" : ",") +
                (R"({"PutRequest":{"Item":{"pk":{"S":")" + std::to_string(i) + R"("}}}})");
    }
    EXPECT_TRUE(refused<BatchWriteItem>(R"({"RequestItems":{"hash":[)" + puts + "]}}")
                    .ends_with("at 'requestItems' failed to satisfy constraint: Map value must "
                               "satisfy constraint: [Member must have length less than or equal to "
                               "25, Member must have length greater than or equal to 1]"));
}

TEST_F(Validation, Transactions) {
    EXPECT_EQ(refused<TransactWriteItems>(R"({"TransactItems":[]})"),
              "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy "
              "constraint: Member must have length greater than or equal to 1");
    std::string gets;
    for (int i = 0; i < 101; ++i) {
        gets += (i == 0 ? "" : ",") + (R"({"Get":{"TableName":"hash","Key":{"pk":{"S":")" +
                                       std::to_string(i) + R"("}}}})");
    }
    EXPECT_TRUE(refused<TransactGetItems>(R"({"TransactItems":[)" + gets + "]}")
                    .ends_with("at 'transactItems' failed to satisfy constraint: Member must have "
                               "length less than or equal to 100"));
    const std::string check = R"({"ConditionCheck":{"TableName":"hash","Key":{"pk":{"S":"a"}},)"
                              R"x("ConditionExpression":"attribute_exists(pk)"}})x";
    EXPECT_EQ(
        refused<TransactWriteItems>(R"({"TransactItems":[)" + check +
                                    R"(,{"Put":{"TableName":"hash","Item":{"pk":{"S":"a"}}}}]})"),
        "Transaction request cannot include multiple operations on one item");
    EXPECT_EQ(refused<TransactWriteItems>(
                  R"({"TransactItems":[{"Put":{"TableName":"hash","Item":{"pk":{"N":"1"}}}},)" +
                  check + "]}"),
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[ValidationError, None]");
    EXPECT_EQ(refused<TransactWriteItems>(
                  R"({"TransactItems":[{"Put":{"TableName":"hash","Item":{"pk":{"S":"1"}}}},)" +
                  check + R"(],"ClientRequestToken":""})"),
              "1 validation error detected: Value '' at 'clientRequestToken' failed to satisfy "
              "constraint: Member must have length greater than or equal to 1");
}

}  // namespace
}  // namespace millrace::dynamodb
