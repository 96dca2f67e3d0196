// Query: the items of one partition in the order of their sort keys.
// IAM: dynamodb:Query. Cost: the page, not the table. Source: DynamoDB API Reference, Query.
#include "services/dynamodb/capacity.h"
#include "services/dynamodb/reading.h"

namespace millrace::dynamodb {

Result<void> Query::check(const Input& input) {
    MR_CHECK_OK(expression::check_parameters(
        {{"AttributesToGet", input.attributes_to_get.has_value()},
         {"QueryFilter", input.query_filter.has_value()},
         {"ConditionalOperator", input.conditional_operator.has_value()},
         {"KeyConditions", input.key_conditions.has_value()}},
        {{"ProjectionExpression", input.projection_expression.has_value(), false},
         {"FilterExpression", input.filter_expression.has_value()},
         {"KeyConditionExpression", input.key_condition_expression.has_value()}},
        input.expression_attribute_names, input.expression_attribute_values));
    if (!input.key_condition_expression && !input.key_conditions) {
        return errors::validation(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
            "request.");
    }
    return check_start_key(input.exclusive_start_key);
}

Result<void> Query::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                              AuthzRequests& requests) {
    ask_to_read(service, context, input, "Query", requests);
    return {};
}

Outcome<Query::Output> Query::run(DynamoDbService& service, OpContext& context,
                                  const Input& input) {
    MR_TRY(const ReadRequest request, parse_read(input));
    MR_TRY(const TableRef table, need_table(service, context, *input.table_name, false));
    if (input.index_name) return errors::index_unknown(*input.index_name);
    MR_TRY(const expression::KeyRange range,
           expression::bind_key_condition(*request.key_condition, table->keys.schema()));
    if (request.filter) {
        MR_CHECK_OK(expression::check_filter_without_keys(*request.filter, table->keys.names(),
                                                          request.legacy_filter));
    }
    const ItemKey partition = make_item_key(*table, range.hash, {});
    const bool descending = !input.scan_index_forward.value_or(true);
    std::string from = range.low;
    std::string to = range.high;
    if (input.exclusive_start_key) {
        const auto start = key_of_request(*table, *input.exclusive_start_key);
        if (!start) return errors::starting_key_invalid(start.error().message);
        if (start->partition != partition.partition) {
            return errors::validation(
                "The provided starting key is outside query boundaries based on provided "
                "conditions");
        }
        if (!range.contains(start->sort)) {
            return errors::validation(
                "The provided starting key does not match the range key predicate");
        }
        if (descending) {
            to = start->sort;
        } else {
            from = start->sort + '\0';
        }
    }
    PageReader page(*table, request, input.limit);
    // Descending to the very first key: nothing is before an empty sort key.
    const bool nothing_left = descending && input.exclusive_start_key && to.empty();
    if (!nothing_left) {
        context.txn().scan({store::Space::kItems, partition.partition, from, to, descending},
                           [&](std::string_view, std::string_view row) { return page.take(row); });
    }
    const double units = read_units(page.bytes(), input.consistent_read.value_or(false));
    MR_CHECK_OK(take_read(context, *table, nullptr, units));
    Output output;
    page.fill(output);
    output.consumed_capacity =
        consumed(input.return_consumed_capacity, table->name, Units{.table = units});
    return output;
}

}  // namespace millrace::dynamodb
