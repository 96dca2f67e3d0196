// ExecuteTransaction: up to 100 PartiQL statements of one item each, all reads or all writes, all
// or nothing. EXISTS(SELECT ...) is a condition among writes.
//
// IAM:     as ExecuteStatement, for each.
// Errors:  TransactionCanceledException with a reason per statement.
// Source:  DynamoDB API Reference, ExecuteTransaction.
#include "services/dynamodb/partiql/run.h"
#include "services/dynamodb/transact.h"

namespace millrace::dynamodb {
namespace {

using model::dynamodb::TransactWriteItem;
using partiql::Statement;

Result<std::vector<Statement>> parse_all(const ExecuteTransaction::Input& input) {
    std::vector<Statement> statements;
    for (const auto& request : *input.transact_statements) {
        MR_TRY(Statement statement, partiql::parse_request(request));
        if (!statements.empty() && statements[0].writes() != statement.writes()) {
            return errors::validation(
                "The entire transaction must consist of either read statements or write "
                "statements; you can't mix both in one transaction.");
        }
        if (!statement.return_values.empty()) {
            return errors::validation("RETURNING clause is not supported in transactions.");
        }
        statements.push_back(std::move(statement));
    }
    return statements;
}

Result<TransactWriteItem> action_of(const Statement& statement, const Table& table,
                                    const std::optional<std::string>& on_failure) {
    using namespace model::dynamodb;
    TransactWriteItem action;
    switch (statement.kind) {
        case Statement::Kind::kInsert: {
            MR_TRY(action.put, partiql::put_of<Put>(statement, table));
            action.put->return_values_on_condition_check_failure = on_failure;
            break;
        }
        case Statement::Kind::kUpdate: {
            MR_TRY(action.update, partiql::update_of<Update>(statement, table));
            action.update->return_values_on_condition_check_failure = on_failure;
            break;
        }
        case Statement::Kind::kDelete: {
            MR_TRY(action.delete_, partiql::keyed_of<Delete>(statement, table, false));
            action.delete_->return_values_on_condition_check_failure = on_failure;
            break;
        }
        default: {
            MR_TRY(action.condition_check,
                   partiql::keyed_of<ConditionCheck>(statement, table, true));
            action.condition_check->return_values_on_condition_check_failure = on_failure;
            break;
        }
    }
    return action;
}

Outcome<ExecuteTransaction::Output> write_all(DynamoDbService& service, OpContext& context,
                                              const ExecuteTransaction::Input& input,
                                              const std::vector<Statement>& statements) {
    TransactWriteItems::Input writes;
    writes.transact_items.emplace();
    writes.client_request_token = input.client_request_token;
    writes.return_consumed_capacity = input.return_consumed_capacity;
    for (size_t i = 0; i < statements.size(); ++i) {
        MR_TRY(const TableRef table, need_table(service, context, statements[i].table, false));
        MR_TRY(TransactWriteItem action,
               action_of(statements[i], *table,
                         (*input.transact_statements)[i].return_values_on_condition_check_failure));
        writes.transact_items->push_back(std::move(action));
    }
    MR_CHECK_OK(TransactWriteItems::check(writes));
    std::vector<bool> inserts;
    for (const Statement& statement : statements)
        inserts.push_back(statement.kind == Statement::Kind::kInsert);
    auto outcome = transact_write(service, context, writes, inserts);
    if (outcome.is_error()) return std::move(outcome.error());
    ExecuteTransaction::Output output;
    output.responses.emplace(statements.size());
    output.consumed_capacity = std::move(outcome.value().consumed_capacity);
    return output;
}

Outcome<ExecuteTransaction::Output> read_all(DynamoDbService& service, OpContext& context,
                                             const ExecuteTransaction::Input& input,
                                             const std::vector<Statement>& statements) {
    TransactGetItems::Input reads;
    reads.transact_items.emplace();
    reads.return_consumed_capacity = input.return_consumed_capacity;
    std::vector<partiql::Selection> selections;
    for (const Statement& statement : statements) {
        MR_TRY(const TableRef table, need_table(service, context, statement.table, false));
        MR_TRY(partiql::KeyedItem keyed, partiql::plan_item(statement, table->keys));
        MR_TRY(partiql::Selection selection, partiql::Selection::of(statement));
        selections.push_back(std::move(selection));
        auto& get = reads.transact_items->emplace_back().get.emplace();
        get.table_name = statement.table;
        get.key = std::move(keyed.key);
    }
    MR_CHECK_OK(TransactGetItems::check(reads));
    auto outcome = TransactGetItems::run(service, context, reads);
    if (outcome.is_error()) return std::move(outcome.error());
    ExecuteTransaction::Output output;
    output.responses.emplace(statements.size());
    output.consumed_capacity = std::move(outcome.value().consumed_capacity);
    for (size_t i = 0; i < statements.size(); ++i) {
        const auto& item = (*outcome.value().responses)[i].item;
        if (item && selections[i].takes(*item))
            (*output.responses)[i].item = selections[i].project(*item);
    }
    return output;
}

}  // namespace

Result<void> ExecuteTransaction::check(const Input&) { return {}; }

Result<void> ExecuteTransaction::authorize(DynamoDbService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    if (!input.transact_statements) return {};
    for (const auto& request : *input.transact_statements) {
        if (!request.statement) continue;
        const auto statement = partiql::parse_request(request);
        if (statement) partiql::ask_for_statement(service, context, *statement, requests);
    }
    return {};
}

Outcome<ExecuteTransaction::Output> ExecuteTransaction::run(DynamoDbService& service,
                                                            OpContext& context,
                                                            const Input& input) {
    MR_TRY(const std::vector<Statement> statements, parse_all(input));
    return statements[0].writes() ? write_all(service, context, input, statements)
                                  : read_all(service, context, input, statements);
}

}  // namespace millrace::dynamodb
