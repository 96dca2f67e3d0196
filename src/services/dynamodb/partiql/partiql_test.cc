#include "services/dynamodb/partiql/run.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

class PartiqlTest : public ::testing::Test {
protected:
    PartiqlTest() {
        server_.create_table("music", "N");
        for (int i = 0; i < 6; ++i) {
            must("INSERT INTO music VALUE {'pk': ?, 'sk': " + std::to_string(i) + ", 'n': " +
                     std::to_string(i * i) + ", 'tags': <<'a', 'b'>>, 'm': {'l': [1, 'x']}}",
                 {item::Value::string(i < 4 ? "one" : "two")});
        }
    }

    ExecuteStatement::Input input(const std::string& statement,
                                  std::vector<item::Value> parameters = {}) {
        ExecuteStatement::Input request;
        request.statement = statement;
        if (!parameters.empty()) request.parameters = std::move(parameters);
        return request;
    }
    // The items as JSON, each on a line.
    std::string must(const std::string& statement, std::vector<item::Value> parameters = {}) {
        const auto output = server_.run<ExecuteStatement>(input(statement, std::move(parameters)));
        EXPECT_TRUE(output) << statement << ": " << (output ? "" : output.error().message);
        return output ? text_of(*output->items) : "";
    }
    static std::string text_of(const std::vector<item::Item>& items) {
        std::string text;
        for (const item::Item& item : items) text += item::to_json(item) + "\n";
        return text;
    }
    // "code: message"
    std::string refused(const std::string& statement, std::vector<item::Value> parameters = {}) {
        const auto output = server_.run<ExecuteStatement>(input(statement, std::move(parameters)));
        return output ? "no error" : output.error().code + ": " + output.error().message;
    }
    std::string numbers(const std::string& statement) {
        const auto output = server_.run<ExecuteStatement>(input(statement));
        EXPECT_TRUE(output) << statement << ": " << (output ? "" : output.error().message);
        if (!output) return "";
        std::string text;
        for (const item::Item& item : *output->items)
            text += (text.empty() ? "" : " ") + item::number_text(item.find("sk").number());
        return text;
    }

    testing::Server server_;
};

TEST_F(PartiqlTest, SelectReadsAsItsWhereClauseSays) {
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one'"), "0 1 2 3");
    EXPECT_EQ(numbers("select * from \"music\" where 'two' = \"pk\""), "4 5");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND sk >= 2"), "2 3");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND sk BETWEEN 1 AND 2"), "1 2");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND sk = 3"), "3");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk IN ['two', 'one'] AND sk > 2"), "4 5 3");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND (sk = 0 OR n = 9)"), "0 3");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND NOT n < 2"), "2 3");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND sk <> 1 ORDER BY sk DESC"),
              "3 2 0");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE n = 25"), "5");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE m.l[1] = 'x' AND n = 25"), "5");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE contains(tags, 'b') AND n IN (16, 25) AND "
                      "pk = 'two' AND gone IS MISSING AND n IS NOT MISSING AND n IS NOT NULL"),
              "4 5");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one' AND pk = 'two'"), "");
}

TEST_F(PartiqlTest, SelectGivesTheAttributesAskedFor) {
    EXPECT_EQ(must("SELECT n, m.l[0] FROM music WHERE pk = 'two' AND sk = 5"),
              "{\"m\":{\"M\":{\"l\":{\"L\":[{\"N\":\"1\"}]}}},\"n\":{\"N\":\"25\"}}\n");
    EXPECT_EQ(refused("SELECT m, m.l FROM music WHERE pk = 'two'"),
              "ValidationException: Invalid ProjectionExpression: Two document paths overlap with "
              "each other; must remove or rewrite one of these paths; path one: [m], path two: "
              "[m, l]");
}

