// Layout, order, sizes, keys, and properties of values and items.
#include "item/item.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "item/json.h"
#include "item/testing.h"

namespace millrace::item {
namespace {

using testing::arbitrary_value;

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view kHex = "0123456789abcdef";
        out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
        out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
    }
    return out;
}

TEST(Item, GoldenBytes) {
    ItemBuilder builder;
    builder.set_string("s", "hi").set_number("n", 12).set_binary("b",
                                                                 std::string_view("\x00\xff", 2));
    builder.set_bool("t", true).set_null("z");
    builder.set("ss", Value::set(Type::kStringSet, {"b", "a", "b"}));
    const Value inner = Value::string("x");
    const std::vector<ValueView> elements = {inner, Value::null()};
    const Value null = Value::null();
    const std::vector<ValueView> list = {inner, null};
    builder.set("l", Value::list(list));
    ItemBuilder nested;
    nested.set_string("k", "");
    const Item map = nested.build();
    builder.set("m", Value::map(map));
    const Item item = builder.build();
    EXPECT_EQ(hex(item.bytes()),
              "0162"
              "0302"
              "00ff"
              "016c"
              "0905"
              "010178"
              "0800"
              "016d"
              "0a04"
              "016b"
              "0100"
              "016e"
              "0204"
              "81830d00"
              "0173"
              "0102"
              "6869"
              "02"
              "7373"
              "0404"
              "0161"
              "0162"
              "0174"
              "0701"
              "01"
              "017a"
              "0800");
    EXPECT_TRUE(valid_item(item.bytes()));
    std::string stored;
    append_stored(stored, item);
    EXPECT_EQ(hex(stored.substr(0, 3)), "010162");
    EXPECT_EQ(*read_stored(stored), item.view());
    EXPECT_FALSE(read_stored(std::string("\x02") + item.bytes()).has_value());
    EXPECT_FALSE(read_stored("").has_value());
}

TEST(Item, FindAndIterate) {
    ItemBuilder builder;
    builder.set_string("b", "2").set_string("a", "1").set_string("c", "3").set_string("b", "4");
    const Item item = builder.build();
    EXPECT_EQ(item.count(), 3U);
    EXPECT_EQ(item.find("a").string(), "1");
    EXPECT_EQ(item.find("b").string(), "4");  // the last one wins
    EXPECT_FALSE(item.find("").has_value());
    EXPECT_FALSE(item.find("bb").has_value());
    EXPECT_FALSE(item.find("d").has_value());
    std::string names;
    for (const Attribute& attribute : item) names += attribute.name;
    EXPECT_EQ(names, "abc");
    EXPECT_TRUE(Item().empty());
    EXPECT_EQ(Item().begin(), Item().end());
}

TEST(Item, NamesMayBeEmptyLongOrHoldZeros) {
    const std::string long_name(300, 'x');
    ItemBuilder builder;
    builder.set_string(long_name, "a")
        .set_string(std::string_view("\0", 1), "b")
        .set_string("é", "c");
    const Item item = builder.build();
    EXPECT_TRUE(valid_item(item.bytes()));
    EXPECT_EQ(item.find(long_name).string(), "a");
    EXPECT_EQ(item.find(std::string_view("\0", 1)).string(), "b");
    EXPECT_EQ(item.find("é").string(), "c");
}

TEST(Value, Basics) {
    EXPECT_EQ(Value(), Value::null());
    EXPECT_EQ(Value().type(), Type::kNull);
    EXPECT_EQ(Value::number(5).view().number(), Number::from_int(5).bytes());
    EXPECT_TRUE(Value::boolean(true).view().boolean());
    EXPECT_FALSE(Value::boolean(false).view().boolean());
    const Value set = Value::set(Type::kStringSet, {"c", "", "a"});
    EXPECT_EQ(set.view().count(), 3U);
    EXPECT_TRUE(set.view().set().contains(""));
    EXPECT_TRUE(set.view().set().contains("c"));
    EXPECT_FALSE(set.view().set().contains("b"));
    EXPECT_EQ(Value::set(Type::kStringSet, {"a", "c", ""}), set);
    for (int i = 1; i <= 10; ++i) {
        const auto type = static_cast<Type>(i);
        EXPECT_EQ(type_from_name(type_name(type)), type);
    }
    EXPECT_FALSE(type_from_name("X").has_value());
    EXPECT_FALSE(type_from_name("").has_value());
}

