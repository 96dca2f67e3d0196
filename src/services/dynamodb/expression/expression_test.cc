// What expressions and legacy parameters do to items.
#include <gtest/gtest.h>

#include "item/json.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/expression/legacy.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Item;
using item::Type;
using item::Value;

Item item_of(std::string_view json) { return *item::parse_json_item(json); }

const char* const kItem = R"({
    "pk":{"S":"k"}, "n":{"N":"5"}, "s":{"S":"hello"}, "bin":{"B":"AAEC"}, "yes":{"BOOL":true}, "nil":{"NULL":true},
    "ss":{"SS":["a","b"]}, "ns":{"NS":["1","2"]}, "bs":{"BS":["AA=="]},
    "l":{"L":[{"S":"x"},{"N":"7"},{"M":{"inside":{"S":"deep"}}}]}, "m":{"M":{"a":{"N":"1"},"b":{"L":[{"SS":["q","p"]}]}}}})";

bool holds(std::string_view text, std::string_view values = "", std::string_view item = kItem) {
    std::optional<ExpressionContext::Names> names;
    std::optional<Item> parsed;
    if (!values.empty()) parsed = item_of(values);
    ExpressionContext context(names, parsed);
    const Result<Condition> condition = parse_condition(text, Kind::kCondition, context);
    EXPECT_TRUE(condition) << text << ": " << (condition ? "" : condition.error().message);
    return condition && evaluate(*condition, item_of(item));
}

TEST(Condition, Comparisons) {
    const char* const v = R"({":5":{"N":"5.0"},":6":{"N":"6"},":h":{"S":"hello"},":s5":{"S":"5"}})";
    for (const char* text :
         {"n = :5", "n <= :5", "n >= :5", "n < :6", "n <> :6", "s = :h", "n <> :s5", "absent <> :5",
          "absent <> gone", "n <> gone", ":5 = n", "(n) = (:5)", "(n = :5)", "m.a < n", "l[1] > n",
          "n between :5 and :6", "n in (:6, :5)", "NOT n = :6", "NOT n = :6 AND s = :h"}) {
        EXPECT_TRUE(holds(text, v)) << text;
    }
    for (const char* text :
         {"n = :6", "n < :5", "n > :5", "n = :s5", "n < :s5", "absent = :5", "absent < :5",
          "absent = gone", "absent between :5 and :6", "absent in (:5)", "n in (:6, :s5)",
          "NOT n = :5", "NOT (n = :5 AND s = :h)", "n = :6 OR n = :6 AND n = :5"}) {
        EXPECT_FALSE(holds(text, v)) << text;
    }
    // OR binds weaker than AND.
    EXPECT_TRUE(holds("n = :5 OR n = :6 AND n = :6", v));
    EXPECT_FALSE(holds("(n = :5 OR n = :6) AND n = :6", v));
}

TEST(Condition, EqualityIsByValue) {
    const char* const v =
        R"({":ss":{"SS":["b","a"]},":l":{"L":[{"S":"x"},{"N":"7.0"},{"M":{"inside":{"S":"deep"}}}]},
        ":m":{"M":{"b":{"L":[{"SS":["p","q"]}]},"a":{"N":"1.00"}}},":t":{"BOOL":true},":z":{"NULL":true}})";
    for (const char* text : {"ss = :ss", "l = :l", "m = :m", "yes = :t", "nil = :z", "ns <> :ss"}) {
        EXPECT_TRUE(holds(text, v)) << text;
    }
}

