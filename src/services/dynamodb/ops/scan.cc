// Scan: all items, in the order of their keys' hashes; a segment is a range of hashes.
// IAM: dynamodb:Scan. Cost: the page. Source: DynamoDB API Reference, Scan.
#include "services/dynamodb/capacity.h"
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

std::string partition_from(const Table& table, uint64_t hash_prefix) {
    std::string partition = table_id_bytes(table.id);
    append_u64(partition, hash_prefix);
    return partition;
}

}  // namespace

Outcome<Scan::Output> Scan::run(DynamoDbService& service, OpContext& context, const Input& input) {
    MR_TRY(const ReadRequest request, parse_read(input));
    MR_TRY(const TableRef table, need_table(service, context, *input.table_name, false));
    if (input.index_name) return errors::index_unknown(*input.index_name);

    const auto total = static_cast<uint64_t>(input.total_segments.value_or(1));
    const auto segment = static_cast<uint64_t>(input.segment.value_or(0));
    std::string from = partition_from(*table, segment_begin(segment, total));
    std::string from_sort;
    // Behind the last segment: the first partition of the next table id.
    const std::string to = segment + 1 == total
                               ? table_id_bytes(table->id) + std::string(17, '\xff')
                               : partition_from(*table, segment_begin(segment + 1, total));
    if (input.exclusive_start_key) {
        const auto start = key_of_request(*table, *input.exclusive_start_key);
        if (!start) return errors::starting_key_invalid(start.error().message);
        if (start->partition < from || start->partition >= to) {
            return errors::starting_key_invalid(
                "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                "TotalSegments: " +
                std::to_string(total) + " Segment: " + std::to_string(segment));
        }
        from = start->partition;
        from_sort = start->sort + '\0';
    }
    PageReader page(*table, request, input.limit);
    context.txn().scan_space(
        store::Space::kItems, from, from_sort, to,
        [&](std::string_view, std::string_view, std::string_view row) { return page.take(row); });
    const double units = read_units(page.bytes(), input.consistent_read.value_or(false));
    MR_CHECK_OK(take_read(context, *table, nullptr, units));
    Output output;
    page.fill(output);
    output.consumed_capacity =
        consumed(input.return_consumed_capacity, table->name, Units{.table = units});
    return output;
}

}  // namespace millrace::dynamodb
