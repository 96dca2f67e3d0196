// Scan: all items, in the order of their keys' hashes; a segment is a range of hashes.
// IAM: dynamodb:Scan. Cost: the page. Source: DynamoDB API Reference, Scan.
#include "services/dynamodb/reading.h"

namespace millrace::dynamodb {

Result<void> Scan::check(const Input& input) {
    MR_CHECK_OK(expression::check_parameters(
        {{"AttributesToGet", input.attributes_to_get.has_value()},
         {"ScanFilter", input.scan_filter.has_value()},
         {"ConditionalOperator", input.conditional_operator.has_value()}},
        {{"ProjectionExpression", input.projection_expression.has_value(), false},
         {"FilterExpression", input.filter_expression.has_value()}},
        input.expression_attribute_names, input.expression_attribute_values));
    if (input.segment && !input.total_segments) {
        return errors::validation(
            "The TotalSegments parameter is required but was not present in the request when "
            "Segment parameter is present");
    }
    if (input.total_segments && !input.segment) {
        return errors::validation(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present");
    }
    if (input.segment && *input.segment >= *input.total_segments) {
        return errors::validation(
            fmt::format("The Segment parameter is zero-based and must be less than parameter "
                        "TotalSegments: Segment: {} is not less than TotalSegments: {}",
                        *input.segment, *input.total_segments));
    }
    return check_start_key(input.exclusive_start_key);
}

Result<void> Scan::authorize(DynamoDbService& service, OpContext& context, const Input& input,
                             AuthzRequests& requests) {
    ask_to_read(service, context, input, "Scan", requests);
    return {};
}

namespace {

// The first hash prefix of a segment, of `total` equal ranges of 64-bit numbers.
uint64_t segment_begin(uint64_t segment, uint64_t total) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(segment) << 64) / total);
}

std::string partition_from(const ReadTarget& target, uint64_t hash_prefix) {
    std::string partition = table_id_bytes(target.id());
    append_u64(partition, hash_prefix);
    return partition;
}

}  // namespace

Outcome<Scan::Output> Scan::run(DynamoDbService& service, OpContext& context, const Input& input) {
    MR_TRY(const ReadRequest request, parse_read(input));
    const bool consistent = input.consistent_read.value_or(false);
    MR_TRY(TableRef table, need_table(service, context, *input.table_name, false));
    MR_TRY(const ReadTarget target,
           find_target(std::move(table), input.index_name, consistent, request));
    const auto total = static_cast<uint64_t>(input.total_segments.value_or(1));
    const auto segment = static_cast<uint64_t>(input.segment.value_or(0));
    std::string from = partition_from(target, segment_begin(segment, total));
    std::string from_sort;
    // Behind the last segment: the first partition of the next id.
    const std::string to = segment + 1 == total
                               ? table_id_bytes(target.id()) + std::string(17, '\xff')
                               : partition_from(target, segment_begin(segment + 1, total));
    if (input.exclusive_start_key) {
        MR_TRY(const store::Key start, start_row(target, *input.exclusive_start_key));
        if (start.partition < from || start.partition >= to) {
            return errors::starting_key_invalid(
                "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                "TotalSegments: " +
                std::to_string(total) + " Segment: " + std::to_string(segment));
        }
        from = start.partition;
        from_sort = start.sort + '\0';
    }
    PageReader page(target, request, input.limit);
    context.txn().scan_space(
        target.space(), from, from_sort, to,
        [&](std::string_view, std::string_view, std::string_view row) { return page.take(row); });
    Output output;
    MR_CHECK_OK(page.fill(context, input.return_consumed_capacity, consistent, output));
    return output;
}

}  // namespace millrace::dynamodb