TEST(Condition, Functions) {
    const char* const v =
        R"({":S":{"S":"S"},":NS":{"S":"NS"},":he":{"S":"he"},":ell":{"S":"ell"},":a":{"S":"a"},
        ":1":{"N":"1"},":7":{"N":"7"},":by":{"B":"AAE="},":m":{"M":{"inside":{"S":"deep"}}},":2":{"N":"2"},":3":{"N":"3"},
        ":5":{"N":"5"},":sx":{"S":"abc"}})";
    for (const char* text : {"attribute_exists(n)",
                             "attribute_exists(m.b[0])",
                             "attribute_not_exists(m.c)",
                             "attribute_not_exists(l[9])",
                             "attribute_not_exists(s.x)",
                             "attribute_type(s, :S)",
                             "attribute_type(ns, :NS)",
                             "begins_with(s, :he)",
                             "begins_with(bin, :by)",
                             "contains(s, :ell)",
                             "contains(ss, :a)",
                             "contains(ns, :1)",
                             "contains(l, :7)",
                             "contains(l, :m)",
                             "contains(bin, :by)",
                             "size(s) = :5",
                             "size(bin) = :3",
                             "size(ss) = :2",
                             "size(l) = :3",
                             "size(m) = :2",
                             "size(:sx) = :3",
                             "size(s) > size(ss)",
                             "NOT size(n) = :5"}) {
        EXPECT_TRUE(holds(text, v)) << text;
    }
    for (const char* text :
         {"attribute_exists(absent)", "attribute_not_exists(n)", "attribute_type(s, :NS)",
          "attribute_type(absent, :S)", "begins_with(s, :ell)", "begins_with(n, :he)",
          "begins_with(absent, :he)", "contains(s, :1)", "contains(ss, :1)", "contains(n, :1)",
          "contains(absent, :a)", "size(n) = :5", "size(absent) = :5", "size(n) <> :5",
          "size(yes) < :5"}) {
        EXPECT_FALSE(holds(text, v)) << text;
    }
}

TEST(Condition, EmptyItem) {
    EXPECT_TRUE(holds("attribute_not_exists(pk)", "", "{}"));
    EXPECT_FALSE(holds("attribute_exists(pk)", "", "{}"));
}

TEST(Condition, NamesWithDotsAreOneName) {
    const std::optional<ExpressionContext::Names> names = ExpressionContext::Names{{"#n", "a.b"}};
    const std::optional<Item> values;
    ExpressionContext context(names, values);
    const Result<Condition> condition =
        parse_condition("attribute_exists(#n)", Kind::kCondition, context);
    ASSERT_TRUE(condition);
    EXPECT_TRUE(evaluate(*condition, item_of(R"({"a.b":{"S":""}})")));
    EXPECT_FALSE(evaluate(*condition, item_of(R"({"a":{"M":{"b":{"S":""}}}})")));
    EXPECT_EQ(condition->attribute_names(), std::vector<std::string_view>{"a.b"});
}

