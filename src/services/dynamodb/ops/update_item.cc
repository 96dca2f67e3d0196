// UpdateItem: changes attributes of an item, which is created when it is not there.
// IAM: dynamodb:UpdateItem. Source: DynamoDB API Reference, UpdateItem.
#include "services/dynamodb/access.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

Result<void> UpdateItem::check(const Input& input) {
    const bool updates = input.attribute_updates.has_value();
    const bool expected = input.expected.has_value();
    const bool conditional = input.conditional_operator.has_value();
    MR_CHECK_OK(expression::check_parameters(
        {{"AttributeUpdates", updates},
         {"Expected", expected},
         {"ConditionalOperator", conditional}},
        {{"UpdateExpression", input.update_expression.has_value()},
         {"ConditionExpression", input.condition_expression.has_value()}},
        input.expression_attribute_names, input.expression_attribute_values));
    return check_item(input.key);
}

Result<void> UpdateItem::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    ask_for_items(
        service, context, input.table_name, "UpdateItem", requests, [&](Touched& touched) {
            expression::ExpressionContext parsing(input.expression_attribute_names,
                                                  input.expression_attribute_values);
            touched.item(input.key);
            touched.update(input.update_expression, parsing);
            touched.names_of(input.attribute_updates);
            touched.names_of(input.expected);
            touched.condition(input.condition_expression, expression::Kind::kCondition, parsing);
            touched.return_values = input.return_values.value_or("NONE");
            touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
        });
    return {};
}

Outcome<UpdateItem::Output> UpdateItem::run(DynamoDbService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const WriteExpressions expressions, parse_write(input));
    ItemWrite write;
    write.kind = ItemWrite::Kind::kUpdate;
    MR_TRY(write.table, need_table(service, context, *input.table_name, true));
    MR_TRY(write.key, key_of_request(*write.table, *input.key));
    if (expressions.update) {
        MR_CHECK_OK(
            expression::check_key_not_updated(*expressions.update, write.table->keys.names()));
    }
    write.item = &*input.key;
    write.expressions = &expressions;
    MR_TRY(const WriteCost cost,
           write_if(context, write, input.return_values_on_condition_check_failure));
    Output output;
    const std::string returned = input.return_values.value_or("NONE");
    return_old(returned, write, output);
    if (returned == "ALL_NEW") {
        output.attributes = write.updated;
    } else if (expressions.update && (returned == "UPDATED_OLD" || returned == "UPDATED_NEW")) {
        const bool is_new = returned == "UPDATED_NEW";
        item::Item touched = expression::project_updated(
            *expressions.update, is_new ? write.updated.view() : write.before.view(), is_new);
        if (!touched.empty()) output.attributes = std::move(touched);
    }
    output.consumed_capacity = consumed_by(input.return_consumed_capacity, *write.table, cost);
    output.item_collection_metrics =
        metrics_of(context, input.return_item_collection_metrics, write);
    return output;
}

}  // namespace millrace::dynamodb
