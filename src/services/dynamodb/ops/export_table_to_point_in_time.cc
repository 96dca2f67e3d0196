// ExportTableToPointInTime: writes a table's items, or what became of them between two times, into
// a bucket. The files are written in the background, on behalf of the caller.
//
// IAM:     dynamodb:ExportTableToPointInTime on the table, s3:PutObject on the files.
// Errors:  TableNotFoundException, PointInTimeRecoveryUnavailableException,
//          InvalidExportTimeException, ExportConflictException, LimitExceededException.
// Source:  DynamoDB API Reference, ExportTableToPointInTime; Developer Guide, "DynamoDB data export
// to Amazon S3".
#include "codec/digest.h"
#include "services/dynamodb/backup/transfers.h"

namespace millrace::dynamodb {
namespace {

// Source: Developer Guide, "Requesting a table export".
constexpr std::chrono::hours kIncrementMax{24};

TimePoint whole_second(TimePoint time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::string digest_of(const ExportTableToPointInTime::Input& input) {
    std::string text;
    const auto add = [&](const std::optional<std::string>& part) {
        append_bytes(text, part.value_or(""));
    };
    const auto add_time = [&](const std::optional<TimePoint>& time) {
        append_u64(text, time ? static_cast<uint64_t>(time->time_since_epoch().count()) : 0);
    };
    for (const auto& part :
         {input.table_arn, input.s3_bucket, input.s3_bucket_owner, input.s3_prefix,
          input.s3_sse_algorithm, input.export_format, input.export_type})
        add(part);
    add_time(input.export_time);
    if (const auto& range = input.incremental_export_specification) {
        add_time(range->export_from_time);
        add_time(range->export_to_time);
        add(range->export_view_type);
    }
    return codec::sha256(text);
}

// The state just before a time, which is exclusive.
Cut before(Cut cut, TimePoint time) {
    cut.time = time - Duration(1);
    cut.oldest = time;
    return cut;
}

}  // namespace

Result<void> ExportTableToPointInTime::check(const Input& input) {
    if (!input.table_arn->starts_with("arn:"))
        return errors::validation("Invalid TableArn: " + *input.table_arn);
    if (input.export_format == "ION") return errors::unsupported("ExportFormat ION");
    if (input.s3_sse_algorithm == "KMS" || input.s3_sse_kms_key_id)
        return errors::unsupported("S3SseAlgorithm KMS");
    const bool incremental = input.export_type == "INCREMENTAL_EXPORT";
    if (!incremental && input.incremental_export_specification) {
        return errors::invalid_parameter(
            "IncrementalExportSpecification can be specified only for INCREMENTAL_EXPORT");
    }
    if (!incremental) return {};
    const auto& range = input.incremental_export_specification;
    if (!range || !range->export_from_time) {
        return errors::invalid_parameter("ExportFromTime must be specified for INCREMENTAL_EXPORT");
    }
    if (input.export_time) {
        return errors::invalid_parameter("ExportTime cannot be specified for INCREMENTAL_EXPORT");
    }
    return {};
}

Result<void> ExportTableToPointInTime::authorize(DynamoDbService& service, OpContext& context,
                                                 const Input& input, AuthzRequests& requests) {
    ask(service, context, input.table_arn, "ExportTableToPointInTime", requests);
    if (!input.s3_bucket) return {};
    std::string folder = input.s3_prefix.value_or("");
    if (!folder.empty() && !folder.ends_with('/')) folder += '/';
    requests.push_back(
        service.objects().ask(context, "s3:PutObject", *input.s3_bucket, folder + "AWSDynamoDB/"));
    return {};
}

Outcome<ExportTableToPointInTime::Output> ExportTableToPointInTime::run(DynamoDbService& service,
                                                                        OpContext& context,
                                                                        const Input& input) {
    const std::string digest = digest_of(input);
    MR_TRY(const auto repeated,
           find_repeated<Export>(context, RecordKind::kExport, input.client_token, digest,
                                 decode_export, errors::export_conflict()));
    Output output;
    if (repeated) {
        output.export_description = describe_export(*repeated);
        return output;
    }
    MR_TRY(const TableRef table, need_source(service, context, *input.table_arn));
    if (!table->history.recovery) return errors::recovery_unavailable(table->name);
    MR_CHECK_OK(check_job_count(context, JobKind::kExport, kExportsMax));

    const RecoveryWindow window = recovery_window(*table, context.now());
    const auto outside = [&](TimePoint time) {
        return time < window.earliest || time > window.latest;
    };
    Export entry;
    entry.id = new_record_id(context.now(), context.rng());
    entry.started = context.now();
    entry.time = context.now();
    entry.table = {table->account, table->region, table->name};
    entry.table_uuid = table->uuid;
    entry.token = input.client_token.value_or("");
    entry.request_digest = digest;
    entry.place = {*input.s3_bucket, input.s3_bucket_owner.value_or(""),
                   input.s3_prefix.value_or("")};
    entry.sse_algorithm = input.s3_sse_algorithm.value_or("");

    Job job;
    job.kind = JobKind::kExport;
    job.table = entry.table;
    job.id = entry.id;
    job.source = *table;
    job.live_source = true;
    job.position = first_position(table->id);
    if (input.export_type == "INCREMENTAL_EXPORT") {
        const auto& range = *input.incremental_export_specification;
        entry.incremental = true;
        entry.old_images = range.export_view_type != "NEW_IMAGE";
        entry.from = whole_second(*range.export_from_time);
        if (range.export_to_time) entry.time = whole_second(*range.export_to_time);
        if (outside(entry.from)) return errors::invalid_export_time("ExportFromTime");
        if (range.export_to_time && outside(entry.time))
            return errors::invalid_export_time("ExportToTime");
        if (entry.time <= entry.from || entry.time - entry.from > kIncrementMax) {
            return errors::invalid_parameter(
                "ExportToTime must be after ExportFromTime, by 24 hours at most");
        }
        const Cut now = cut_table(service, context, *table);
        job.from = before(now, entry.from);
        job.cut = range.export_to_time ? before(now, entry.time) : now;
    } else {
        if (input.export_time) {
            entry.time = whole_second(*input.export_time);
            if (outside(entry.time)) return errors::invalid_export_time("ExportTime");
        }
        job.cut = cut_table(service, context, *table, input.export_time ? entry.time : Cut::kNow);
    }
    context.txn().put(record_key(entry.table, RecordKind::kExport, entry.id), encode_export(entry));
    start_job(context, job);
    output.export_description = describe_export(entry);
    return output;
}

}  // namespace millrace::dynamodb