TEST(Condition, FilterWithoutKeys) {
    const std::optional<ExpressionContext::Names> names;
    const std::optional<Item> values;
    ExpressionContext context(names, values);
    const Result<Condition> filter =
        parse_condition("attribute_exists(pk)", Kind::kFilter, context);
    const std::vector<std::string> keys = {"pk", "sk"};
    EXPECT_EQ(
        check_filter_without_keys(*filter, keys).error().message,
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk");
    EXPECT_EQ(check_filter_without_keys(*filter, keys, true).error().message,
              "QueryFilter can only contain non-primary key attributes: Primary key attribute: pk");
}

std::string projected(std::string_view text, std::string_view item = kItem) {
    const std::optional<ExpressionContext::Names> names;
    const std::optional<Item> values;
    ExpressionContext context(names, values);
    const Result<Projection> projection = parse_projection(text, context);
    EXPECT_TRUE(projection) << text;
    return item::to_json(project(*projection, item_of(item)));
}

TEST(Projection, Picks) {
    EXPECT_EQ(projected("s, n"), R"({"n":{"N":"5"},"s":{"S":"hello"}})");
    EXPECT_EQ(projected("absent"), "{}");
    EXPECT_EQ(projected("m.a"), R"({"m":{"M":{"a":{"N":"1"}}}})");
    EXPECT_EQ(projected("m.zz, n"), R"({"n":{"N":"5"}})");
    EXPECT_EQ(projected("l[2].inside, l[0]"),
              R"({"l":{"L":[{"S":"x"},{"M":{"inside":{"S":"deep"}}}]}})");
    EXPECT_EQ(projected("l[7]"), "{}");
    EXPECT_EQ(projected("s.a, s2[0]"), "{}");
    EXPECT_EQ(projected("m.b[0], m.a"),
              R"({"m":{"M":{"a":{"N":"1"},"b":{"L":[{"SS":["p","q"]}]}}}})");
    const char* const twins = R"({"l":{"L":[{"M":{"a":{"N":"1"},"b":{"N":"2"},"c":{"N":"3"}}}]}})";
    EXPECT_EQ(projected("l[0].b, l[0].a", twins),
              R"({"l":{"L":[{"M":{"a":{"N":"1"},"b":{"N":"2"}}}]}})");
}

struct Applied {
    std::string item;
    std::string error;
    std::string old_part;
    std::string new_part;
};

Applied run_update(std::string_view text, std::string_view values, std::string_view item = kItem) {
    const std::optional<ExpressionContext::Names> names;
    std::optional<Item> parsed;
    if (!values.empty()) parsed = item_of(values);
    ExpressionContext context(names, parsed);
    const Result<Update> update = parse_update(text, context);
    EXPECT_TRUE(update) << text << ": " << (update ? "" : update.error().message);
    if (!update) return {};
    const Item old = item_of(item);
    const Result<Item> result = apply(*update, old);
    if (!result) return {{}, result.error().message, {}, {}};
    EXPECT_TRUE(item::valid_item(result->bytes())) << text;
    return {item::to_json(*result),
            {},
            item::to_json(project_updated(*update, old, false)),
            item::to_json(project_updated(*update, *result, true))};
}

TEST(Update, Set) {
    const char* const v = R"({":1":{"N":"1"},":l":{"L":[{"N":"9"}]},":s":{"S":"new"}})";
    EXPECT_EQ(run_update("SET a=b, b=a", "", R"({"a":{"N":"1"},"b":{"N":"2"}})").item,
              R"({"a":{"N":"2"},"b":{"N":"1"}})");
    EXPECT_EQ(run_update("SET n = n + :1", v, R"({"n":{"N":"0.1"}})").item, R"({"n":{"N":"1.1"}})");
    EXPECT_EQ(run_update("SET n = :1 - n", v, R"({"n":{"N":"3"}})").item, R"({"n":{"N":"-2"}})");
    EXPECT_EQ(run_update("SET n = if_not_exists(n, :1)", v, R"({"n":{"N":"3"}})").item,
              R"({"n":{"N":"3"}})");
    EXPECT_EQ(run_update("SET n = if_not_exists(n, :1) + :1", v, "{}").item, R"({"n":{"N":"2"}})");
    EXPECT_EQ(run_update("SET l = list_append(l, :l)", v, R"({"l":{"L":[{"S":"x"}]}})").item,
              R"({"l":{"L":[{"S":"x"},{"N":"9"}]}})");
    EXPECT_EQ(run_update("SET l = list_append(:l, l)", v, R"({"l":{"L":[{"S":"x"}]}})").item,
              R"({"l":{"L":[{"N":"9"},{"S":"x"}]}})");
    EXPECT_EQ(run_update("SET l[99] = :s, l[50] = :1, l[0] = :1", v,
                         R"({"l":{"L":[{"S":"x"},{"S":"y"}]}})")
                  .item,
              R"({"l":{"L":[{"N":"1"},{"S":"y"},{"N":"1"},{"S":"new"}]}})");
    EXPECT_EQ(run_update("SET m.x = :s, m.a.b = :1", v, R"({"m":{"M":{"a":{"M":{}}}}})").item,
              R"({"m":{"M":{"a":{"M":{"b":{"N":"1"}}},"x":{"S":"new"}}}})");
    EXPECT_EQ(run_update("SET a = :s, z = :s", v, R"({"m":{"S":""}})").item,
              R"({"a":{"S":"new"},"m":{"S":""},"z":{"S":"new"}})");
}

TEST(Update, Remove) {
    EXPECT_EQ(run_update("REMOVE a, zz", "", R"({"a":{"N":"1"},"b":{"N":"2"}})").item,
              R"({"b":{"N":"2"}})");
    EXPECT_EQ(run_update("REMOVE l[0], l[2], l[7]", "",
                         R"({"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"3"}]}})")
                  .item,
              R"({"l":{"L":[{"N":"1"},{"N":"3"}]}})");
    EXPECT_EQ(
        run_update("REMOVE m.a, m.zz", "", R"({"m":{"M":{"a":{"N":"1"},"b":{"N":"2"}}}})").item,
        R"({"m":{"M":{"b":{"N":"2"}}}})");
    // Indexes mean the list as it was, whatever else happens to it.
    EXPECT_EQ(run_update("REMOVE l[0] SET l[1].a = :v, l[9] = :v", R"({":v":{"N":"5"}})",
                         R"({"l":{"L":[{"N":"0"},{"M":{}},{"N":"2"}]}})")
                  .item,
              R"({"l":{"L":[{"M":{"a":{"N":"5"}}},{"N":"2"},{"N":"5"}]}})");
    EXPECT_EQ(
        run_update("REMOVE l[0], l[1].a", "", R"({"l":{"L":[{"N":"0"},{"M":{"a":{"S":""}}}]}})")
            .item,
        R"({"l":{"L":[{"M":{}}]}})");
}