TEST_F(PartiqlTest, PagesGoOnWhereTheyEnded) {
    for (const char* statement :
         {"SELECT * FROM music WHERE pk IN ['one', 'two']", "SELECT * FROM music"}) {
        ExecuteStatement::Input request = input(statement);
        request.limit = 1;
        std::vector<std::string> seen;
        for (int page = 0; page < 20; ++page) {
            const auto output = server_.run<ExecuteStatement>(request);
            ASSERT_TRUE(output) << output.error().message;
            for (const item::Item& item : *output->items) seen.push_back(item::to_json(item));
            request.next_token = output->next_token;
            if (!request.next_token) break;
        }
        EXPECT_FALSE(request.next_token);
        EXPECT_EQ(seen.size(), 6U);
        std::sort(seen.begin(), seen.end());
        EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
    }
}

TEST_F(PartiqlTest, ATokenIsOfOneStatementOnly) {
    ExecuteStatement::Input request = input("SELECT * FROM music WHERE pk = 'one'");
    request.limit = 1;
    const auto output = server_.run<ExecuteStatement>(request);
    ASSERT_TRUE(output);
    request.next_token = output->next_token;
    EXPECT_TRUE(server_.run<ExecuteStatement>(request));
    request.statement = "SELECT * FROM music WHERE pk = 'two'";
    EXPECT_EQ(server_.error_of<ExecuteStatement>(request), "The provided NextToken is invalid");
    request.next_token = "AAAA";
    EXPECT_EQ(server_.error_of<ExecuteStatement>(request), "The provided NextToken is invalid");
}

TEST_F(PartiqlTest, InsertNeverReplaces) {
    EXPECT_EQ(refused("INSERT INTO music VALUE {'pk': 'one', 'sk': 0}"),
              "DuplicateItemException: Duplicate primary key exists in table");
    EXPECT_EQ(refused("INSERT INTO music VALUE {'pk': 'one'}"),
              "ValidationException: One or more parameter values were invalid: Missing the key sk "
              "in the item");
    EXPECT_EQ(must("INSERT INTO music VALUE {'pk': 'it''s', 'sk': -1.5e1, 'x': [true, null]}"), "");
    EXPECT_EQ(must("SELECT * FROM music WHERE pk = 'it''s'"),
              "{\"pk\":{\"S\":\"it's\"},\"sk\":{\"N\":\"-15\"},\"x\":{\"L\":[{\"BOOL\":true},"
              "{\"NULL\":true}]}}\n");
}

TEST_F(PartiqlTest, UpdateChangesOneItem) {
    EXPECT_EQ(must("UPDATE music SET n = n + 1 SET tags = set_add(tags, <<'c'>>) REMOVE m.l[0] "
                   "WHERE pk = 'one' AND sk = 2 AND n = 4 RETURNING ALL NEW *"),
              "{\"m\":{\"M\":{\"l\":{\"L\":[{\"S\":\"x\"}]}}},\"n\":{\"N\":\"5\"},\"pk\":{\"S\":"
              "\"one\"},\"sk\":{\"N\":\"2\"},\"tags\":{\"SS\":[\"a\",\"b\",\"c\"]}}\n");
    EXPECT_EQ(must("UPDATE music SET tags = set_delete(tags, <<'a'>>), m.l = list_append(m.l, [7]) "
                   "WHERE pk = 'one' AND sk = 2 RETURNING MODIFIED NEW *"),
              "{\"m\":{\"M\":{\"l\":{\"L\":[{\"S\":\"x\"},{\"N\":\"7\"}]}}},\"tags\":{\"SS\":["
              "\"b\",\"c\"]}}\n");
    EXPECT_EQ(refused("UPDATE music SET n = 1 WHERE pk = 'one' AND sk = 2 AND n = 4"),
              "ConditionalCheckFailedException: The conditional request failed");
    EXPECT_EQ(refused("UPDATE music SET n = 1 WHERE pk = 'nobody' AND sk = 2"),
              "ConditionalCheckFailedException: The conditional request failed");
    EXPECT_EQ(refused("UPDATE music SET n = 1 WHERE pk = 'one'"),
              "ValidationException: Where clause does not contain a mandatory equality on all key "
              "attributes");
}

