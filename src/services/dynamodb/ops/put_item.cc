// PutItem: creates an item or replaces it as a whole.
//
// IAM:     dynamodb:PutItem on the table; dynamodb:LeadingKeys, dynamodb:Attributes.
// Writes:  item, stream record, TTL row: one transaction.
// Errors:  ValidationException, ResourceNotFoundException, ConditionalCheckFailedException.
// Source:  DynamoDB API Reference, PutItem.
#include "services/dynamodb/access.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

Result<void> PutItem::check(const Input& input) {
    return check_conditional_write(input, input.item);
}

Result<void> PutItem::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                                AuthzRequests& requests) {
    ask_for_items(service, context, input.table_name, "PutItem", requests, [&](Touched& touched) {
        expression::ExpressionContext parsing(input.expression_attribute_names,
                                              input.expression_attribute_values);
        touched.item(input.item);
        touched.names_of(input.expected);
        touched.condition(input.condition_expression, expression::Kind::kCondition, parsing);
        touched.return_values = input.return_values.value_or("NONE");
        touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
    });
    return {};
}

Outcome<PutItem::Output> PutItem::run(DynamoDbService& service, OpContext& context,
                                      const Input& input) {
    if (item::item_size(*input.item) > item::kItemSizeBytesMax) return errors::item_too_large();
    MR_TRY(const WriteExpressions expressions, parse_write(input));
    ItemWrite write;
    MR_TRY(write.table, need_table(service, context, *input.table_name, true));
    MR_TRY(write.key, key_of_item(*write.table, *input.item));
    write.item = &*input.item;
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
