// Goal: AWS JSON requests become typed inputs and outputs become the bytes that SDKs expect.
// Method: golden texts of DynamoDB, SQS and Logs operations, refusals, and random round trips.
#include "model/json_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "item/json.h"
#include "model/generated/dynamodb.h"
#include "model/generated/logs.h"
#include "model/generated/s3.h"
#include "model/generated/sqs.h"

namespace millrace::model {
namespace {

template <class Input>
Result<Input> decode(const ServiceDescriptor& service, std::string_view operation,
                     std::string_view body) {
    Input input;
    const OperationDescriptor* descriptor = find_operation(service, operation);
    MR_ASSERT(descriptor != nullptr);
    Result<void> decoded = decode_json_request(*descriptor, body, &input);
    if (!decoded) return std::move(decoded.error());
    return input;
}

std::string put_item_error(std::string_view body) {
    const auto input = decode<dynamodb::PutItemInput>(dynamodb::kService, "PutItem", body);
    if (input) return "no error";
    EXPECT_EQ(input.error().code, "SerializationException");
    EXPECT_EQ(input.error().http_status, 400);
    EXPECT_EQ(input.error().json_namespace, "com.amazon.coral.service");
    return input.error().message;
}

TEST(JsonProtocol, DecodesDynamoDb) {
    const auto input = decode<dynamodb::PutItemInput>(dynamodb::kService, "PutItem", R"({
        "TableName":"t","Unknown":{"x":[1]},"Item":{"k":{"S":"a"},"n":{"N":"1.50"}},
        "ReturnValues":null,"ExpressionAttributeNames":{"#a":"b"},
        "ExpressionAttributeValues":{":v":{"L":[{"BOOL":true}]}}})");
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->table_name, "t");
    EXPECT_FALSE(input->return_values.has_value());
    EXPECT_EQ(item::to_json(input->item->view()), R"({"k":{"S":"a"},"n":{"N":"1.5"}})");
    EXPECT_EQ(input->expression_attribute_names->at("#a"), "b");
    EXPECT_TRUE(input->expression_attribute_values->has(":v"));
}

TEST(JsonProtocol, DecodesNestedStructuresAndOrderDoesNotMatter) {
    const auto input = decode<dynamodb::CreateTableInput>(dynamodb::kService, "CreateTable", R"({
        "ProvisionedThroughput":{"WriteCapacityUnits":2,"ReadCapacityUnits":1},
        "KeySchema":[{"KeyType":"HASH","AttributeName":"k"}],
        "DeletionProtectionEnabled":true,
        "AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"TableName":"t"})");
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->provisioned_throughput->read_capacity_units, 1);
    EXPECT_EQ(input->provisioned_throughput->write_capacity_units, 2);
    ASSERT_EQ(input->key_schema->size(), 1U);
    EXPECT_EQ(input->key_schema->at(0).key_type, "HASH");
    EXPECT_EQ(input->deletion_protection_enabled, true);
}

TEST(JsonProtocol, ARepeatedMemberReplacesTheFirst) {
    const auto input = decode<dynamodb::CreateTableInput>(
        dynamodb::kService, "CreateTable",
        R"({"KeySchema":[{"AttributeName":"a"}],"KeySchema":[{"AttributeName":"b"}]})");
    ASSERT_EQ(input->key_schema->size(), 1U);
    EXPECT_EQ(input->key_schema->at(0).attribute_name, "b");
}

TEST(JsonProtocol, WrongTypesAreSerializationExceptions) {
    EXPECT_EQ(put_item_error(R"({"TableName":1})"), "NUMBER_VALUE cannot be converted to String");
    EXPECT_EQ(put_item_error(R"({"TableName":1.5})"),
              "DECIMAL_VALUE cannot be converted to String");
    EXPECT_EQ(put_item_error(R"({"TableName":true})"), "TRUE_VALUE cannot be converted to String");
    EXPECT_EQ(put_item_error(R"({"TableName":false})"),
              "FALSE_VALUE cannot be converted to String");
    EXPECT_EQ(put_item_error(R"({"TableName":{}})"),
              "Start of structure or map found where not expected");
    EXPECT_EQ(put_item_error(R"({"TableName":[]})"),
              "Unrecognized collection type class java.lang.String");
    EXPECT_EQ(put_item_error(R"({"ExpressionAttributeNames":"x"})"), "Unexpected field type");
    EXPECT_EQ(put_item_error(""), "");
    EXPECT_EQ(put_item_error("{"), "");
    EXPECT_EQ(put_item_error("\"x\""), "Unexpected token received from parser");
    const auto limit =
        decode<dynamodb::QueryInput>(dynamodb::kService, "Query", R"({"Limit":"1"})");
    EXPECT_EQ(limit.error().message, "STRING_VALUE cannot be converted to Integer");
    const auto flag =
        decode<dynamodb::QueryInput>(dynamodb::kService, "Query", R"({"ConsistentRead":"true"})");
    EXPECT_EQ(flag.error().message, "Unexpected token received from parser");
    const auto large =
        decode<dynamodb::QueryInput>(dynamodb::kService, "Query", R"({"Limit":3000000000})");
    EXPECT_EQ(large.error().message, "NUMBER_VALUE cannot be converted to Integer");
}

TEST(JsonProtocol, DeepNestingAndLargeBodiesAreHandled) {
    EXPECT_EQ(put_item_error("{\"x\":" + std::string(5000, '[') + std::string(5000, ']') + "}"),
              "");
    // Larger than the kept parser's memory, and a small one behind it.
    const std::string large = R"({"TableName":")" + std::string(3U << 20, 'a') + "\"}";
    const auto input = decode<dynamodb::PutItemInput>(dynamodb::kService, "PutItem", large);
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->table_name->size(), 3U << 20);
    EXPECT_EQ(put_item_error(R"({"TableName":"t"})"), "no error");
}