TEST(Update, AddAndDelete) {
    const char* const v =
        R"({":2":{"N":"2"},":ab":{"SS":["a","b"]},":a":{"SS":["a"]},":ns":{"NS":["1"]}})";
    EXPECT_EQ(run_update("ADD n :2", v, "{}").item, R"({"n":{"N":"2"}})");
    EXPECT_EQ(run_update("ADD n :2, m.k :2", v, R"({"n":{"N":"-2"},"m":{"M":{}}})").item,
              R"({"m":{"M":{"k":{"N":"2"}}},"n":{"N":"0"}})");
    EXPECT_EQ(run_update("ADD t :ab", v, R"({"t":{"SS":["c","a"]}})").item,
              R"({"t":{"SS":["a","b","c"]}})");
    EXPECT_EQ(run_update("DELETE t :a", v, R"({"t":{"SS":["c","a"]}})").item,
              R"({"t":{"SS":["c"]}})");
    EXPECT_EQ(run_update("DELETE t :ab", v, R"({"t":{"SS":["a"]}})").item, "{}");
    EXPECT_EQ(run_update("DELETE l[0] :a", v, R"({"l":{"L":[{"SS":["a"]},{"S":"x"}]}})").item,
              R"({"l":{"L":[{"S":"x"}]}})");
    EXPECT_EQ(run_update("DELETE t :a", v, "{}").item, "{}");
}

TEST(Update, RunTimeErrors) {
    const char* const v =
        R"({":1":{"N":"1"},":l":{"L":[]},":ss":{"SS":["a"]},":big":{"N":"9E125"},":tiny":{"N":"1E-100"}})";
    const std::string missing =
        "The provided expression refers to an attribute that does not exist in the item";
    const std::string type = "An operand in the update expression has an incorrect data type";
    const std::string path =
        "The document path provided in the update expression is invalid for update";
    const auto error = [&](std::string_view text) { return run_update(text, v).error; };
    EXPECT_EQ(error("SET a = gone"), missing);
    EXPECT_EQ(error("SET a = gone + :1"), missing);
    EXPECT_EQ(error("SET a = list_append(gone, :l)"), missing);
    EXPECT_EQ(error("SET a = if_not_exists(gone, lost)"), missing);
    EXPECT_EQ(error("SET a = s + :1"), type);
    EXPECT_EQ(error("SET a = list_append(s, :l)"), type);
    EXPECT_EQ(error("ADD s :1"), type);
    EXPECT_EQ(error("ADD ns :ss"), type);
    EXPECT_EQ(error("DELETE s :ss"), type);
    EXPECT_EQ(error("DELETE ns :ss"), type);
    EXPECT_EQ(error("SET gone.a = :1"), path);
    EXPECT_EQ(error("SET s.a = :1"), path);
    EXPECT_EQ(error("SET m[0] = :1"), path);
    EXPECT_EQ(error("SET l.a = :1"), path);
    EXPECT_EQ(error("SET l[9].a = :1"), path);
    EXPECT_EQ(error("SET l[9] = :l, l[3].a = :1"), path);
    EXPECT_EQ(error("REMOVE gone.a"), path);
    EXPECT_EQ(error("ADD gone.a :1"), path);
    EXPECT_EQ(
        error("SET n = :big + :big"),
        "Number overflow. Attempting to store a number with magnitude larger than supported range");
    EXPECT_EQ(error("SET n = n + :tiny"),
              "Attempting to store more than 38 significant digits in a Number");
}

