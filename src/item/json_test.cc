// DynamoDB JSON: every type, every complaint and its text.
#include "item/json.h"

#include <gtest/gtest.h>

namespace millrace::item {
namespace {

TEST(Json, EveryType) {
    const std::string json =
        R"({"b":{"B":"AAH/"},"bs":{"BS":["AA==","AQ=="]},"f":{"BOOL":false},"l":{"L":[{"S":"x"},{"L":[]}]},)"
        R"("m":{"M":{"k":{"N":"1"}}},"n":{"N":"-150.25"},"ns":{"NS":["-1","2","10"]},"s":{"S":"hi"},)"
        R"("ss":{"SS":["a","b"]},"t":{"BOOL":true},"z":{"NULL":true}})";
    const Result<Item> item = parse_json_item(json);
    ASSERT_TRUE(item);
    EXPECT_EQ(item->invalid(), nullptr);
    EXPECT_TRUE(valid_item(item->bytes()));
    EXPECT_EQ(to_json(*item), json);
}

TEST(Json, Canonical) {
    const auto same = [](std::string_view a, std::string_view b) {
        EXPECT_EQ(*parse_json_item(a), *parse_json_item(b)) << a;
    };
    same(R"({"b":{"S":"1"},"a":{"S":"2"}})", R"({"a":{"S":"2"},"b":{"S":"1"}})");
    same(R"({"a":{"N":"1.0"}})", R"({"a":{"N":"1"}})");
    same(R"({"a":{"NS":["2","1.0"]}})", R"({"a":{"NS":["1","2"]}})");
    same(R"({"a":{"M":{"y":{"S":""},"x":{"S":""}}}})",
         R"({"a":{"M":{"x":{"S":""},"y":{"S":""}}}})");
    same(R"({"a":{"S":"x","N":null,"Unknown":1}})", R"({"a":{"S":"x"}})");
    same(R"({"a":{"S":"x"},"b":null})", R"({"a":{"S":"x"}})");
    same(R"({"a":{"S":"x"},"a":{"S":"y"}})", R"({"a":{"S":"y"}})");
    same("{}", "{}");
}

TEST(Json, Escapes) {
    const Value value = Value::string(std::string("\"\\\b\f\n\r\t\x01\x1f/é\xF0\x9F\x98\x80", 16) +
                                      std::string(1, '\0'));
    const std::string json = to_json(value);
    EXPECT_EQ(json, "{\"S\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é\xF0\x9F\x98\x80\\u0000\"}");
    EXPECT_EQ(*parse_json_value(json), value);
}

struct Case {
    std::string json;
    std::string text;
};

TEST(Json, InvalidValues) {
    const std::string p = "One or more parameter values were invalid: ";
    const std::string none =
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    const std::vector<Case> cases = {
        {R"({})", none},
        {R"({"X":"a"})", none},
        {R"({"S":null})", none},
        {R"({"M":{"a":{}}})", none},
        {R"({"L":[{}]})", none},
        {R"({"S":"a","N":"1"})",
         "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
         "supported datatypes"},
        {R"({"S":"a","N":""})", "The parameter cannot be converted to a numeric value"},
        {R"({"N":"b"})", "The parameter cannot be converted to a numeric value: b"},
        {R"({"NS":["1","b"]})", "The parameter cannot be converted to a numeric value: b"},
        {R"({"NS":["1","1.0"]})", "Input collection contains duplicates"},
        {R"({"SS":["a","a"]})", p + "Input collection [a, a] contains duplicates."},
        {R"({"BS":["Yg==","Yg=="]})",
         p + "Input collection [Yg==, Yg==]of type BS contains duplicates."},
        {R"({"SS":[]})", p + "An string set  may not be empty"},
        {R"({"NS":[]})", p + "An number set  may not be empty"},
        {R"({"BS":[]})", p + "Binary sets should not be empty"},
        {R"({"NULL":false})", p + "Null attribute value types must have the value of true"},
        {R"({"N":"123456789012345678901234567890123456789"})",
         "Attempting to store more than 38 significant digits in a Number"},
        {R"({"N":"1E126"})",
         "Number overflow. Attempting to store a number with magnitude larger than supported "
         "range"},
        {R"({"N":"1E-131"})",
         "Number underflow. Attempting to store a number with magnitude smaller than supported "
         "range"},
    };
    for (const Case& c : cases) {
        const Result<Value> value = parse_json_value(c.json);
        ASSERT_TRUE(value) << c.json;
        ASSERT_NE(value->invalid(), nullptr) << c.json;
        EXPECT_EQ(value->invalid()->text, c.text) << c.json;
        EXPECT_EQ(check_valid(*value).error().code, "ValidationException");
        EXPECT_EQ(check_valid(*value).error().message, c.text);
        // In an item: the first attribute that is not valid is named, and all names are kept.
        const Result<Item> item =
            parse_json_item(R"({":z":{"S":"ok"},":b":)" + c.json + R"(,":a":{"N":"x"}})");
        ASSERT_TRUE(item) << c.json;
        ASSERT_NE(item->invalid(), nullptr);
        EXPECT_EQ(item->invalid()->name, ":b");
        EXPECT_EQ(item->invalid()->text, c.text);
        EXPECT_EQ(item->count(), 3U);
        EXPECT_TRUE(valid_item(item->bytes()));
    }
    EXPECT_TRUE(check_valid(*parse_json_value(R"({"S":""})")));
    EXPECT_TRUE(check_valid(*parse_json_value(R"({"SS":[""]})")));
    EXPECT_TRUE(check_valid(*parse_json_value(R"({"B":""})")));
}

TEST(Json, WrongJson) {
    const std::vector<Case> cases = {
        {R"({"S":1})", "NUMBER_VALUE cannot be converted to String"},
        {R"({"S":true})", "TRUE_VALUE cannot be converted to String"},
        {R"({"N":1})", "NUMBER_VALUE cannot be converted to String"},
        {R"({"S":{}})", "Start of structure or map found where not expected"},
        {R"({"S":[]})", "Unrecognized collection type class java.lang.String"},
        {R"({"BOOL":"x"})", "STRING_VALUE cannot be converted to Boolean"},
        {R"({"B":"abc"})", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
        {R"({"B":"ab*="})", "Invalid Base64 character: '*'"},
        {R"({"B":"Yh=="})", "Invalid last non-pad Base64 character dectected"},
        {R"({"SS":["a",1]})", "NUMBER_VALUE cannot be converted to String"},
        {R"({"SS":"a"})", "Unexpected field type"},
        {R"({"L":{}})", "Start of structure or map found where not expected"},
        {R"({"M":"a"})", "Unexpected field type"},
        {R"("a")", "Unexpected token received from parser"},
        {R"({"S":"a)", "Unexpected token received from parser"},
        {R"({"L":[{"N":"bad"},{"S":1}]})", "NUMBER_VALUE cannot be converted to String"},
    };
    for (const Case& c : cases) {
        const Result<Value> value = parse_json_value(c.json);
        ASSERT_FALSE(value) << c.json;
        EXPECT_EQ(value.error().code, "SerializationException");
        EXPECT_TRUE(value.error().capital_message);
        EXPECT_EQ(value.error().message, c.text) << c.json;
    }
    EXPECT_FALSE(parse_json_item("[]"));
    EXPECT_FALSE(parse_json_item("1"));
}

}  // namespace
}  // namespace millrace::item
