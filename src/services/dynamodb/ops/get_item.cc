// GetItem: one item by its key.
// IAM: dynamodb:GetItem. Cost: one read of the store. What was read is durable before it is shown,
// also without ConsistentRead. Source: DynamoDB API Reference, GetItem.
#include "services/dynamodb/access.h"
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

Result<void> GetItem::check(const Input& input) {
    MR_CHECK_OK(expression::check_parameters(
        {{"AttributesToGet", input.attributes_to_get.has_value()}},
        {{"ProjectionExpression", input.projection_expression.has_value(), false}},
        input.expression_attribute_names, std::nullopt));
    return check_item(input.key);
}

Result<void> GetItem::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                                AuthzRequests& requests) {
    ask_for_items(service, context, input.table_name, "GetItem", requests, [&](Touched& touched) {
        static const std::optional<item::Item> kNoValues;
        expression::ExpressionContext parsing(input.expression_attribute_names, kNoValues);
        touched.item(input.key);
        touched.projection(input.projection_expression, input.attributes_to_get, parsing);
        touched.return_consumed_capacity = input.return_consumed_capacity.value_or("");
    });
    return {};
}

Outcome<GetItem::Output> GetItem::run(DynamoDbService& service, OpContext& context,
                                      const Input& input) {
    MR_TRY(const std::optional<expression::Projection> projection, parse_projection(input));
    MR_TRY(const TableRef table, need_table(service, context, *input.table_name, false));
    MR_TRY(const ItemKey key, key_of_request(*table, *input.key));
    const StoredItem stored = read_item(context.txn(), key);
    const size_t size = stored.exists() ? item::item_size(stored.view()) : 0;
    const double units = read_units(size, input.consistent_read.value_or(false));
    MR_CHECK_OK(take_read(context, *table, nullptr, units));
    Output output;
    if (stored.exists()) {
        output.item = projection ? expression::project(*projection, stored.view())
                                 : item::Item(stored.view());
    }
    output.consumed_capacity =
        consumed(input.return_consumed_capacity, table->name, Units{.table = units});
    return output;
}

}  // namespace millrace::dynamodb