TEST(Update, TouchedParts) {
    const Applied a =
        run_update("SET n = n + :1, m.a = :1, z = :1 REMOVE s, l[0]", R"({":1":{"N":"1"}})");
    EXPECT_EQ(
        a.old_part,
        R"({"l":{"L":[{"S":"x"}]},"m":{"M":{"a":{"N":"1"}}},"n":{"N":"5"},"s":{"S":"hello"}})");
    EXPECT_EQ(a.new_part, R"({"m":{"M":{"a":{"N":"1"}}},"n":{"N":"6"},"z":{"N":"1"}})");
}

TEST(Update, Keys) {
    const std::optional<ExpressionContext::Names> names;
    const std::optional<Item> values = item_of(R"({":1":{"N":"1"}})");
    ExpressionContext context(names, values);
    const Result<Update> update = parse_update("SET a = sk REMOVE pk", context);
    const std::vector<std::string> keys = {"pk", "sk"};
    EXPECT_EQ(check_key_not_updated(*update, keys).error().message,
              "One or more parameter values were invalid: Cannot update attribute pk. This "
              "attribute is part of the key");
    EXPECT_TRUE(check_key_not_updated(*update, std::vector<std::string>{"sk"}));
    EXPECT_EQ(update->attribute_names(), (std::vector<std::string_view>{"a", "pk", "sk"}));
}

TEST(Update, DepthOfTheResult) {
    std::string path = "a";
    std::string json = R"({"M":{}})";
    for (int i = 0; i < 30; ++i) {
        path += ".a";
        json = R"({"M":{"a":)" + json + "}}";
    }
    EXPECT_EQ(
        run_update("SET " + path + " = :v", R"({":v":{"M":{}}})", R"({"a":)" + json + "}").error,
        "");
    EXPECT_EQ(run_update("SET " + path + " = :v", R"({":v":{"M":{"b":{"L":[{"L":[]}]}}}})",
                         R"({"a":)" + json + "}")
                  .error,
              "Nesting Levels have exceeded supported limits");
}

const KeySchema kSchema{"pk", Type::kString, "sk", Type::kString};

Result<KeyRange> bound(std::string_view text, std::string_view values, const KeySchema& schema) {
    const std::optional<ExpressionContext::Names> names;
    static std::optional<Item> parsed;  // the terms keep views of it
    parsed = item_of(values);
    ExpressionContext context(names, parsed);
    const Result<KeyCondition> condition = parse_key_condition(text, context);
    if (!condition) return condition.error();
    return bind_key_condition(*condition, schema);
}

