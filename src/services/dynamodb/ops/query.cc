// Query: the items of one partition in the order of their sort keys.
// IAM: dynamodb:Query. Cost: the page, not the table. Source: DynamoDB API Reference, Query.
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

namespace {

std::string partition_of(const ReadTarget& target, const expression::KeyRange& range) {
    if (!target.index) return make_item_key(*target.table, range.hash, {}).partition;
    std::string encoded;
    item::append_key(encoded, range.hash);
    for (const item::Value& more : range.more_hashes) item::append_key(encoded, more);
    return index_partition(*target.table, *target.index, encoded);
}

}  // namespace

Outcome<Query::Output> Query::run(DynamoDbService& service, OpContext& context,
                                  const Input& input) {
    MR_TRY(const ReadRequest request, parse_read(input));
    const bool consistent = input.consistent_read.value_or(false);
    MR_TRY(TableRef table, need_table(service, context, *input.table_name, false));
    MR_TRY(const ReadTarget target,
           find_target(std::move(table), input.index_name, consistent, request));
    MR_TRY(const expression::KeyRange range,
           expression::bind_key_condition(*request.key_condition, target.keys().schema()));
    if (request.filter) {
        MR_CHECK_OK(expression::check_filter_without_keys(*request.filter, target.keys().names(),
                                                          request.legacy_filter));
    }
    const std::string partition = partition_of(target, range);
    const bool descending = !input.scan_index_forward.value_or(true);
    std::string from = range.low;
    std::string to = range.high;
    if (input.exclusive_start_key) {
        MR_TRY(store::Key start, start_row(target, *input.exclusive_start_key));
        if (start.partition != partition) {
            return errors::validation(
                "The provided starting key is outside query boundaries based on provided "
                "conditions");
        }
        if (!range.contains(start.sort)) {
            return errors::validation(
                "The provided starting key does not match the range key predicate");
        }
        (descending ? to : from) = std::move(start.sort);
        if (!descending) from += '\0';
    }
    PageReader page(target, request, input.limit);
    // Descending to the very first key: nothing is before an empty sort key.
    const bool nothing_left = descending && input.exclusive_start_key && to.empty();
    if (!nothing_left) {
        context.txn().scan({target.space(), partition, from, to, descending},
                           [&](std::string_view, std::string_view row) { return page.take(row); });
    }
    Output output;
    MR_CHECK_OK(page.fill(context, input.return_consumed_capacity, consistent, output));
    return output;
}

}  // namespace millrace::dynamodb