TEST(Value, LongPayloads) {
    for (const size_t size : {127U, 128U, 16383U, 16384U, 400000U}) {
        const Value value = Value::string(std::string(size, 'a'));
        EXPECT_EQ(value.view().string().size(), size);
        EXPECT_TRUE(valid_value(value.bytes()));
    }
}

TEST(Value, SizesAsDynamoDbCountsThem) {
    const auto size = [](std::string_view json) { return value_size(*parse_json_value(json)); };
    EXPECT_EQ(size(R"({"S":"abc"})"), 3U);
    EXPECT_EQ(size(R"({"S":"é"})"), 2U);
    EXPECT_EQ(size(R"({"B":"AAEC"})"), 3U);
    EXPECT_EQ(size(R"({"N":"-123"})"), 4U);
    EXPECT_EQ(size(R"({"BOOL":true})"), 1U);
    EXPECT_EQ(size(R"({"NULL":true})"), 1U);
    EXPECT_EQ(size(R"({"SS":["a","bc"]})"), 3U);
    EXPECT_EQ(size(R"({"NS":["1","-1"]})"), 5U);
    EXPECT_EQ(size(R"({"L":[]})"), 3U);
    EXPECT_EQ(size(R"({"L":[{"S":"ab"},{"BOOL":true}]})"), 3U + 2 + 1 + 2);
    EXPECT_EQ(size(R"({"M":{"key":{"S":"ab"}}})"), 3U + 1 + 3 + 2);
    EXPECT_EQ(item_size(*parse_json_item(R"({"pk":{"S":"abc"},"n":{"N":"1"}})")), 2U + 3 + 1 + 2);
    EXPECT_EQ(item_size(Item()), 0U);
}

std::string nested_lists(int levels) {
    std::string json = R"({"S":"x"})";
    for (int i = 0; i < levels; ++i) json = R"({"L":[)" + json + "]}";
    return json;
}

TEST(Value, Depth) {
    EXPECT_EQ(nesting_depth(Value::string("a")), 0);
    EXPECT_EQ(nesting_depth(*parse_json_value(nested_lists(32))), 32);
    EXPECT_EQ(parse_json_value(nested_lists(32))->invalid(), nullptr);
    ASSERT_NE(parse_json_value(nested_lists(33))->invalid(), nullptr);
    EXPECT_EQ(parse_json_value(nested_lists(33))->invalid()->text,
              "Nesting Levels have exceeded supported limits");
}

TEST(Value, Compare) {
    EXPECT_EQ(compare(Value::string("a"), Value::string("b")), std::strong_ordering::less);
    EXPECT_EQ(compare(Value::number(10), Value::number(9)), std::strong_ordering::greater);
    EXPECT_EQ(compare(Value::binary("\xff"), Value::binary("\x01")), std::strong_ordering::greater);
    EXPECT_FALSE(compare(Value::string("1"), Value::number(1)).has_value());
    EXPECT_FALSE(compare(Value::boolean(true), Value::boolean(true)).has_value());
    EXPECT_FALSE(compare(ValueView(), Value::string("")).has_value());
}

TEST(Key, Golden) {
    const auto key = [](ValueView value) {
        std::string out;
        append_key(out, value);
        return hex(out);
    };
    EXPECT_EQ(key(Value::string("ab")), "0161620001");
    EXPECT_EQ(key(Value::string("")), "010001");
    EXPECT_EQ(key(Value::binary(std::string_view("a\0b", 3))), "036100ff620001");
    EXPECT_EQ(key(Value::number(1)), "0281820b00");
    std::string_view bad(
        "\x01"
        "ab",
        3);
    EXPECT_FALSE(take_key(bad).has_value());
    bad = std::string_view(
        "\x01"
        "a\x00\x02",
        4);
    EXPECT_FALSE(take_key(bad).has_value());
    bad = std::string_view("\x07", 1);
    EXPECT_FALSE(take_key(bad).has_value());
    bad = {};
    EXPECT_FALSE(take_key(bad).has_value());
}

TEST(Key, PrefixEnd) {
    EXPECT_EQ(prefix_end("ab"), "ac");
    EXPECT_EQ(prefix_end("a\xff"), "b");
    EXPECT_EQ(prefix_end("\xff\xff"), "");
    EXPECT_EQ(prefix_end(""), "");
}