TEST(KeyCondition, Ranges) {
    const char* const v = R"({":p":{"S":"P"},":b":{"S":"b"},":bb":{"S":"bb"},":c":{"S":"c"}})";
    const std::vector<std::string> all = {"a", "b", std::string("b\0", 2), "ba", "bb", "bbz",
                                          "c", "d"};
    const auto inside = [&](std::string_view text) {
        const Result<KeyRange> range = bound(text, v, kSchema);
        EXPECT_TRUE(range) << text;
        EXPECT_EQ(range->hash, Value::string("P"));
        std::string names;
        for (const std::string& sort : all) {
            std::string key;
            item::append_key(key, Value::string(sort));
            // What stands behind the key must not matter.
            const bool bare = range->contains(key);
            EXPECT_EQ(bare, range->contains(key + "\xff\xff"));
            EXPECT_EQ(bare, range->contains(key + std::string(1, '\0')));
            if (bare) names += (sort.size() > 1 && sort[1] == '\0' ? "b0" : sort) + " ";
        }
        return names;
    };
    EXPECT_EQ(inside("pk = :p"), "a b b0 ba bb bbz c d ");
    EXPECT_EQ(inside("pk = :p AND sk = :b"), "b ");
    EXPECT_EQ(inside("pk = :p AND sk < :b"), "a ");
    EXPECT_EQ(inside("pk = :p AND sk <= :b"), "a b ");
    EXPECT_EQ(inside("pk = :p AND sk > :b"), "b0 ba bb bbz c d ");
    EXPECT_EQ(inside("sk >= :bb AND pk = :p"), "bb bbz c d ");
    EXPECT_EQ(inside(":bb <= sk AND :p = pk"), "bb bbz c d ");
    EXPECT_EQ(inside("(pk = :p) AND (sk BETWEEN :b AND :bb)"), "b b0 ba bb ");
    EXPECT_EQ(inside("pk = :p AND begins_with(sk, :b)"), "b b0 ba bb bbz ");
    EXPECT_EQ(inside("pk = :p AND begins_with(sk, :bb)"), "bb bbz ");
}

TEST(KeyCondition, Numbers) {
    const KeySchema schema{"pk", Type::kString, "sk", Type::kNumber};
    const char* const v = R"({":p":{"S":"P"},":m":{"N":"-1.5"},":z":{"N":"0"},":t":{"N":"10"}})";
    const std::vector<std::string> all = {"-100", "-1.51", "-1.5", "-1.4", "0",
                                          "0.1",  "9",     "10",   "10.1"};
    const auto inside = [&](std::string_view text) {
        const Result<KeyRange> range = bound(text, v, schema);
        EXPECT_TRUE(range) << text;
        std::string names;
        for (const std::string& sort : all) {
            std::string key;
            item::append_key(key, Value::number(*item::parse_number(sort)));
            const bool bare = range->contains(key);
            EXPECT_EQ(bare, range->contains(key + "\xff"));
            EXPECT_EQ(bare, range->contains(key + std::string(2, '\0')));
            if (bare) names += sort + " ";
        }
        return names;
    };
    EXPECT_EQ(inside("pk = :p AND sk < :m"), "-100 -1.51 ");
    EXPECT_EQ(inside("pk = :p AND sk <= :m"), "-100 -1.51 -1.5 ");
    EXPECT_EQ(inside("pk = :p AND sk > :m"), "-1.4 0 0.1 9 10 10.1 ");
    EXPECT_EQ(inside("pk = :p AND sk > :z"), "0.1 9 10 10.1 ");
    EXPECT_EQ(inside("pk = :p AND sk BETWEEN :m AND :t"), "-1.5 -1.4 0 0.1 9 10 ");
    EXPECT_EQ(inside("pk = :p AND sk = :z"), "0 ");
}

TEST(KeyCondition, AgainstTheSchema) {
    const char* const v = R"({":p":{"S":"P"},":n":{"N":"1"},":e":{"S":""}})";
    const auto error = [&](std::string_view text, const KeySchema& schema = kSchema) {
        const Result<KeyRange> range = bound(text, v, schema);
        return range ? std::string("(none)") : range.error().message;
    };
    EXPECT_EQ(error("sk = :p"), "Query condition missed key schema element: pk");
    EXPECT_EQ(error("pk = :p AND thing = :p"), "Query condition missed key schema element: sk");
    EXPECT_EQ(error("pk > :p"), "Query key condition not supported");
    EXPECT_EQ(error("pk = :p AND sk = :p AND thing = :p"),
              "Conditions can be of length 1 or 2 only");
    EXPECT_EQ(error("pk = :p AND sk = :p", {"pk", Type::kString, "", Type::kString}),
              "Query key condition not supported");
    const std::string type =
        "One or more parameter values were invalid: Condition parameter type does not match schema "
        "type";
    EXPECT_EQ(error("pk = :n"), type);
    EXPECT_EQ(error("pk = :p AND sk < :n"), type);
    EXPECT_EQ(error("pk = :e"),
              "One or more parameter values are not valid. The AttributeValue for a key attribute "
              "cannot contain an empty "
              "string value. Key: pk");
}

