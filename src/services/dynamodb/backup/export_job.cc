#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/gzip.h"
#include "codec/hex.h"
#include "codec/json_writer.h"
#include "core/log.h"
#include "services/dynamodb/backup/backups.h"
#include "services/dynamodb/backup/jobs.h"

namespace millrace::dynamodb {
namespace {

// Of one data file, before it is packed.
constexpr size_t kFileBytes = 8 << 20;
constexpr uint8_t kExportFileFormat = 1;

std::string export_folder(const Export& entry) {
    std::string folder = entry.place.prefix;
    if (!folder.empty() && !folder.ends_with('/')) folder += '/';
    return folder + "AWSDynamoDB/";
}

struct DataFile {
    std::string lines;
    std::string next;  // position of the next file; empty: there is none
    int64_t items = 0;
    int64_t bytes = 0;
};

void append_line(DataFile& file, const Table&, const CopiedItem& item) {
    const auto view = item::read_stored(item.row);
    MR_ASSERT(view.has_value());
    file.bytes += static_cast<int64_t>(item::item_size(*view));
    file.lines += R"({"Item":)";
    item::append_json(file.lines, *view);
    file.lines += "}\n";
}

// Source: Amazon DynamoDB Developer Guide, "DynamoDB table export output format".
void append_line(DataFile& file, const Table& table, const ItemChange& change, bool old_images) {
    const std::string& known = change.after.empty() ? change.before : change.after;
    const auto view = item::read_stored(known);
    MR_ASSERT(view.has_value());
    file.lines += fmt::format(R"({{"Metadata":{{"WriteTimestampMicros":{{"N":"{}"}}}},"Keys":)",
                              change.written.time_since_epoch().count());
    item::append_json(file.lines, extract_key(table.keys, *view));
    const auto image = [&](std::string_view name, const std::string& row) {
        if (row.empty()) return;
        const auto shown = item::read_stored(row);
        MR_ASSERT(shown.has_value());
        file.bytes += static_cast<int64_t>(item::item_size(*shown));
        file.lines += fmt::format(R"(,"{}":)", name);
        item::append_json(file.lines, *shown);
    };
    image("NewImage", change.after);
    if (old_images) image("OldImage", change.before);
    file.lines += "}\n";
}

// Reads pages, each in a transaction of its own, until the file is full.
bool read_file(DynamoDbService& service, const Job& job, bool old_images, DataFile& file) {
    file.next = job.position;
    while (!file.next.empty() && file.lines.size() < kFileBytes) {
        CopyPage items;
        ChangePage changes;
        const store::RunResult result = service.store().run([&](store::Txn& txn) {
            if (job.from) {
                changes = read_change_page(txn, job.source.id, *job.from, *job.cut, file.next);
            } else {
                items = read_copy_page(txn, job.source.id, job.cut, file.next);
            }
            return store::TxnDecision::kRollback;
        });
        if (result.status != store::CommitStatus::kOk) return false;
        for (const CopiedItem& item : items.items) append_line(file, job.source, item);
        for (const ItemChange& change : changes.changes)
            append_line(file, job.source, change, old_images);
        file.items += static_cast<int64_t>(items.items.size() + changes.changes.size());
        file.next = job.from ? changes.next : items.next;
    }
    return true;
}

std::string json_or_null(const std::string& text) {
    return text.empty() ? "null" : codec::json_string(text);
}

std::string summary_of(const Export& entry, const std::string& files_key) {
    std::string out;
    codec::JsonWriter writer(out);
    writer.begin_object();
    writer.member("version", entry.incremental ? "2023-08-01" : "2020-06-30");
    writer.member("exportArn", record_arn(entry.table, RecordKind::kExport, entry.id));
    writer.member("startTime", format_iso8601_ms(entry.started));
    writer.member("endTime", format_iso8601_ms(entry.ended));
    writer.member("tableArn", entry.table.arn());
    writer.member("tableId", entry.table_uuid);
    if (entry.incremental) {
        writer.member("exportFromTime", format_iso8601_ms(entry.from));
        writer.member("exportToTime", format_iso8601_ms(entry.time));
    } else {
        writer.member("exportTime", format_iso8601_ms(entry.time));
    }
    writer.member("s3Bucket", entry.place.bucket);
    writer.key("s3Prefix");
    writer.raw(json_or_null(entry.place.prefix));
    writer.member("s3SseAlgorithm", "AES256");
    writer.key("s3SseKmsKeyId");
    writer.null();
    writer.member("manifestFilesS3Key", files_key);
    writer.member("billedSizeBytes", entry.bytes);
    writer.member("itemCount", entry.items);
    writer.member("outputFormat", "DYNAMODB_JSON");
    if (entry.incremental)
        writer.member("outputView", entry.old_images ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE");
    writer.member("exportType", entry.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
    writer.end_object();
    return out;
}

std::optional<Export> load_export(store::Txn& txn, const Job& job) {
    const auto row = txn.get(record_key(job.table, RecordKind::kExport, job.id));
    return row ? decode_export(*row) : std::nullopt;
}

void finish(DynamoDbService& service, store::Txn& txn, const Job& job, const Export& entry) {
    txn.put(record_key(job.table, RecordKind::kExport, job.id), encode_export(entry));
    txn.erase_range(store::Space::kBackups, kExportFiles, job.id, job.id + '\xff');
    end_job(service, txn, job);
}

void fail(DynamoDbService& service, store::Txn& txn, const Job& job, Export entry, std::string code,
          std::string message) {
    entry.status = JobStatus::kFailed;
    entry.ended = service.clock().now();
    entry.failure_code = std::move(code);
    entry.failure_message = std::move(message);
    finish(service, txn, job, entry);
}

// Without its description the export has no place to go to.
StepResult end_without_record(DynamoDbService& service, const Job& job) {
    log::error("export {} of table {} is ended: it has no description", job.id, job.table.name);
    const store::RunResult result = service.store().run([&](store::Txn& txn) {
        const auto current = current_job(txn, job);
        if (!current) return store::TxnDecision::kRollback;
        Export entry;
        entry.id = job.id;
        entry.table = job.table;
        entry.table_uuid = job.source.uuid;
        entry.started = entry.time = service.clock().now();
        if (job.cut && job.cut->time != Cut::kNow) entry.time = job.cut->time;
        fail(service, txn, *current, entry, std::string(kLostRecordCode),
             std::string(kLostRecordText));
        return store::TxnDecision::kCommit;
    });
    return result.status == store::CommitStatus::kOk;
}

}  // namespace

StepResult export_step(DynamoDbService& service, const Job& job) {
    contracts::ObjectStore& objects = service.objects();
    std::optional<Export> entry;
    store::RunResult result = service.store().run([&](store::Txn& txn) {
        entry = load_export(txn, job);
        return store::TxnDecision::kRollback;
    });
    if (result.status != store::CommitStatus::kOk) return false;
    if (!entry) return end_without_record(service, job);

    const std::string folder = export_folder(*entry);
    const std::string own_folder = folder + job.id + "/";
    struct Write {
        std::string key;
        Result<contracts::NewObject> object;
    };
    std::vector<Write> writes;
    std::string line;
    DataFile file;
    Export done = *entry;
    if (job.position.empty()) {
        done.status = JobStatus::kDone;
        done.ended = service.clock().now();
        done.items = job.items;
        done.bytes = job.bytes;
        std::string lines;
        result = service.store().run([&](store::Txn& txn) {
            lines.clear();
            txn.scan({store::Space::kBackups, kExportFiles, job.id, job.id + '\xff'},
                     [&](std::string_view, std::string_view row) {
                         lines.append(row.substr(1)).append("\n");
                         return true;
                     });
            return store::TxnDecision::kRollback;
        });
        if (result.status != store::CommitStatus::kOk) return false;
        const std::string files_key = own_folder + "manifest-files.json";
        done.manifest = own_folder + "manifest-summary.json";
        const std::string summary = summary_of(done, files_key);
        const auto add = [&](const std::string& key, std::string content, std::string_view type) {
            writes.push_back({key, objects.prepare(std::move(content), type)});
        };
        add(own_folder + "manifest-files.checksum", codec::base64_encode(codec::md5(lines)),
            "text/plain");
        add(files_key, std::move(lines), "application/json");
        add(own_folder + "manifest-summary.checksum", codec::base64_encode(codec::md5(summary)),
            "text/plain");
        add(done.manifest, summary, "application/json");
    } else {
        if (!read_file(service, job, entry->old_images, file)) return false;
        if (job.number == 0)
            writes.push_back({own_folder + "_started", objects.prepare("", "text/plain")});
        // Full exports keep their data beside their manifests, incremental ones share a folder.
        const std::string key =
            (job.from ? folder : own_folder) + "data/" + service.rng().hex(26) + ".json.gz";
        // An export of nothing has one empty file.
        if (!file.lines.empty() || job.number == 0)
            writes.push_back({key, objects.prepare(codec::gzip(file.lines), "application/gzip")});
        if (!writes.empty() && writes.back().object) {
            const auto& data = writes.back().object;
            codec::JsonWriter writer(line);
            writer.begin_object();
            writer.member("itemCount", file.items);
            writer.member("md5Checksum", codec::base64_encode(data->md5));
            writer.member("etag", codec::hex_encode(data->md5));
            writer.member("dataFileS3Key", key);
            writer.end_object();
        }
    }

    result = service.store().run([&](store::Txn& txn) {
        auto current = current_job(txn, job);
        if (!current || current->position != job.position) return store::TxnDecision::kRollback;
        const contracts::RequestInfo request = request_of(job);
        OpContext context(txn, service.clock(), service.rng(), request);
        Result<void> written =
            objects.check_bucket(context, entry->place.bucket, entry->place.owner);
        for (const Write& write : writes) {
            if (!written) break;
            written = write.object
                          ? objects.put(context, entry->place.bucket, write.key, *write.object)
                          : Result<void>(write.object.error());
        }
        if (!written) {
            // "S3NoSuchBucket", "S3AccessDenied": as DynamoDB names what S3 said.
            fail(service, txn, *current, *entry, "S3" + written.error().code,
                 written.error().message);
            return store::TxnDecision::kCommit;
        }
        if (job.position.empty()) {
            finish(service, txn, *current, done);
            return store::TxnDecision::kCommit;
        }
        if (!line.empty()) {
            std::string sort = job.id;
            append_u64(sort, current->number);
            std::string row;
            append_u8(row, kExportFileFormat);
            txn.put({store::Space::kBackups, kExportFiles, sort}, row + line);
            current->number += 1;
        }
        current->items += file.items;
        current->bytes += file.bytes;
        current->position = file.next;
        txn.put(job_key(*current), encode_job(*current));
        return store::TxnDecision::kCommit;
    });
    return result.status == store::CommitStatus::kOk;
}

}  // namespace millrace::dynamodb
