// Runs one PartiQL statement through the operation that it means: Query or Scan, PutItem,
// UpdateItem, DeleteItem. Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/operations.h"
#include "services/dynamodb/partiql/translate.h"

namespace millrace::dynamodb::partiql {

struct Options {
    std::optional<bool> consistent_read;
    std::optional<std::string> return_consumed_capacity;
    std::optional<int32_t> limit;           // items read, not items found
    std::optional<std::string> next_token;  // of a statement with this digest
    std::string digest;
    std::optional<std::string> return_values_on_failure;
};

struct Answer {
    std::vector<item::Item> items;
    std::optional<item::Item> last_key;
    std::optional<std::string> next_token;
    std::optional<model::dynamodb::ConsumedCapacity> consumed;
};

// A statement of a request, with its parameters checked.
template <class Request>
Result<Statement> parse_request(const Request& request) {
    if (request.parameters) {
        for (const item::Value& parameter : *request.parameters)
            MR_CHECK_OK(item::check_valid(parameter));
    }
    return parse(*request.statement, request.parameters ? &*request.parameters : nullptr);
}

// Binds a page's token to the statement and its parameters.
std::string digest_of(const std::string& statement, const std::vector<item::Value>* parameters);

// Asks for dynamodb:PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete, with the keys and
// attributes, and whether it is a full scan, where a policy looks at these.
void ask_for_statement(DynamoDbService& service, OpContext& context, const Statement& statement,
                       AuthzRequests& requests);

Result<Answer> run(DynamoDbService& service, OpContext& context, const Statement& statement,
                   const Options& options);

// What is left to a reader: the WHERE clause on an item that was read, and the attributes asked
// for.
class Selection {
public:
    static Result<Selection> of(const Statement& statement);
    bool takes(item::ItemView item) const {
        return !filter_ || expression::evaluate(*filter_, item);
    }
    item::Item project(item::ItemView item) const {
        return projection_ ? expression::project(*projection_, item) : item::Item(item);
    }

private:
    std::shared_ptr<const item::Item> values_;  // the filter has views of them
    std::optional<expression::Condition> filter_;
    std::optional<expression::Projection> projection_;  // nothing: all attributes
};

// A write's request in the words of its operation; Write is Put, Update, Delete or ConditionCheck
// of a transaction, or the operation's own input.
template <class Write>
Result<void> write_condition(Write& write, Writer& writer, const std::vector<const Node*>& terms,
                             std::string condition) {
    for (const Node* term : terms) {
        MR_TRY(const std::string text, writer.condition(*term));
        const bool needs_parens = term->is_operator("OR");
        condition += (condition.empty() ? "" : " AND ") + (needs_parens ? "(" + text + ")" : text);
    }
    if (!condition.empty()) write.condition_expression = std::move(condition);
    write.expression_attribute_names = writer.names();
    write.expression_attribute_values = writer.values();
    return {};
}
template <class Write>
Result<Write> put_of(const Statement& statement, const Table& table) {
    Write write;
    Writer writer;
    write.table_name = statement.table;
    write.item = statement.item;
    MR_CHECK_OK(write_condition(
        write, writer, {}, "attribute_not_exists(" + writer.attribute(table.keys.hash.name) + ")"));
    return write;
}
template <class Write>
Result<Write> update_of(const Statement& statement, const Table& table) {
    MR_TRY(KeyedItem item, plan_item(statement, table.keys));
    Write write;
    Writer writer;
    write.table_name = statement.table;
    write.key = std::move(item.key);
    MR_TRY(write.update_expression, writer.update(statement));
    // An update never makes an item.
    MR_CHECK_OK(
        write_condition(write, writer, item.rest,
                        "attribute_exists(" + writer.attribute(table.keys.hash.name) + ")"));
    return write;
}
// Delete and ConditionCheck. `exists`: the item must be there.
template <class Write>
Result<Write> keyed_of(const Statement& statement, const Table& table, bool exists) {
    MR_TRY(KeyedItem item, plan_item(statement, table.keys));
    Write write;
    Writer writer;
    write.table_name = statement.table;
    write.key = std::move(item.key);
    std::string condition;
    if (exists) condition = "attribute_exists(" + writer.attribute(table.keys.hash.name) + ")";
    MR_CHECK_OK(write_condition(write, writer, item.rest, std::move(condition)));
    return write;
}

}  // namespace millrace::dynamodb::partiql