// Legacy parameters.

TEST(Legacy, Expected) {
    const Value five = Value::number(5);
    const std::vector<Value> values = {Value::number(1), Value::number(9)};
    const Item item = item_of(kItem);
    const auto check = [&](std::vector<LegacyExpected> expected, std::string_view op = "") {
        const Result<Condition> condition = translate_expected(expected, op);
        return condition ? std::string(evaluate(*condition, item) ? "yes" : "no")
                         : condition.error().message;
    };
    EXPECT_EQ(check({}), "yes");
    EXPECT_EQ(check({{.attribute = "n", .value = &five}}), "yes");
    EXPECT_EQ(check({{.attribute = "n", .exists = false}}), "no");
    EXPECT_EQ(check({{.attribute = "absent", .exists = false}}), "yes");
    EXPECT_EQ(check({{.attribute = "n", .comparison_operator = "BETWEEN", .values = values}}),
              "yes");
    EXPECT_EQ(check({{.attribute = "n", .comparison_operator = "IN", .values = values}}), "no");
    EXPECT_EQ(check({{.attribute = "n", .comparison_operator = "NOT_NULL"}}), "yes");
    EXPECT_EQ(check({{.attribute = "n", .comparison_operator = "NULL"},
                     {.attribute = "n", .value = &five}}),
              "no");
    EXPECT_EQ(check({{.attribute = "n", .comparison_operator = "NULL"},
                     {.attribute = "n", .value = &five}},
                    "OR"),
              "yes");
    EXPECT_EQ(check({{.attribute = "ns", .value = &five, .comparison_operator = "NOT_CONTAINS"}}),
              "yes");

    const std::string p = "One or more parameter values were invalid: ";
    EXPECT_EQ(check({{.attribute = "a"}}),
              p + "Value must be provided when Exists is null for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .exists = true}}),
              p + "Value must be provided when Exists is true for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .exists = false, .value = &five}}),
              p + "Value cannot be used when Exists is false for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .comparison_operator = "LT"}}),
              p + "Value or AttributeValueList must be used with ComparisonOperator: LT for "
                  "Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .exists = true, .comparison_operator = "LT"}}),
              p + "Exists and ComparisonOperator cannot be used together for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .values = values}}),
              p + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .value = &five, .values = values}}),
              p + "Value and AttributeValueList cannot be used together for Attribute: a");
    EXPECT_EQ(check({{.attribute = "a", .value = &five, .comparison_operator = "BETWEEN"}}),
              p + "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
    EXPECT_EQ(
        check({{.attribute = "a", .value = &five}}, "AND"),
        "ConditionalOperator can only be used when Filter or Expected has two or more elements");
    EXPECT_EQ(check({}, "OR"), "ConditionalOperator cannot be used without Filter or Expected");
}

