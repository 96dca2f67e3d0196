// ImportTable: makes a table of the objects in a bucket, DynamoDB JSON or CSV. Records that are no
// items of the table are counted as errors and left out; the table is CREATING until all are read.
//
// IAM:     dynamodb:ImportTable on the table, s3:ListBucket on the bucket, s3:GetObject on the
//          prefix.
// Errors:  ResourceInUseException, LimitExceededException, ImportConflictException.
// Source:  DynamoDB API Reference, ImportTable; Developer Guide, "DynamoDB data import from Amazon
// S3".
#include "codec/digest.h"
#include "services/dynamodb/backup/transfers.h"

namespace millrace::dynamodb {
namespace {

CreateTable::Input creation_of(const ImportTable::Input& input) {
    const auto& wanted = *input.table_creation_parameters;
    CreateTable::Input creation;
    creation.table_name = wanted.table_name;
    creation.attribute_definitions = wanted.attribute_definitions;
    creation.key_schema = wanted.key_schema;
    creation.billing_mode = wanted.billing_mode;
    creation.provisioned_throughput = wanted.provisioned_throughput;
    creation.on_demand_throughput = wanted.on_demand_throughput;
    creation.sse_specification = wanted.sse_specification;
    creation.global_secondary_indexes = wanted.global_secondary_indexes;
    return creation;
}

std::string digest_of(const ImportTable::Input& input) {
    std::string text;
    for (const auto& part :
         {input.s3_bucket_source->s3_bucket, input.s3_bucket_source->s3_bucket_owner,
          input.s3_bucket_source->s3_key_prefix, input.input_format, input.input_compression_type,
          input.table_creation_parameters->table_name})
        append_bytes(text, part.value_or(""));
    if (input.input_format_options && input.input_format_options->csv) {
        const auto& csv = *input.input_format_options->csv;
        append_bytes(text, csv.delimiter.value_or(""));
        for (const std::string& header : csv.header_list.value_or(std::vector<std::string>{}))
            append_bytes(text, header);
    }
    return codec::sha256(text);
}

}  // namespace

Result<void> ImportTable::check(const Input& input) {
    if (input.input_format == "ION") return errors::unsupported("InputFormat ION");
    if (input.input_compression_type == "ZSTD")
        return errors::unsupported("InputCompressionType ZSTD");
    if (input.input_format_options && input.input_format_options->csv &&
        input.input_format != "CSV") {
        return errors::invalid_parameter(
            "InputFormatOptions.Csv can be specified only when InputFormat is CSV");
    }
    return CreateTable::check(creation_of(input));
}

Result<void> ImportTable::authorize(DynamoDbService& service, OpContext& context,
                                    const Input& input, AuthzRequests& requests) {
    if (!input.table_creation_parameters || !input.s3_bucket_source ||
        !input.s3_bucket_source->s3_bucket)
        return {};
    ask(context, input.table_creation_parameters->table_name, "ImportTable", requests);
    const std::string& bucket = *input.s3_bucket_source->s3_bucket;
    const std::string prefix = input.s3_bucket_source->s3_key_prefix.value_or("");
    requests.push_back(service.objects().ask(context, "s3:ListBucket", bucket, ""));
    requests.push_back(
        service.objects().ask(context, "s3:GetObject", bucket, prefix.empty() ? "*" : prefix));
    return {};
}

Outcome<ImportTable::Output> ImportTable::run(DynamoDbService& service, OpContext& context,
                                              const Input& input) {
    const std::string digest = digest_of(input);
    MR_TRY(const auto repeated,
           find_repeated<Import>(context, RecordKind::kImport, input.client_token, digest,
                                 decode_import, errors::import_conflict()));
    Output output;
    if (repeated) {
        output.import_table_description = describe_import(*repeated);
        return output;
    }
    MR_CHECK_OK(check_job_count(context, JobKind::kImport, kImportsMax));
    const CreateTable::Input creation = creation_of(input);
    auto created = CreateTable::run(service, context, creation);
    if (created.is_error()) return std::move(created.error());
    const auto address =
        parse_table_address(*creation.table_name, context.account(), context.region());
    Table table = *service.catalog().load(context.txn(), *address);
    table.creating = true;
    service.catalog().put(context.txn(), table);

    Import entry;
    entry.id = new_record_id(context.now(), context.rng());
    entry.started = context.now();
    entry.table = *address;
    entry.table_uuid = table.uuid;
    entry.token = input.client_token.value_or("");
    entry.request_digest = digest;
    entry.place = {*input.s3_bucket_source->s3_bucket,
                   input.s3_bucket_source->s3_bucket_owner.value_or(""),
                   input.s3_bucket_source->s3_key_prefix.value_or("")};
    entry.format = input.input_format == "CSV" ? ImportFormat::kCsv : ImportFormat::kJson;
    entry.compression = input.input_compression_type.value_or("");
    entry.gzip = entry.compression == "GZIP";
    if (input.input_format_options && input.input_format_options->csv) {
        const auto& csv = *input.input_format_options->csv;
        entry.delimiter = csv.delimiter.value_or("");
        entry.headers = csv.header_list.value_or(std::vector<std::string>{});
    }
    entry.creation = encode_table(table);
    context.txn().put(record_key(entry.table, RecordKind::kImport, entry.id), encode_import(entry));
    Job job;
    job.kind = JobKind::kImport;
    job.table = entry.table;
    job.id = entry.id;
    job.source = table;
    start_job(context, job);
    output.import_table_description = describe_import(entry);
    return output;
}

}  // namespace millrace::dynamodb