Value arbitrary_key(Type type) {
    if (type == Type::kNumber) {
        return Value::number(*parse_number(std::to_string(*rc::gen::inRange(-999, 999)) + "E" +
                                           std::to_string(*rc::gen::inRange(-4, 4))));
    }
    // Few different bytes, so that prefixes and zeros are common.
    const std::string bytes =
        *rc::gen::container<std::string>(rc::gen::element('\x00', '\x01', 'a', '\xff'));
    return type == Type::kString ? Value::string(bytes) : Value::binary(bytes);
}

TEST(KeyProperty, OrderAndRoundTripWithSuffix) {
    EXPECT_TRUE(rc::check([] {
        const Type type = *rc::gen::element(Type::kString, Type::kNumber, Type::kBinary);
        const Value a = arbitrary_key(type);
        const Value b = arbitrary_key(type);
        std::string key_a;
        std::string key_b;
        append_key(key_a, a);
        append_key(key_b, b);
        const auto wanted = *compare(a, b);
        // Whatever follows a key does not change the order of different keys.
        const std::string with_a = key_a + *rc::gen::arbitrary<std::string>();
        const std::string with_b = key_b + *rc::gen::arbitrary<std::string>();
        if (wanted == 0) {
            RC_ASSERT(key_a == key_b);
        } else {
            RC_ASSERT((wanted < 0) == (with_a < with_b));
        }
        std::string_view rest = with_a;
        RC_ASSERT(*take_key(rest) == a);
        RC_ASSERT(rest == std::string_view(with_a).substr(key_a.size()));
        RC_ASSERT(with_a >= key_a);
        RC_ASSERT(with_a < prefix_end(key_a));
    }));
}

TEST(KeyProperty, Prefixes) {
    EXPECT_TRUE(rc::check([] {
        const Value prefix = arbitrary_key(Type::kString);
        const Value value = arbitrary_key(Type::kString);
        std::string low;
        append_key_prefix(low, prefix);
        std::string key;
        append_key(key, value);
        const bool inside = key >= low && key < prefix_end(low);
        RC_ASSERT(inside == value.view().string().starts_with(prefix.view().string()));
    }));
}

TEST(ValueProperty, FormsAgree) {
    EXPECT_TRUE(rc::check([] {
        const Value value = arbitrary_value(3);
        RC_ASSERT(valid_value(value.bytes()));
        // JSON there and back.
        RC_ASSERT(*parse_json_value(to_json(value)) == value);
        // The tree there and back, opened everywhere.
        MutableValue tree = MutableValue::borrow(value);
        testing::open_all(tree);
        RC_ASSERT(tree.to_value() == value);
        MutableValue owned{value};
        testing::open_all(owned);
        RC_ASSERT(owned.to_value() == value);
        RC_ASSERT(Value(value.view()) == value);
    }));
}

TEST(ValueProperty, AnyBytesAreSafe) {
    EXPECT_TRUE(rc::check([] {
        std::string bytes = arbitrary_value(2).bytes();
        const int changes = *rc::gen::inRange(0, 4);
        for (int i = 0; i < changes; ++i) {
            bytes[*rc::gen::inRange<size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
        }
        // No reading outside, whatever the bytes are; checked with the address sanitizer.
        const ItemView item(bytes);
        size_t touched = 0;
        for (const Attribute& attribute : item)
            touched += attribute.name.size() + value_size(attribute.value);
        touched += item.find("a").bytes().size();
        RC_ASSERT(touched <= 16 * bytes.size() + 16);
        (void)valid_item(bytes);
        (void)valid_value(bytes);
    }));
}

TEST(Builder, OrderDoesNotMatter) {
    EXPECT_TRUE(rc::check([] {
        const auto names =
            *rc::gen::unique<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
        ItemBuilder forward;
        ItemBuilder backward;
        for (const std::string& name : names) forward.set_string(name, name);
        for (auto name = names.rbegin(); name != names.rend(); ++name)
            backward.set_string(*name, *name);
        const Item item = forward.build();
        RC_ASSERT(item == backward.build());
        RC_ASSERT(valid_item(item.bytes()));
        for (const std::string& name : names) RC_ASSERT(item.find(name).string() == name);
    }));
}

}  // namespace
}  // namespace millrace::item
