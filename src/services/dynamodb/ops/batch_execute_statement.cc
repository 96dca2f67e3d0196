// BatchExecuteStatement: up to 25 PartiQL statements, all reads or all writes, each of one item;
// an error is that statement's only.
//
// IAM:     as ExecuteStatement, for each; one that is denied fails alone, with AccessDenied.
// Errors:  ValidationException for the batch as a whole; BatchStatementError for one statement.
// Source:  DynamoDB API Reference, BatchExecuteStatement.
#include "auth/evaluate.h"
#include "contracts/request_facts.h"
#include "services/dynamodb/partiql/run.h"

namespace millrace::dynamodb {
namespace {

// "ConditionalCheckFailedException" -> "ConditionalCheckFailed"
std::string statement_error_code(std::string_view code) {
    if (code == "ValidationException") return "ValidationError";
    constexpr std::string_view kSuffix = "Exception";
    if (code.ends_with(kSuffix)) code.remove_suffix(kSuffix.size());
    return std::string(code);
}

model::dynamodb::BatchStatementError shown(const Error& error) {
    model::dynamodb::BatchStatementError out;
    out.code = statement_error_code(error.code);
    out.message = error.message;
    for (const auto& [name, json] : error.json_fields) {
        if (name != "Item") continue;
        auto item = item::parse_json_item(json);
        if (item) out.item = *std::move(item);
    }
    return out;
}

Result<partiql::Answer> run_one(DynamoDbService& service, OpContext& context,
                                const partiql::Statement& statement,
                                const partiql::Options& options) {
    AuthzRequests requests;
    partiql::ask_for_statement(service, context, statement, requests);
    for (const contracts::AuthzRequest& request : requests) {
        const contracts::Decision decision = auth::PolicyAuthorizer().decide(
            context.caller(), request, contracts::facts_of(context.request(), context.now()));
        if (!decision.allowed())
            return errors::access_denied(auth::denied_text(context.caller(), request, decision));
    }
    if (!statement.writes()) {
        MR_TRY(const TableRef table, need_table(service, context, statement.table, false));
        const bool whole = !partiql::plan_item(statement, table->keys) || !statement.index.empty();
        if (whole) {
            return errors::validation(
                "Select statements within BatchExecuteStatement must specify the primary key in "
                "the where clause.");
        }
    }
    return partiql::run(service, context, statement, options);
}

Result<std::vector<Result<partiql::Statement>>> parse_all(
    const BatchExecuteStatement::Input& input) {
    std::vector<Result<partiql::Statement>> statements;
    std::optional<bool> writes;
    for (const auto& request : *input.statements) {
        const auto& statement = statements.emplace_back(partiql::parse_request(request));
        if (!statement) continue;
        if (writes && *writes != statement->writes()) {
            return errors::validation(
                "The entire batch must consist of either read statements or write statements; you "
                "can't mix both in one batch.");
        }
        writes = statement->writes();
    }
    return statements;
}

}  // namespace

Result<void> BatchExecuteStatement::check(const Input&) { return {}; }

Result<void> BatchExecuteStatement::authorize(DynamoDbService&, OpContext&, const Input&,
                                              AuthzRequests&) {
    return {};
}

Outcome<BatchExecuteStatement::Output> BatchExecuteStatement::run(DynamoDbService& service,
                                                                  OpContext& context,
                                                                  const Input& input) {
    MR_TRY(const std::vector<Result<partiql::Statement>> statements, parse_all(input));
    Output output;
    output.responses.emplace();
    for (size_t i = 0; i < statements.size(); ++i) {
        const auto& request = (*input.statements)[i];
        const auto& statement = statements[i];
        auto& response = output.responses->emplace_back();
        if (!statement) {
            response.error = shown(statement.error());
            continue;
        }
        partiql::Options options;
        options.consistent_read = request.consistent_read;
        options.return_consumed_capacity = input.return_consumed_capacity;
        options.return_values_on_failure = request.return_values_on_condition_check_failure;
        response.table_name = statement->table;
        auto answer = run_one(service, context, *statement, options);
        if (!answer) {
            response.error = shown(answer.error());
            continue;
        }
        if (!answer->items.empty()) response.item = std::move(answer->items.front());
        if (answer->consumed) {
            if (!output.consumed_capacity) output.consumed_capacity.emplace();
            output.consumed_capacity->push_back(*std::move(answer->consumed));
        }
    }
    return output;
}

}  // namespace millrace::dynamodb