TEST_F(PartiqlTest, DeleteTakesOneItemAway) {
    EXPECT_EQ(refused("DELETE FROM music WHERE pk = 'one' AND sk = 0 AND n = 7"),
              "ConditionalCheckFailedException: The conditional request failed");
    EXPECT_EQ(must("DELETE FROM music WHERE pk = 'one' AND sk = 0 AND (n = 7 OR n = 0)"), "");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one'"), "1 2 3");
    EXPECT_EQ(must("DELETE FROM music WHERE pk = 'one' AND sk = 0"), "");
    EXPECT_NE(must("DELETE FROM music WHERE pk = 'one' AND sk = 1 RETURNING ALL OLD *"), "");
}

TEST_F(PartiqlTest, WhatCannotBeReadIsRefused) {
    constexpr std::string_view kMalformed =
        "ValidationException: Statement wasn't well formed, can't be processed: ";
    EXPECT_EQ(refused("CREATE TABLE x"), std::string(kMalformed) + "Expected data manipulation");
    for (const char* statement :
         {"SELECT", "SELECT * FROM", "SELECT * FROM music WHERE", "SELECT * FROM music WHERE pk",
          "SELECT * FROM music WHERE pk = 'x", "INSERT INTO music VALUE 'x'",
          "INSERT INTO music (a) VALUES (1)", "UPDATE music WHERE pk = 'x'",
          "SELECT * FROM music WHERE pk = 'x' LIMIT 1", "EXISTS(SELECT * FROM music)",
          "SELECT * FROM music; SELECT * FROM music", "INSERT INTO music VALUE {'a': <<>>}"}) {
        EXPECT_TRUE(refused(statement).starts_with(kMalformed))
            << statement << ": " << refused(statement);
    }
    const std::string deep = "SELECT * FROM music WHERE " + std::string(500, '(');
    EXPECT_TRUE(refused(deep).starts_with(kMalformed));
    EXPECT_EQ(refused("SELECT * FROM music WHERE pk = ? AND sk = ?", {item::Value::string("a")}),
              "ValidationException: Number of parameters in request and statement don't match.");
    EXPECT_EQ(refused("SELECT * FROM music WHERE pk = 'a'", {item::Value::string("a")}),
              "ValidationException: Number of parameters in request and statement don't match.");
    EXPECT_EQ(refused("SELECT * FROM nowhere"),
              "ResourceNotFoundException: Requested resource not found");
    EXPECT_EQ(refused("SELECT * FROM music ORDER BY sk"),
              "ValidationException: Must have WHERE clause in the statement when using ORDER BY "
              "clause.");
    EXPECT_EQ(refused("SELECT * FROM music WHERE pk = 'one' ORDER BY n"),
              "ValidationException: Variable reference n in ORDER BY clause must be part of the "
              "primary key.");
}

