// The texts of every complaint about expressions, and which comes first.
// Source: recorded answers of the service.
#include <gtest/gtest.h>

#include "item/json.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/expression/reserved_words.h"

namespace millrace::dynamodb::expression {
namespace {

struct Request {
    std::optional<ExpressionContext::Names> names;
    std::optional<item::Item> values;
};

Request request(ExpressionContext::Names names, std::string_view values_json) {
    Request result;
    if (!names.empty()) result.names = std::move(names);
    if (!values_json.empty()) result.values = *item::parse_json_item(values_json);
    return result;
}

std::string parse_error(std::string_view text, Kind kind, const Request& r) {
    ExpressionContext context(r.names, r.values);
    const auto message = [](const auto& result) {
        return result.has_value() ? std::string("(none)") : result.error().message;
    };
    switch (kind) {
        case Kind::kUpdate:
            return message(parse_update(text, context));
        case Kind::kProjection:
            return message(parse_projection(text, context));
        case Kind::kKeyCondition:
            return message(parse_key_condition(text, context));
        default:
            return message(parse_condition(text, kind, context));
    }
}

// Any of the few placeholders that the table below uses may be defined.
const Request kNothing;

struct Case {
    std::string expression;
    std::string text;  // behind "Invalid <Kind>: "
};

void expect_all(Kind kind, const Request& r, const std::vector<Case>& cases) {
    const std::string prefix = std::string("Invalid ").append(kind_name(kind)).append(": ");
    for (const Case& c : cases)
        EXPECT_EQ(parse_error(c.expression, kind, r), prefix + c.text) << c.expression;
}

TEST(ConditionErrors, Syntax) {
    for (const char* text : {"things are not gonna be ok",
                             "a > 4",
                             "attribute_exists(Pictures-RearView)",
                             "attribute_exists(\"Pictures.RearView\")",
                             "attribute_exists(Pictures..RearView)",
                             "attribute_exists(Pi#ctures.RearView)",
                             "attribute_exists(asdf[a])",
                             "a in b, c",
                             "a > between",
                             "a in b",
                             "a in (b,c,)",
                             "(a)between(b.(c.d))and(c)",
                             "(a)between(b.c.d)and((c)",
                             "#$.b > a",
                             "a > :things.stuff",
                             "b[:a] > a",
                             "b[#_] > a",
                             "ü > a",
                             "(a)between(b.c[4.5].#d)and(:a)",
                             "size(a).b > a",
                             "(size(a)).b > a",
                             "size(a)[0] > a",
                             "(size(a))[0] > a",
                             "a",
                             "a AND b = c",
                             "(a = b",
                             "a = (b = c)",
                             "NOT",
                             "attribute_exists()",
                             "a = b)",
                             "(a = b) = c",
                             "_id = a",
                             "a = b AND"}) {
        EXPECT_TRUE(parse_error(text, Kind::kFilter, kNothing)
                        .starts_with("Invalid FilterExpression: Syntax error; token: "))
            << text << ": " << parse_error(text, Kind::kFilter, kNothing);
    }
    expect_all(Kind::kCondition, kNothing,
               {{"foo", R"(Syntax error; token: "<EOF>", near: "foo")"},
                {"attribute_not_exists(", R"(Syntax error; token: "<EOF>", near: "(")"},
                {"_id = :a", R"(Syntax error; token: "_", near: "_id")"},
                {"a = = :v", R"(Syntax error; token: "=", near: "= = :v")"},
                {"foo-bar = :a", R"(Syntax error; token: "-", near: "foo-bar")"},
                {"attribute_exists([1])", R"(Syntax error; token: "[", near: "([1")"}});
}

TEST(ConditionErrors, BeforeNamesAndValues) {
    expect_all(
        Kind::kFilter, kNothing,
        {{"", "The expression can not be empty;"},
         {"a=a and a > ((views))", "The expression has redundant parentheses;"},
         {"(a)between(((b.c)).d)and(c)", "The expression has redundant parentheses;"},
         {"a > whatever((:things), ((a)))", "The expression has redundant parentheses;"},
         {"a=a AND ((a=a AND a=a)) AND a=a", "The expression has redundant parentheses;"},
         {"a=a OR ((a=a OR (a=a OR a=a)))", "The expression has redundant parentheses;"},
         {"a=a and whatever((:things)) > a", "Invalid function name; function: whatever"},
         {"attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"},
         {"if_not_exists(a, b) = c",
          "The function is not allowed in a condition expression; function: if_not_exists"},
         {"attribute_exists(views, #a)",
          "Attribute name is a reserved keyword; reserved keyword: views"},
         {"a.nested.Name = :a", "Attribute name is a reserved keyword; reserved keyword: Name"},
         {":a < abOrT", "Attribute name is a reserved keyword; reserved keyword: abOrT"}});
    const std::string misuse =
        "The function is not allowed to be used this way in an expression; function: ";
    expect_all(Kind::kFilter, kNothing,
               {{"a=a and attribute_exists((views), (#a)) > b", misuse + "attribute_exists"},
                {"attribute_not_exists(things) > b", misuse + "attribute_not_exists"},
                {"attribute_type(things, :a) > b", misuse + "attribute_type"},
                {"begins_with(things, a) > b", misuse + "begins_with"},
                {"contains(:things, c) > b", misuse + "contains"},
                {"size(contains(a, b)) > a", misuse + "contains"},
                {"size(things)", misuse + "size"},
                {"NOT size(things)", misuse + "size"},
                {"a between b and attribute_exists(things)", misuse + "attribute_exists"},
                {"a in (b, attribute_exists(things))", misuse + "attribute_exists"}});
}

TEST(ConditionErrors, Undefined) {
    const std::string name =
        "An expression attribute name used in the document path is not defined; attribute name: ";
    const std::string value =
        "An expression attribute value used in expression is not defined; attribute value: ";
    expect_all(Kind::kFilter, kNothing,
               {{"attribute_exists(#Pictures.RearView, :a) and a=a", name + "#Pictures"},
                {"begins_with(Pictures.#RearView)", name + "#RearView"},
                {"(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", name + "#P"},
                {"#4g > a", name + "#4g"},
                {"#_ > a", name + "#_"},
                {"(a)between(b.c[45].#d)and(:a)", name + "#d"},
                {"begins_with(:hello, #a, #b)", value + ":hello"},
                {":a < :b", value + ":a"},
                {":_ > a", value + ":_"}});
}

TEST(ConditionErrors, Operands) {
    const std::string count =
        "Incorrect number of operands for operator or function; operator or function: ";
    expect_all(
        Kind::kFilter, kNothing,
        {{"attribute_exists(things, a) and a=a", count + "attribute_exists, number of operands: 2"},
         {"attribute_not_exists(things, b)", count + "attribute_not_exists, number of operands: 2"},
         {"attribute_type(things)", count + "attribute_type, number of operands: 1"},
         {"begins_with(things)", count + "begins_with, number of operands: 1"},
         {"begins_with(things, size(a), b)", count + "begins_with, number of operands: 3"},
         {"contains(things)", count + "contains, number of operands: 1"},
         {"size(things, a) > b", count + "size, number of operands: 2"}});
    const std::string type =
        "Incorrect operand type for operator or function; operator or function: ";
    const std::vector<std::pair<std::string, std::string>> values = {
        {"N", R"({":a":{"N":"1"}})"},        {"BOOL", R"({":a":{"BOOL":true}})"},
        {"NULL", R"({":a":{"NULL":true}})"}, {"L", R"({":a":{"L":[]}})"},
        {"M", R"({":a":{"M":{}}})"},         {"SS", R"({":a":{"SS":["1"]}})"},
        {"NS", R"({":a":{"NS":["1"]}})"},    {"BS", R"({":a":{"BS":["YQ=="]}})"},
    };
    for (const auto& [name, json] : values) {
        const Request r = request({}, json);
        expect_all(Kind::kFilter, r,
                   {{"attribute_type(a, :a)", type + "attribute_type, operand type: " + name},
                    {"begins_with(a, :a)", type + "begins_with, operand type: " + name},
                    {"begins_with(:a, a)", type + "begins_with, operand type: " + name}});
        if (name == "N" || name == "BOOL" || name == "NULL") {
            expect_all(Kind::kFilter, r, {{"size(:a) > a", type + "size, operand type: " + name}});
        }
        if (name != "N") {
            expect_all(Kind::kFilter, r,
                       {{"a < :a", type + "<, operand type: " + name},
                        {"a between :a and :a", type + "BETWEEN, operand type: " + name}});
        }
    }
    expect_all(
        Kind::kFilter, request({}, R"({":a":{"N":"1"}})"),
        {{"attribute_type(a, size(a)) and a=a and a=:a", type + "attribute_type, operand type: N"},
         {"begins_with(a, size(a)) and a=:a", type + "begins_with, operand type: N"},
         {"size(size(a)) > :a", type + "size, operand type: N"},
         {"attribute_not_exists(size(:a))", type + "size, operand type: N"}});
    const std::string path =
        "Operator or function requires a document path; operator or function: ";
    expect_all(Kind::kFilter, request({}, R"({":a":{"S":"1"}})"),
               {{"attribute_exists(:a) and a=a", path + "attribute_exists"},
                {"attribute_not_exists(size(:a))", path + "attribute_not_exists"},
                {"attribute_type(a, :a)",
                 "Invalid attribute type name found; type: 1, valid types: "
                 "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"}});
}

TEST(ConditionErrors, Distinct) {
    const auto distinct = [](const std::string& op, const std::string& operand) {
        return "The first operand must be distinct from the remaining operands for this operator "
               "or function; operator: " +
               op + ", first operand: " + operand;
    };
    expect_all(
        Kind::kFilter, request({{"#a", "a"}}, ""),
        {{"a = a AND #a = b AND :views > a", distinct("=", "[a]")},
         {"#a <> a", distinct("<>", "[a]")},
         {"a > #a", distinct(">", "[a]")},
         {"((a=a) OR (a=a))", distinct("=", "[a]")},
         {"a in (b, #a)", distinct("IN", "[a]")},
         {"contains(ab.bc[1].a, ab.bc[1].#a)", distinct("contains", "[ab, bc, [1], a]")},
         {"attribute_type(ab.bc[1].#a, ab.bc[1].a)",
          distinct("attribute_type", "[ab, bc, [1], a]")},
         {"begins_with(ab.bc[1].a, ab.bc[1].#a)", distinct("begins_with", "[ab, bc, [1], a]")}});
}

TEST(ConditionErrors, Between) {
    expect_all(Kind::kCondition, request({}, R"({":a":{"S":"a"},":b":{"S":"b"},":n":{"N":"1.0"}})"),
               {{"a between :b and :a",
                 "The BETWEEN operator requires upper bound to be greater than or equal to lower "
                 "bound; lower bound "
                 "operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
                {"a between :n and :a",
                 "The BETWEEN operator requires same data type for lower and upper bounds; lower "
                 "bound operand: "
                 "AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"}});
    EXPECT_EQ(
        parse_error("a between :a and :a", Kind::kCondition, request({}, R"({":a":{"S":"a"}})")),
        "(none)");
}

TEST(ConditionErrors, Limits) {
    const Request r = request({}, R"({":v":{"N":"1"}})");
    const auto chain = [](int terms) {
        std::string text = "a=:v";
        for (int i = 1; i < terms; ++i) text += " OR a=:v";
        return text;
    };
    EXPECT_EQ(parse_error(chain(150), Kind::kCondition, r), "(none)");
    expect_all(Kind::kCondition, r,
               {{chain(151), "The expression contains too many operators; operator count: 301"}});
    std::string in = "a IN (:v";
    for (int i = 1; i < 100; ++i) in += ",:v";
    EXPECT_EQ(parse_error(in + ")", Kind::kCondition, r), "(none)");
    expect_all(Kind::kCondition, r,
               {{in + ",:v)",
                 "The IN operator is provided with too many operands; number of operands: 101"}});
    const std::string long_text = "a = :v" + std::string(4090, ' ');
    EXPECT_EQ(parse_error(long_text, Kind::kCondition, r), "(none)");
    expect_all(Kind::kCondition, r,
               {{long_text + " ",
                 "Expression size has exceeded the maximum allowed size; expression size: 4097"}});
    // However deep, the stack is not at risk.
    expect_all(Kind::kCondition, r,
               {{std::string(4096, '('), "The expression has redundant parentheses;"}});
    std::string deep_not;
    while (deep_not.size() < 4080) deep_not += "NOT ";
    EXPECT_TRUE(parse_error(deep_not + "a=:v", Kind::kCondition, r)
                    .starts_with(
                        "Invalid ConditionExpression: The expression contains too many operators"));
    std::string path = "a";
    for (int i = 1; i < 32; ++i) path += ".a";
    EXPECT_EQ(parse_error("attribute_exists(" + path + ")", Kind::kCondition, r), "(none)");
    expect_all(Kind::kCondition, r,
               {{"attribute_exists(" + path + ".a)",
                 "The document path has too many nesting levels; nesting levels: 33"},
                {"attribute_exists(a[99999999999])",
                 "List index is not within the allowable range; index: [99999999999]"}});
}

TEST(UpdateErrors, Syntax) {
    for (const char* text : {"whatever",
                             "set a",
                             "add a",
                             "delete a",
                             "set a=set",
                             "remove a = b",
                             "add a = b",
                             "delete a = b",
                             "delete a b",
                             "delete a if_not_exist(b)",
                             "add abort b",
                             "add a if_not_exist(b)",
                             "remove a b",
                             "set a b",
                             "set :a = b",
                             "add :a b",
                             "delete :a b",
                             "remove :a",
                             "set a = b / c",
                             "set a = b * c",
                             "set a[1] = \"eight\"",
                             "set a[1] = 1",
                             "SET a = if_not_exist(a, 100)",
                             "SET if_not_exist(a, b) = a",
                             "set (a = (b + c))",
                             "set a = (b.c).d + e",
                             "set a = (b.c)[0] + e",
                             "set a = b + c + d",
                             "set a = b,",
                             "set"}) {
        EXPECT_TRUE(parse_error(text, Kind::kUpdate, kNothing)
                        .starts_with("Invalid UpdateExpression: Syntax error; "))
            << text << ": " << parse_error(text, Kind::kUpdate, kNothing);
    }
    for (const char* text :
         {"set a = (b + c)", "set a = ((b.c.d)+(e))", "SET a = if_not_exists(a, b) + b",
          "SET a = if_not_exists(a, if_not_exists(b, c))", "set a[1] = b", "set a.b = b"}) {
        EXPECT_EQ(parse_error(text, Kind::kUpdate, kNothing), "(none)") << text;
    }
    expect_all(Kind::kUpdate, kNothing,
               {{"SET a = b,", R"(Syntax error; token: "<EOF>", near: ",")"}});
}

TEST(UpdateErrors, Order) {
    const Request r = request({{"#a", "a"}, {"#b", "b"}}, R"({":a":{"S":"a"},":b":{"S":"a"}})");
    expect_all(
        Kind::kUpdate, r,
        {{"", "The expression can not be empty;"},
         {" set #c = :c set abOrt = true ",
          "Attribute name is a reserved keyword; reserved keyword: abOrt"},
         {" remove Absolute ", "Attribute name is a reserved keyword; reserved keyword: Absolute"},
         {"set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"},
         {"set a = size(b)", "The function is not allowed in an update expression; function: size"},
         {"set a = #c set c = :d",
          "The \"SET\" section can only be used once in an update expression;"},
         {"remove #d set a = b remove e",
          "The \"REMOVE\" section can only be used once in an update expression;"},
         {"add #d :e set a = b add e :f",
          "The \"ADD\" section can only be used once in an update expression;"},
         {"delete #d :e set a = b delete #e :f",
          "The \"DELETE\" section can only be used once in an update expression;"},
         {"SET #c = if_not_exists(:c)",
          "An expression attribute name used in the document path is not defined; attribute name: "
          "#c"},
         {"SET #a = if_not_exists(:c)",
          "An expression attribute value used in expression is not defined; attribute value: :c"},
         {"set a = if_not_exists(c)",
          "Incorrect number of operands for operator or function; operator or function: "
          "if_not_exists, number of "
          "operands: 1"},
         {"set a = list_append(c)",
          "Incorrect number of operands for operator or function; operator or function: "
          "list_append, number of "
          "operands: 1"},
         {"set a = if_not_exists(:a, c)",
          "Operator or function requires a document path; operator or function: if_not_exists"},
         {"set a = if_not_exists(if_not_exists(a, b), c)",
          "Operator or function requires a document path; operator or function: if_not_exists"},
         {"set b = list_append(:a, a), c = if_not_exists(a) add a.b :a",
          "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"}});
}

TEST(UpdateErrors, Paths) {
    const Request r = request({{"#c", "c"}, {"#d", "[3]"}}, "");
    const auto clash = [](const char* how, const char* one, const char* two) {
        return std::string("Two document paths ") + how +
               " with each other; must remove or rewrite one of these paths; path one: " + one +
               ", path two: " + two;
    };
    expect_all(Kind::kUpdate, r,
               {{"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)",
                 clash("overlap", "[c, [1], a]", "[c]")},
                {"set #c[3].#d = a, #c[3] = a", clash("overlap", "[c, [3], [3]]", "[c, [3]]")},
                {"set #c[3].#d = a, #c.#d[3] = if_not_exists(a)",
                 clash("conflict", "[c, [3], [3]]", "[c, [3], [3]]")},
                {"remove a.#c set a[1] = #d", clash("conflict", "[a, c]", "[a, [1]]")},
                {"set a = b, a = c", clash("overlap", "[a]", "[a]")}});
    expect_all(Kind::kProjection, r,
               {{"a, a.b", clash("overlap", "[a]", "[a, b]")},
                {"a.b, c, a[0]", clash("conflict", "[a, b]", "[a, [0]]")},
                {"a.b, a.c, a.b", clash("overlap", "[a, b]", "[a, b]")}});
    EXPECT_EQ(parse_error("a.b, a.c, b[0], b[1].a, aa", Kind::kProjection, r), "(none)");
}

TEST(UpdateErrors, Types) {
    struct Word {
        std::string json, type, word;
    };
    const std::vector<Word> words = {{R"({"S":"a"})", "S", "STRING"},
                                     {R"({"B":"YQ=="})", "B", "BINARY"},
                                     {R"({"BOOL":true})", "BOOL", "BOOLEAN"},
                                     {R"({"NULL":true})", "NULL", "NULL"},
                                     {R"({"M":{}})", "M", "MAP"},
                                     {R"({"L":[]})", "L", "LIST"},
                                     {R"({"N":"1"})", "N", "NUMBER"},
                                     {R"({"SS":["a"]})", "SS", ""}};
    for (const Word& w : words) {
        const Request r = request({}, R"({":a":)" + w.json + "}");
        const std::string operand = "Incorrect operand type for operator or function; operator: ";
        if (!w.word.empty() && w.type != "N") {
            expect_all(Kind::kUpdate, r,
                       {{"add a.b :a", operand + "ADD, operand type: " + w.word}});
        }
        if (!w.word.empty()) {
            expect_all(Kind::kUpdate, r,
                       {{"delete a.b :a", operand + "DELETE, operand type: " + w.word}});
        }
        const std::string function =
            "Incorrect operand type for operator or function; operator or function: ";
        if (w.type != "L") {
            expect_all(
                Kind::kUpdate, r,
                {{"set a = list_append(:a, a)", function + "list_append, operand type: " + w.type},
                 {"set a = list_append(a, :a)",
                  function + "list_append, operand type: " + w.type}});
        }
        if (w.type != "N") {
            expect_all(Kind::kUpdate, r,
                       {{"set a = a + :a", function + "+, operand type: " + w.type},
                        {"set a = :a - a", function + "-, operand type: " + w.type}});
        }
    }
}

TEST(ProjectionErrors, All) {
    expect_all(Kind::kProjection, kNothing,
               {{"", "The expression can not be empty;"},
                {"!!", R"(Syntax error; token: "!", near: "!!")"},
                {"a,", R"(Syntax error; token: "<EOF>", near: ",")"},
                {"a b", R"(Syntax error; token: "b", near: "a b")"},
                {"size(a)", R"(Syntax error; token: "(", near: "size(a")"},
                {"a, user.x", "Attribute name is a reserved keyword; reserved keyword: user"},
                {"a, #b",
                 "An expression attribute name used in the document path is not defined; attribute "
                 "name: #b"}});
}

TEST(KeyConditionErrors, All) {
    const Request r = request({}, R"({":a":{"S":"1"},":b":{"S":"1"},":t":{"S":"S"}})");
    const auto error = [&](std::string_view text) {
        return parse_error(text, Kind::kKeyCondition, r);
    };
    const std::string op = "Invalid operator used in KeyConditionExpression: ";
    EXPECT_EQ(error("attribute_type(a, :t)"), op + "attribute_type");
    EXPECT_EQ(error("a > b and size(b) > c or a > c"), op + "OR");
    EXPECT_EQ(error("a in (b, size(c), d)"), op + "IN");
    EXPECT_EQ(error("attribute_exists(a)"), op + "attribute_exists");
    EXPECT_EQ(error("contains(a.d, b)"), op + "contains");
    EXPECT_EQ(error("not a > b"), op + "NOT");
    EXPECT_EQ(error("a <> b"), op + "<>");
    const std::string condition = "Invalid condition in KeyConditionExpression: ";
    EXPECT_EQ(error(":a between size(b) and size(a) and b > :b"),
              condition + "BETWEEN operator must have the key attribute as its first operand");
    EXPECT_EQ(error("begins_with(:a, b) and a > :b"),
              condition + "begins_with operator must have the key attribute as its first operand");
    for (const char* text :
         {"size(b) > a AND a.b > b AND b > c", "a > size(b.d)", "a between size(b) and size(a)"}) {
        EXPECT_EQ(error(text), "KeyConditionExpressions cannot contain nested operations") << text;
    }
    for (const char* text :
         {"b > a.b", "b between c[1] and d", "a between b and size(a)", "begins_with(a, b)"}) {
        EXPECT_EQ(error(text), condition + "Multiple attribute names used in one condition")
            << text;
    }
    for (const char* text : {"b.d > a AND c.d > e.f", "a.d > c", "b[0] > a"}) {
        EXPECT_EQ(error(text),
                  "KeyConditionExpressions cannot have conditions on nested attributes")
            << text;
    }
    for (const char* text : {":b > :a AND a < :b", ":a > b AND :a < :b"}) {
        EXPECT_EQ(error(text), condition + "No key attribute specified") << text;
    }
    for (const char* text : {"b > :a AND b < :a and c = :a and d = :a",
                             "(a > :a and b > :a) and (b > :a and c > :a)"}) {
        EXPECT_EQ(error(text), "KeyConditionExpressions must only contain one condition per key")
            << text;
    }
}

TEST(Parameters, Mixing) {
    const auto error = [](std::initializer_list<Parameter> legacy,
                          std::initializer_list<Parameter> expressions, const Request& r) {
        const Result<void> result = check_parameters(legacy, expressions, r.names, r.values);
        return result ? std::string("(none)") : result.error().message;
    };
    const Request both = request({{"#a", "a"}}, R"({":v":{"N":"1"}})");
    const Request names = request({{"#a", "a"}}, "");
    const Request values = request({}, R"({":v":{"N":"1"}})");
    EXPECT_EQ(
        error({{"Expected", true}, {"ConditionalOperator", true}}, {{"ConditionExpression", true}},
              both),
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression "
        "parameters: {Expected, ConditionalOperator} Expression parameters: {ConditionExpression}");
    EXPECT_EQ(error({{"Expected", true}}, {{"ConditionExpression", false}}, names),
              "ExpressionAttributeNames can only be specified when using expressions");
    EXPECT_EQ(error({}, {{"ConditionExpression", false}}, values),
              "ExpressionAttributeValues can only be specified when using expressions: "
              "ConditionExpression is null");
    EXPECT_EQ(error({}, {{"UpdateExpression", false}, {"ConditionExpression", false}}, values),
              "ExpressionAttributeValues can only be specified when using expressions: "
              "UpdateExpression and "
              "ConditionExpression are null");
    EXPECT_EQ(
        error({}, {{"FilterExpression", false}, {"ProjectionExpression", true, false}}, values),
        "ExpressionAttributeValues can only be specified when using expressions: FilterExpression "
        "is null");
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, both), "(none)");

    Request empty;
    empty.names.emplace();
    empty.values.emplace();
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, empty),
              "ExpressionAttributeNames must not be empty");
    empty.names.reset();
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, empty),
              "ExpressionAttributeValues must not be empty");
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, request({{"a", "a"}}, "{}")),
              "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"");
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, request({}, R"({":b":{},"b":{"S":"a"}})")),
              "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\"");
    EXPECT_EQ(error({}, {{"ConditionExpression", true}}, request({}, R"({":b":{"SS":[]}})")),
              "ExpressionAttributeValues contains invalid value: One or more parameter values were "
              "invalid: An string "
              "set  may not be empty for key :b");
}

TEST(Parameters, Unused) {
    const Request r =
        request({{"#a", "a"}, {"#b", "b"}, {"#c", "c"}}, R"({":v":{"N":"1"},":w":{"N":"1"}})");
    ExpressionContext context(r.names, r.values);
    ASSERT_TRUE(parse_update("SET #a = :v", context));
    EXPECT_EQ(context.check_all_used().error().message,
              "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}");
    ASSERT_TRUE(parse_condition("#b = #c", Kind::kCondition, context));
    EXPECT_EQ(context.check_all_used().error().message,
              "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}");
    ASSERT_TRUE(parse_condition("a = :w", Kind::kCondition, context));
    EXPECT_TRUE(context.check_all_used());
}

TEST(ReservedWords, Any) {
    EXPECT_TRUE(is_reserved_word("ABORT"));
    EXPECT_TRUE(is_reserved_word("zone"));
    EXPECT_TRUE(is_reserved_word("LocalTimestamp"));
    EXPECT_FALSE(is_reserved_word("localtimestamps"));
    EXPECT_FALSE(is_reserved_word("pk"));
    EXPECT_FALSE(is_reserved_word(""));
}

}  // namespace
}  // namespace millrace::dynamodb::expression
