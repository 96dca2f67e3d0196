// One conditional write of one item: what PutItem, UpdateItem, DeleteItem and the actions of
// TransactWriteItems share. Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>

#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/operations.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {

using Names = std::optional<std::map<std::string, std::string>>;

// The expressions of a write, parsed. The request must outlive it.
struct WriteExpressions {
    std::optional<expression::Condition> condition;
    std::optional<expression::Update> update;
};
Result<WriteExpressions> parse_write(const std::optional<std::string>& condition,
                                     const std::optional<std::string>& update, const Names& names,
                                     const std::optional<item::Item>& values);

// What a write is to do, and what came of it.
struct ItemWrite {
    enum class Kind : uint8_t { kPut, kUpdate, kDelete, kCheck };
    Kind kind = Kind::kPut;
    TableRef table;
    ItemKey key;
    item::Item item;  // kPut: the item; others: the key
    const WriteExpressions* expressions = nullptr;

    StoredItem before;
    std::optional<item::Item> after;  // kPut, kUpdate
    bool condition_holds = true;
};

// Reads the item and evaluates the condition and the update, but writes nothing. An error is the
// update's.
Result<void> prepare(store::Txn& txn, ItemWrite& write);
// Writes what prepare() found.
WriteCost carry_out(OpContext& context, const ItemWrite& write);
// Both, for a single write. ConditionalCheckFailedException, with the item as it was when
// `on_failure` is ALL_OLD.
Result<WriteCost> write_if(OpContext& context, ItemWrite& write,
                           const std::optional<std::string>& on_failure);

// What PutItem and DeleteItem check alike before they look at the item or key.
template <class Input>
Result<void> check_conditional_write(const Input& input) {
    MR_CHECK_OK(expression::check_parameters(
        {{"Expected", input.expected.has_value()},
         {"ConditionalOperator", input.conditional_operator.has_value()}},
        {{"ConditionExpression", input.condition_expression.has_value()}},
        input.expression_attribute_names, input.expression_attribute_values));
    MR_CHECK_OK(refuse_legacy({{"Expected", input.expected.has_value()},
                               {"ConditionalOperator", input.conditional_operator.has_value()}}));
    if (input.return_values && *input.return_values != "NONE" &&
        *input.return_values != "ALL_OLD") {
        return errors::validation("Return values set to invalid value");
    }
    return {};
}

}  // namespace millrace::dynamodb