TEST_F(PartiqlTest, ABatchsErrorsAreTheStatementsOwn) {
    BatchExecuteStatement::Input batch;
    batch.statements.emplace();
    for (const char* statement : {"INSERT INTO music VALUE {'pk': 'new', 'sk': 1}",
                                  "INSERT INTO music VALUE {'pk': 'one', 'sk': 1}",
                                  "UPDATE music SET n = 0 WHERE pk = 'one' AND sk = 1 AND n = 77",
                                  "DELETE music", "DELETE FROM nowhere WHERE pk = 'x' AND sk = 1"})
        batch.statements->push_back({.statement = statement});
    const auto output = server_.run<BatchExecuteStatement>(batch);
    ASSERT_TRUE(output) << output.error().message;
    std::vector<std::string> codes;
    for (const auto& response : *output->responses)
        codes.push_back(response.error ? *response.error->code : "none");
    EXPECT_EQ(codes, (std::vector<std::string>{"none", "DuplicateItem", "ConditionalCheckFailed",
                                               "ValidationError", "ResourceNotFound"}));
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'new'"), "1");

    batch.statements->push_back({.statement = "SELECT * FROM music WHERE pk = 'one' AND sk = 1"});
    EXPECT_FALSE(server_.run<BatchExecuteStatement>(batch));
    BatchExecuteStatement::Input reads;
    reads.statements.emplace();
    reads.statements->push_back({.statement = "SELECT n FROM music WHERE pk = 'one' AND sk = 3"});
    reads.statements->push_back({.statement = "SELECT n FROM music WHERE pk = 'one'"});
    const auto read = server_.run<BatchExecuteStatement>(reads);
    ASSERT_TRUE(read);
    EXPECT_EQ(item::to_json(*(*read->responses)[0].item), "{\"n\":{\"N\":\"9\"}}");
    EXPECT_EQ((*read->responses)[1].error->code, "ValidationError");

    server_.restrict_to(R"({"Statement":[{"Effect":"Allow","Action":"dynamodb:PartiQLDelete",)"
                        R"("Resource":"*"}]})");
    batch.statements = {{{.statement = "INSERT INTO music VALUE {'pk': 'denied', 'sk': 1}"},
                         {.statement = "DELETE FROM music WHERE pk = 'new' AND sk = 1"}}};
    const auto partly = server_.run<BatchExecuteStatement>(batch);
    ASSERT_TRUE(partly);
    EXPECT_EQ((*partly->responses)[0].error->code, "AccessDenied");
    EXPECT_FALSE((*partly->responses)[1].error);
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'new' OR pk = 'denied'"), "");
}

TEST_F(PartiqlTest, ATransactionIsAllOrNothing) {
    const auto transact = [this](const std::vector<std::string>& statements) {
        ExecuteTransaction::Input request;
        request.transact_statements.emplace();
        for (const std::string& statement : statements)
            request.transact_statements->push_back({.statement = statement});
        return server_.run<ExecuteTransaction>(request);
    };
    const auto failed =
        transact({"INSERT INTO music VALUE {'pk': 'new', 'sk': 1}",
                  "EXISTS(SELECT * FROM music WHERE pk = 'one' AND sk = 1 AND n = 5)",
                  "INSERT INTO music VALUE {'pk': 'one', 'sk': 2}"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message,
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[None, ConditionalCheckFailed, DuplicateItem]");
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'new'"), "");
    ASSERT_TRUE(transact({"INSERT INTO music VALUE {'pk': 'new', 'sk': 1}",
                          "EXISTS(SELECT * FROM music WHERE pk = 'one' AND sk = 1 AND n = 1)",
                          "UPDATE music SET n = n - 1 WHERE pk = 'one' AND sk = 2",
                          "DELETE FROM music WHERE pk = 'one' AND sk = 0"}));
    EXPECT_EQ(numbers("SELECT * FROM music WHERE pk = 'one'"), "1 2 3");
    const auto read = transact({"SELECT n FROM music WHERE pk = 'one' AND sk = 2",
                                "SELECT n FROM music WHERE pk = 'one' AND sk = 0"});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(item::to_json(*(*read->responses)[0].item), "{\"n\":{\"N\":\"3\"}}");
    EXPECT_FALSE((*read->responses)[1].item);
    EXPECT_FALSE(transact({"SELECT n FROM music WHERE pk = 'one' AND sk = 2",
                           "DELETE FROM music WHERE pk = 'one' AND sk = 0"}));
}

TEST_F(PartiqlTest, ItsActionsAreItsOwn) {
    const auto policy = [](std::string_view action, std::string_view condition = "") {
        return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:)" +
               std::string(action) + R"(","Resource":"*")" + std::string(condition) + "}]}";
    };
    const std::string select = "SELECT * FROM music WHERE pk = 'one'";
    EXPECT_TRUE(server_.allows<ExecuteStatement>(policy("PartiQLSelect"), input(select)));
    EXPECT_FALSE(server_.allows<ExecuteStatement>(policy("Query"), input(select)));
    EXPECT_FALSE(server_.allows<ExecuteStatement>(
        policy("PartiQLSelect"), input("DELETE FROM music WHERE pk = 'one' AND sk = 1")));
    EXPECT_TRUE(server_.allows<ExecuteStatement>(
        policy("PartiQLDelete"), input("DELETE FROM music WHERE pk = 'one' AND sk = 1")));

    const std::string no_scans =
        policy("PartiQLSelect", R"(,"Condition":{"Bool":{"dynamodb:FullTableScan":"false"}})");
    EXPECT_TRUE(server_.allows<ExecuteStatement>(no_scans, input(select)));
    EXPECT_FALSE(server_.allows<ExecuteStatement>(no_scans, input("SELECT * FROM music")));

    const std::string own = policy(
        "PartiQL*",
        R"(,"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["one"]},"Null":{"dynamodb:LeadingKeys":"false"}})");
    EXPECT_TRUE(server_.allows<ExecuteStatement>(own, input(select)));
    EXPECT_FALSE(server_.allows<ExecuteStatement>(
        own, input("SELECT * FROM music WHERE pk IN ['one', 'two']")));
    EXPECT_FALSE(server_.allows<ExecuteStatement>(
        own, input("INSERT INTO music VALUE {'pk': 'two', 'sk': 9}")));
}

