// BatchExecuteStatement: up to 25 PartiQL statements, all reads or all writes, each of one item;
// an error is that statement's only.
//
// IAM:     as ExecuteStatement, for each.
// Errors:  ValidationException for the batch as a whole; BatchStatementError for one statement.
// Source:  DynamoDB API Reference, BatchExecuteStatement.
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

}  // namespace

Result<void> BatchExecuteStatement::check(const Input& input) {
    std::optional<bool> writes;
    for (const auto& request : *input.statements) {
        const auto statement = partiql::parse_request(request);
        if (!statement) continue;
        if (writes && *writes != statement->writes()) {
            return errors::validation(
                "The entire batch must consist of either read statements or write statements; you "
                "can't mix both in one batch.");
        }
        writes = statement->writes();
    }
    return {};
}

Result<void> BatchExecuteStatement::authorize(DynamoDbService& service, OpContext& context,
                                              const Input& input, AuthzRequests& requests) {
    if (!input.statements) return {};
    for (const auto& request : *input.statements) {
        if (!request.statement) continue;
        const auto statement = partiql::parse_request(request);
        if (statement) partiql::ask_for_statement(service, context, *statement, requests);
    }
    return {};
}

Outcome<BatchExecuteStatement::Output> BatchExecuteStatement::run(DynamoDbService& service,
                                                                  OpContext& context,
                                                                  const Input& input) {
    Output output;
    output.responses.emplace();
    for (const auto& request : *input.statements) {
        auto& response = output.responses->emplace_back();
        const auto statement = partiql::parse_request(request);
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
