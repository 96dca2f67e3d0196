// DescribeImport and ListImports. IAM: the actions of these names. Source: DynamoDB API Reference.
#include "services/dynamodb/backup/transfers.h"

namespace millrace::dynamodb {

Result<void> DescribeImport::check(const Input&) { return {}; }

Result<void> DescribeImport::authorize(DynamoDbService&, OpContext&, const Input& input,
                                       AuthzRequests& requests) {
    ask_for_record(input.import_arn, RecordKind::kImport, "DescribeImport", requests);
    return {};
}

Outcome<DescribeImport::Output> DescribeImport::run(DynamoDbService&, OpContext& context,
                                                    const Input& input) {
    const auto address = parse_record_arn(*input.import_arn, RecordKind::kImport);
    const auto row =
        address ? context.txn().get(record_key(address->table, RecordKind::kImport, address->id))
                : std::nullopt;
    const auto entry = row ? decode_import(*row) : std::nullopt;
    if (!entry || entry->table.name != address->table.name)
        return errors::import_not_found(*input.import_arn);
    Output output;
    output.import_table_description = describe_import(*entry);
    return output;
}

Result<void> ListImports::check(const Input&) { return {}; }

Result<void> ListImports::authorize(DynamoDbService&, OpContext& context, const Input&,
                                    AuthzRequests& requests) {
    ask_for_list(context, "ListImports", requests);
    return {};
}

Outcome<ListImports::Output> ListImports::run(DynamoDbService&, OpContext& context,
                                              const Input& input) {
    MR_TRY(const auto page, list_transfers<Import>(
                                context, RecordKind::kImport, input.table_arn, input.next_token,
                                static_cast<size_t>(input.page_size.value_or(25)), decode_import));
    Output output;
    output.import_summary_list.emplace();
    for (const auto& [arn, entry] : page.entries) {
        const auto described = describe_import(entry);
        auto& summary = output.import_summary_list->emplace_back();
        summary.import_arn = arn;
        summary.import_status = described.import_status;
        summary.table_arn = described.table_arn;
        summary.s3_bucket_source = described.s3_bucket_source;
        summary.input_format = described.input_format;
        summary.start_time = described.start_time;
        summary.end_time = described.end_time;
    }
    output.next_token = page.next_token;
    return output;
}

}  // namespace millrace::dynamodb
