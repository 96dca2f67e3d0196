// DeleteItem: deletes an item by its key. Deleting what is not there succeeds, unless a condition
// fails. IAM: dynamodb:DeleteItem. Source: DynamoDB API Reference, DeleteItem.
#include "services/dynamodb/access.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

Result<void> DeleteItem::check(const Input& input) {
    return check_conditional_write(input, input.key);
}

Result<void> DeleteItem::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                                   AuthzRequests& requests) {
    ask_for_items(
        service, context, input.table_name, "DeleteItem", requests, [&](Touched& touched) {
            expression::ExpressionContext parsing(input.expression_attribute_names,
                                                  input.expression_attribute_values);
            touched.item(input.key);
            touched.names_of(input.expected);
            touched.condition(input.condition_expression, expression::Kind::kCondition, parsing);
            touched.return_values = input.return_values.value_or("NONE");
            touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
        });
    return {};
}

Outcome<DeleteItem::Output> DeleteItem::run(DynamoDbService& service, OpContext& context,
                                            const Input& input) {
    MR_TRY(const WriteExpressions expressions, parse_write(input));
    ItemWrite write;
    write.kind = ItemWrite::Kind::kDelete;
    MR_TRY(write.table, need_table(service, context, *input.table_name, true));
    MR_TRY(write.key, key_of_request(*write.table, *input.key));
    write.item = &*input.key;
    write.expressions = &expressions;
    MR_TRY(const WriteCost cost,
           write_if(context, write, input.return_values_on_condition_check_failure));
    Output output;
    return_old(input.return_values, write, output);
    output.consumed_capacity = consumed_by(input.return_consumed_capacity, *write.table, cost);
    output.item_collection_metrics =
        metrics_of(context, input.return_item_collection_metrics, write);
    return output;
}

}  // namespace millrace::dynamodb
