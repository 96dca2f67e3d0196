// One conditional write of one item: what PutItem, UpdateItem, DeleteItem and the actions of
// TransactWriteItems share. Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "services/dynamodb/capacity.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/item_collection.h"
#include "services/dynamodb/legacy_parameters.h"
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

// The same of a single write, whose condition and update may also be legacy parameters.
template <class Input>
Result<WriteExpressions> parse_write(const Input& input) {
    static const std::optional<std::string> kNoUpdate;
    const std::optional<std::string>* update = &kNoUpdate;
    WriteExpressions legacy;
    if constexpr (requires { input.attribute_updates; }) {
        update = &input.update_expression;
        MR_TRY(legacy.update, parse_attribute_updates(input.attribute_updates));
    }
    MR_TRY(legacy.condition, parse_expected(input.expected, input.conditional_operator));
    if (legacy.condition || legacy.update) return legacy;
    return parse_write(input.condition_expression, *update, input.expression_attribute_names,
                       input.expression_attribute_values);
}

// What a read of single items is to show: ProjectionExpression or AttributesToGet; nothing: all.
template <class Input>
Result<std::optional<expression::Projection>> parse_projection(const Input& input) {
    if constexpr (requires { input.attributes_to_get; }) {
        if (input.attributes_to_get) return parse_attributes_to_get(input.attributes_to_get);
    }
    if (!input.projection_expression) return std::optional<expression::Projection>();
    static const std::optional<item::Item> kNoValues;
    expression::ExpressionContext context(input.expression_attribute_names, kNoValues);
    MR_TRY(expression::Projection projection,
           expression::parse_projection(*input.projection_expression, context));
    MR_CHECK_OK(context.check_all_used());
    return std::optional(std::move(projection));
}

// What a write is to do, and what came of it.
struct ItemWrite {
    enum class Kind : uint8_t { kPut, kUpdate, kDelete, kCheck };
    Kind kind = Kind::kPut;
    TableRef table;
    ItemKey key;
    // The request's: kPut: the item; others: the key. Must outlive this.
    const item::Item* item = nullptr;
    const WriteExpressions* expressions = nullptr;

    StoredItem before;
    item::Item updated;  // kUpdate
    bool condition_holds = true;

    // The item as it is to be; nothing: there is none.
    std::optional<item::ItemView> after() const;
};

// Before any of them is prepared: writers of one item wait for each other instead of repeating.
void lock_items(store::Txn& txn, std::span<const ItemWrite> writes);
// Reads the item and evaluates the condition and the update, but writes nothing. An error is the
// update's.
Result<void> prepare(store::Txn& txn, ItemWrite& write);
// Writes what prepare() found.
WriteCost carry_out(OpContext& context, const ItemWrite& write);
// Both, for a single write. ConditionalCheckFailedException, with the item as it was when
// `on_failure` is ALL_OLD.
Result<WriteCost> write_if(OpContext& context, ItemWrite& write,
                           const std::optional<std::string>& on_failure);

// ItemCollectionMetrics of a single write.
std::optional<model::dynamodb::ItemCollectionMetrics> metrics_of(
    OpContext& context, const std::optional<std::string>& asked, const ItemWrite& write);

// Adds what a write cost; `factor` 2 in transactions.
void add_write_units(Units& units, const Table& table, const WriteCost& cost, double factor = 1);

// ConsumedCapacity of a single write.
std::optional<model::dynamodb::ConsumedCapacity> consumed_by(
    const std::optional<std::string>& asked, const Table& table, const WriteCost& cost);

// What PutItem and DeleteItem check alike. `item`: the item or the key.
template <class Input>
Result<void> check_conditional_write(const Input& input, const std::optional<item::Item>& item) {
    MR_CHECK_OK(expression::check_parameters(
        {{"Expected", input.expected.has_value()},
         {"ConditionalOperator", input.conditional_operator.has_value()}},
        {{"ConditionExpression", input.condition_expression.has_value()}},
        input.expression_attribute_names, input.expression_attribute_values));
    MR_CHECK_OK(check_item(item));
    if (input.return_values && *input.return_values != "NONE" &&
        *input.return_values != "ALL_OLD") {
        return errors::return_values_invalid();
    }
    return {};
}

// Whether the answer is to have the item as it was.
template <class Output>
void return_old(const std::optional<std::string>& return_values, const ItemWrite& write,
                Output& output) {
    if (return_values == "ALL_OLD" && write.before.exists())
        output.attributes = item::Item(write.before.view());
}

}  // namespace millrace::dynamodb
