// DescribeExport and ListExports. IAM: the actions of these names. Source: DynamoDB API Reference.
#include "services/dynamodb/backup/transfers.h"

namespace millrace::dynamodb {

Result<void> DescribeExport::check(const Input&) { return {}; }

Result<void> DescribeExport::authorize(DynamoDbService&, OpContext&, const Input& input,
                                       AuthzRequests& requests) {
    ask_for_record(input.export_arn, RecordKind::kExport, "DescribeExport", requests);
    return {};
}

Outcome<DescribeExport::Output> DescribeExport::run(DynamoDbService&, OpContext& context,
                                                    const Input& input) {
    const auto address = parse_record_arn(*input.export_arn, RecordKind::kExport);
    const auto row =
        address ? context.txn().get(record_key(address->table, RecordKind::kExport, address->id))
                : std::nullopt;
    const auto entry = row ? decode_export(*row) : std::nullopt;
    if (!entry || entry->table.name != address->table.name)
        return errors::export_not_found(*input.export_arn);
    Output output;
    output.export_description = describe_export(*entry);
    return output;
}

Result<void> ListExports::check(const Input&) { return {}; }

Result<void> ListExports::authorize(DynamoDbService&, OpContext& context, const Input&,
                                    AuthzRequests& requests) {
    ask_for_list(context, "ListExports", requests);
    return {};
}

Outcome<ListExports::Output> ListExports::run(DynamoDbService&, OpContext& context,
                                              const Input& input) {
    MR_TRY(
        const auto page,
        list_transfers<Export>(context, RecordKind::kExport, input.table_arn, input.next_token,
                               static_cast<size_t>(input.max_results.value_or(25)), decode_export));
    Output output;
    output.export_summaries.emplace();
    for (const auto& [arn, entry] : page.entries) {
        auto& summary = output.export_summaries->emplace_back();
        summary.export_arn = arn;
        summary.export_status = std::string(status_name(entry.status));
        summary.export_type = entry.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT";
    }
    output.next_token = page.next_token;
    return output;
}

}  // namespace millrace::dynamodb