TEST(JsonProtocol, DecodesSqsBlobsStrictly) {
    const auto input = decode<sqs::SendMessageInput>(sqs::kService, "SendMessage", R"({
        "QueueUrl":"u","MessageBody":"b","MessageAttributes":
        {"a":{"DataType":"Binary","BinaryValue":"AAE="}}})");
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->message_attributes->at("a").binary_value, std::string("\0\1", 2));
    for (const char* bad : {"AAE", "AA=E", "A*==", "AAF="}) {
        const auto refused = decode<sqs::SendMessageInput>(
            sqs::kService, "SendMessage",
            R"({"MessageAttributes":{"a":{"BinaryValue":")" + std::string(bad) + "\"}}}");
        ASSERT_FALSE(refused.has_value()) << bad;
        EXPECT_EQ(refused.error().code, "SerializationException");
    }
}

TEST(JsonProtocol, EncodesAnswers) {
    dynamodb::GetItemOutput output;
    output.item = item::parse_json_item(R"({"k":{"S":"a\nb"}})").value();
    output.consumed_capacity.emplace();
    output.consumed_capacity->table_name = "t";
    output.consumed_capacity->capacity_units = 0.5;
    HttpResponse response;
    encode_json_response(*find_operation(dynamodb::kService, "GetItem"), &output, response);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(
        response.body.bytes,
        R"({"Item":{"k":{"S":"a\nb"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}})");
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].second, "application/x-amz-json-1.0");
}

TEST(JsonProtocol, TimestampsAreEpochSecondsAndLogsHasMilliseconds) {
    dynamodb::TableDescription table;
    table.creation_date_time = from_epoch_ms(1769854830123);
    EXPECT_EQ(to_json(table), R"({"CreationDateTime":1769854830.123})");
    logs::PutLogEventsInput events;
    events.log_events.emplace();
    events.log_events->push_back({.timestamp = 1769854830123, .message = "m"});
    EXPECT_EQ(to_json(events), R"({"logEvents":[{"timestamp":1769854830123,"message":"m"}]})");
}

TEST(JsonProtocol, EncodesErrors) {
    Error error;
    error.code = "ResourceNotFoundException";
    error.message = "Requested resource not found";
    HttpResponse response;
    encode_json_error(dynamodb::kService, error, response);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body.bytes,
              R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",)"
              R"("message":"Requested resource not found"})");
    error.json_namespace = "com.amazon.coral.service";
    error.capital_message = true;
    error.json_fields = {{"Item", R"({"a":1})"}};
    response = {};
    encode_json_error(dynamodb::kService, error, response);
    EXPECT_EQ(response.body.bytes,
              R"({"__type":"com.amazon.coral.service#ResourceNotFoundException",)"
              R"("Message":"Requested resource not found","Item":{"a":1}})");
    response = {};
    error = {.code = "ResourceNotFoundException", .message = "x"};
    encode_json_error(logs::kService, error, response);
    EXPECT_EQ(response.body.bytes, R"({"__type":"ResourceNotFoundException","message":"x"})");
}

TEST(JsonProtocol, SqsErrorsCarryTheQueryCode) {
    Error error;
    error.code = "QueueDoesNotExist";
    error.query_code = "AWS.SimpleQueueService.NonExistentQueue";
    error.message = "m";
    HttpResponse response;
    encode_json_error(sqs::kService, error, response);
    bool found = false;
    for (const auto& [name, value] : response.headers) {
        if (name != "x-amzn-query-error") continue;
        found = true;
        EXPECT_EQ(value, "AWS.SimpleQueueService.NonExistentQueue;Sender");
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(response.body.bytes,
              R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"})");
}

TEST(JsonProtocol, StructuresComeBackWithEveryMember) {
    s3::WebsiteConfiguration website;
    website.index_document.emplace().suffix = "index.html";
    website.routing_rules.emplace().push_back({});
    website.routing_rules->at(0).redirect.emplace().host_name = "h";
    const auto back = from_json<s3::WebsiteConfiguration>(to_json(website));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, website);
    // Headers are members too when a whole structure is kept.
    s3::PutObjectInput put;
    put.bucket = "b";
    put.content_type = "text/plain";
    put.metadata.emplace()["k"] = "v";
    const auto put_back = from_json<s3::PutObjectInput>(to_json(put));
    ASSERT_TRUE(put_back.has_value());
    EXPECT_EQ(*put_back, put);
}

RC_GTEST_PROP(JsonProtocol, MessagesComeBack,
              (const std::string& raw, const std::map<std::string, std::string>& raw_attributes,
               const std::string& binary)) {
    const auto ascii = [](std::string text) {
        for (char& c : text) c = static_cast<char>(c & 0x7f);  // valid UTF-8
        return text;
    };
    sqs::SendMessageInput input;
    input.message_body = ascii(raw);
    input.delay_seconds = static_cast<int32_t>(raw.size());
    for (const auto& [name, value] : raw_attributes) {
        if (!input.message_attributes) input.message_attributes.emplace();
        auto& attribute = (*input.message_attributes)[ascii(name)];
        attribute.data_type = "Binary";
        attribute.string_value = ascii(value);
        attribute.binary_value = binary;
    }
    const auto back = from_json<sqs::SendMessageInput>(to_json(input));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == input);
}

}  // namespace
}  // namespace millrace::model