TEST(Legacy, FilterErrors) {
    const std::string p = "One or more parameter values were invalid: ";
    const auto error = [](std::string_view op, const std::vector<Value>& values) {
        const std::vector<LegacyCondition> filter = {{"a", op, values}};
        const Result<Condition> condition = translate_filter(filter, "");
        return condition ? std::string("(none)") : condition.error().message;
    };
    EXPECT_EQ(error("LT", {Value::boolean(true)}),
              p + "ComparisonOperator LT is not valid for BOOL AttributeValue type");
    EXPECT_EQ(error("BEGINS_WITH", {Value::number(1)}),
              p + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type");
    EXPECT_EQ(error("IN", {Value::number(1), Value::string("a")}),
              p + "AttributeValues inside AttributeValueList must be of same type");
    EXPECT_EQ(error("BETWEEN", {Value::number(2), Value::number(1)}),
              "The BETWEEN condition was provided a range where the lower bound is greater than "
              "the upper bound");
    EXPECT_EQ(error("NULL", {Value::number(2)}),
              p + "Invalid number of argument(s) for the NULL ComparisonOperator");
    EXPECT_EQ(error("EQ", {Value::invalid_value("bad")}), "bad");
    EXPECT_EQ(error("EQ", {Value::boolean(true)}), "(none)");
}

TEST(Legacy, KeyConditions) {
    const std::vector<Value> hash = {Value::string("P")};
    const std::vector<Value> prefix = {Value::string("b")};
    const auto bind = [&](const std::vector<LegacyCondition>& conditions) {
        const Result<KeyCondition> condition = translate_key_conditions(conditions);
        if (!condition) return condition.error().message;
        const Result<KeyRange> range = bind_key_condition(*condition, kSchema);
        return range ? std::string("(none)") : range.error().message;
    };
    EXPECT_EQ(bind({{"pk", "EQ", hash}, {"sk", "BEGINS_WITH", prefix}}), "(none)");
    EXPECT_EQ(bind({{"pk", "EQ", hash}, {"sk", "NE", prefix}}),
              "Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(bind({{"pk", "EQ", hash}, {"sk", "NULL", {}}}),
              "Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(bind({{"pk", "EQ", hash}, {"sk", "NOT_CONTAINS", prefix}}),
              "Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(bind({{"pk", "NULL", {}}}),
              "Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(bind({}), "Conditions can be of length 1 or 2 only");
}

TEST(Legacy, Updates) {
    const Value two = Value::number(2);
    const Value text = Value::string("x");
    const Value set = Value::set(Type::kStringSet, {"a"});
    const Value list = *item::parse_json_value(R"({"L":[{"N":"1"}]})");
    const auto run = [](const std::vector<LegacyUpdate>& updates, std::string_view item) {
        const Result<Update> update = translate_updates(updates);
        if (!update) return update.error().message;
        const Result<Item> result = apply(*update, item_of(item));
        return result ? item::to_json(*result) : result.error().message;
    };
    EXPECT_EQ(run({{"a", "PUT", &text}, {"b", "DELETE", nullptr}, {"c", "ADD", &two}},
                  R"({"b":{"S":""},"c":{"N":"1"}})"),
              R"({"a":{"S":"x"},"c":{"N":"3"}})");
    EXPECT_EQ(run({{"l", "ADD", &list}}, R"({"l":{"L":[{"S":"x"}]}})"),
              R"({"l":{"L":[{"S":"x"},{"N":"1"}]}})");
    EXPECT_EQ(run({{"l", "ADD", &list}}, "{}"), R"({"l":{"L":[{"N":"1"}]}})");
    EXPECT_EQ(run({{"s", "DELETE", &set}}, R"({"s":{"SS":["a","b"]}})"), R"({"s":{"SS":["b"]}})");
    const std::string p = "One or more parameter values were invalid: ";
    EXPECT_EQ(run({{"a", "ADD", &text}}, "{}"), p + "ADD action is not supported for the type S");
    EXPECT_EQ(run({{"a", "DELETE", &text}}, "{}"),
              p + "DELETE action with value is not supported for the type S");
    EXPECT_EQ(run({{"a", "PUT", nullptr}}, "{}"),
              p + "Only DELETE action is allowed when no attribute value is specified");
    EXPECT_EQ(run({{"l", "ADD", &list}}, R"({"l":{"S":"x"}})"),
              "Type mismatch for attribute to update");
}

TEST(Legacy, AttributesToGet) {
    const std::vector<std::string> names = {"n", "a.b"};
    EXPECT_EQ(item::to_json(project(*translate_attributes_to_get(names),
                                    item_of(R"({"a.b":{"S":""},"n":{"N":"1"},"x":{"S":""}})"))),
              R"({"a.b":{"S":""},"n":{"N":"1"}})");
    const std::vector<std::string> twice = {"a", "b", "a"};
    EXPECT_EQ(translate_attributes_to_get(twice).error().message,
              "One or more parameter values were invalid: Duplicate value in attribute name: a");
}

}  // namespace
}  // namespace millrace::dynamodb::expression