// Whatever way a SELECT reads, it finds what a scan with the same filter finds.
TEST_F(PartiqlTest, EveryPlanFindsWhatAScanFinds) {
    const bool ok = rc::check("a WHERE clause equals a FilterExpression", [this] {
        const auto number = [] { return std::to_string(*rc::gen::inRange(0, 6)); };
        const auto term = [&]() -> std::pair<std::string, std::string> {
            const std::string n = number();
            switch (*rc::gen::inRange(0, 8)) {
                case 0:
                    return {"pk = 'one'", "pk = :one"};
                case 1:
                    return {"pk = 'two'", "pk = :two"};
                case 2:
                    return {"sk = " + n, "sk = :n" + n};
                case 3:
                    return {"sk > " + n, "sk > :n" + n};
                case 4:
                    return {"sk BETWEEN 1 AND 4", "sk BETWEEN :n1 AND :n4"};
                case 5:
                    return {"pk IN ['one', 'two']", "pk IN (:one, :two)"};
                case 6:
                    return {"n <> " + n, "n <> :n" + n};
                default:
                    return {"n <= " + n, "n <= :n" + n};
            }
        };
        auto [partiql, filter] = term();
        for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
            const auto [more_partiql, more_filter] = term();
            switch (*rc::gen::inRange(0, 4)) {
                case 0:
                    partiql = "(" + partiql + ") OR " + more_partiql;
                    filter = "(" + filter + ") OR " + more_filter;
                    break;
                case 1:
                    partiql = "(" + partiql + ") AND NOT " + more_partiql;
                    filter = "(" + filter + ") AND NOT " + more_filter;
                    break;
                default:
                    partiql = "(" + partiql + ") AND " + more_partiql;
                    filter = "(" + filter + ") AND " + more_filter;
            }
        }
        const auto selected =
            server_.run<ExecuteStatement>(input("SELECT * FROM music WHERE " + partiql));
        RC_ASSERT(selected.has_value());
        // The reference: every item, filtered one by one.
        item::ItemBuilder values;
        values.set_string(":one", "one").set_string(":two", "two");
        for (int i = 0; i < 6; ++i) values.set_number(":n" + std::to_string(i), i);
        const item::Item bound = values.build();
        expression::ExpressionContext context(nullptr, &bound);
        const auto condition =
            expression::parse_condition(filter, expression::Kind::kCondition, context);
        if (!condition) RC_DISCARD("redundant parentheses");
        Scan::Input all;
        all.table_name = "music";
        const auto scanned = server_.run<Scan>(all);
        std::vector<std::string> expected;
        for (const item::Item& item : *scanned->items) {
            if (expression::evaluate(*condition, item)) expected.push_back(item::to_json(item));
        }
        std::vector<std::string> found;
        for (const item::Item& item : *selected->items) found.push_back(item::to_json(item));
        std::sort(expected.begin(), expected.end());
        std::sort(found.begin(), found.end());
        RC_ASSERT(found == expected);
    });
    EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace millrace::dynamodb
