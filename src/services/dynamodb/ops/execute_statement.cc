// ExecuteStatement: one PartiQL statement.
//
// IAM:     dynamodb:PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete on the table or
//          index.
// Errors:  ValidationException, ConditionalCheckFailedException, DuplicateItemException and those
//          of the operation that the statement means.
// Source:  DynamoDB API Reference, ExecuteStatement; Developer Guide, "PartiQL reference".
#include "services/dynamodb/partiql/run.h"

namespace millrace::dynamodb {

Result<void> ExecuteStatement::check(const Input&) { return {}; }

Result<void> ExecuteStatement::authorize(DynamoDbService& service, OpContext& context,
                                         const Input& input, AuthzRequests& requests) {
    // A statement that can't be read asks for nothing: run() refuses it.
    if (!input.statement) return {};
    const auto statement = partiql::parse_request(input);
    if (statement) partiql::ask_for_statement(service, context, *statement, requests);
    return {};
}

Outcome<ExecuteStatement::Output> ExecuteStatement::run(DynamoDbService& service,
                                                        OpContext& context, const Input& input) {
    MR_TRY(const partiql::Statement statement, partiql::parse_request(input));
    partiql::Options options;
    options.consistent_read = input.consistent_read;
    options.return_consumed_capacity = input.return_consumed_capacity;
    options.limit = input.limit;
    options.next_token = input.next_token;
    options.digest =
        partiql::digest_of(*input.statement, input.parameters ? &*input.parameters : nullptr);
    options.return_values_on_failure = input.return_values_on_condition_check_failure;
    MR_TRY(partiql::Answer answer, partiql::run(service, context, statement, options));
    Output output;
    output.items = std::move(answer.items);
    output.next_token = std::move(answer.next_token);
    output.last_evaluated_key = std::move(answer.last_key);
    output.consumed_capacity = std::move(answer.consumed);
    return output;
}

}  // namespace millrace::dynamodb
