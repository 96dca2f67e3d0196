#include "codec/gzip.h"
#include "contracts/wake_hub.h"
#include "core/log.h"
#include "services/dynamodb/backup/backups.h"
#include "services/dynamodb/backup/import_records.h"
#include "services/dynamodb/backup/jobs.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kRecordsPerStep = 500;
constexpr size_t kBytesPerStep = 2 << 20;
constexpr size_t kReadBytes = 256 * 1024;

std::optional<Import> load_import(store::Txn& txn, const Job& job) {
    const auto row = txn.get(record_key(job.table, RecordKind::kImport, job.id));
    return row ? decode_import(*row) : std::nullopt;
}

void end_import(DynamoDbService& service, store::Txn& txn, const Job& job, Import entry) {
    entry.ended = service.clock().now();
    txn.put(record_key(job.table, RecordKind::kImport, job.id), encode_import(entry));
    end_job(service, txn, job);
}

char delimiter_of(const Import& entry) {
    return entry.delimiter.empty() ? ',' : entry.delimiter[0];
}

// Leaves no half-filled table behind.
void fail(DynamoDbService& service, store::Txn& txn, const Job& job, Import entry, std::string code,
          std::string message) {
    entry.status = JobStatus::kFailed;
    entry.failure_code = std::move(code);
    entry.failure_message = std::move(message);
    if (const TableRef table = service.catalog().load(txn, job.table)) {
        service.catalog().erase(txn, *table);
        txn.put({store::Space::kTables, kDeletedTables, table_id_bytes(table->id)},
                encode_table(*table));
    }
    end_import(service, txn, job, std::move(entry));
}

void complete(DynamoDbService& service, store::Txn& txn, const Job& job, Import entry) {
    if (const TableRef table = service.catalog().load(txn, job.table)) {
        Table active = *table;
        active.creating = false;
        service.catalog().put(txn, active);
    }
    entry.status = JobStatus::kDone;
    end_import(service, txn, job, std::move(entry));
}

StepResult end_without_record(DynamoDbService& service, const Job& job) {
    log::error("import {} of table {} is ended: it has no description", job.id, job.table.name);
    const store::RunResult result = service.store().run([&](store::Txn& txn) {
        const auto current = current_job(txn, job);
        if (!current) return store::TxnDecision::kRollback;
        const TableRef table = service.catalog().load(txn, job.table);
        Import entry;
        entry.id = job.id;
        entry.table = job.table;
        entry.started = service.clock().now();
        if (table) {
            entry.table_uuid = table->uuid;
            entry.creation = encode_table(*table);
        }
        fail(service, txn, *current, entry, std::string(kLostRecordCode),
             std::string(kLostRecordText));
        return store::TxnDecision::kCommit;
    });
    service.hub().signal("dynamodb/deletion");
    return result.status == store::CommitStatus::kOk;
}

// False: the item is not one of this table.
bool import_item(store::Txn& txn, const Table& table, const item::Item& item, TimePoint now,
                 int64_t& items, int64_t& bytes) {
    if (item::nesting_depth(item.view()) > item::kNestingDepthMax ||
        item::item_size(item) > item::kItemSizeBytesMax)
        return false;
    const auto key = key_of_item(table, item);
    if (!key) return false;
    const StoredItem before = read_item(txn, *key);
    std::vector<std::string> wakes;
    WriteContext writing{txn, now, wakes};
    writing.counted = false;
    std::optional<item::ItemView> old;
    if (before.exists()) old = before.view();
    write_item(writing, table, *key, old, item.view());
    items += old ? 0 : 1;
    bytes += static_cast<int64_t>(item::item_size(item)) -
             static_cast<int64_t>(old ? item::item_size(*old) : 0);
    return true;
}

}  // namespace

// One S3 object on its way through unpacking and cutting.
struct ImportStepper::Reading {
    Reading(const Job& job, const Import& entry)
        : job_id(job.id),
          key(job.position),
          packed(entry.gzip),
          splitter(entry.format == ImportFormat::kCsv ? std::optional(delimiter_of(entry))
                                                      : std::nullopt),
          headers(entry.headers) {}

    std::string job_id;
    std::string key;
    bool packed;
    codec::GzipReader gzip;
    RecordSplitter splitter;
    std::vector<std::string> headers;  // CSV; of the file's first line unless the request has them
    uint64_t offset = 0;               // bytes of the object that were read
    uint64_t records = 0;              // that were cut off, header and blank lines included
    std::string raw;                   // read but not unpacked yet
    bool at_end = false;

    // Nothing: the object is at its end.
    Result<std::optional<RecordSplitter::Record>> next(contracts::ObjectStore& objects,
                                                       const Body& body) {
        for (;;) {
            if (auto record = splitter.next(at_end)) {
                records += 1;
                return std::optional(std::move(*record));
            }
            if (at_end) return std::optional<RecordSplitter::Record>();
            MR_CHECK_OK(fill(objects, body));
        }
    }

private:
    Result<void> fill(contracts::ObjectStore& objects, const Body& body) {
        if (!packed) {
            MR_TRY(const std::string piece, objects.read(body, offset, kReadBytes));
            offset += piece.size();
            at_end = piece.empty();
            splitter.add(piece);
            return {};
        }
        std::string plain;
        std::string_view rest = raw;
        const bool fits = gzip.read(rest, plain, kReadBytes);
        raw.erase(0, raw.size() - rest.size());
        if (fits && plain.empty() && raw.empty()) {
            MR_TRY(raw, objects.read(body, offset, kReadBytes));
            offset += raw.size();
            at_end = raw.empty();
        }
        if (!fits || (at_end && !gzip.at_end()))
            return errors::make("InvalidContent", "The object is no whole gzip file: " + key);
        splitter.add(plain);
        return {};
    }
};

ImportStepper::ImportStepper(DynamoDbService& service) : service_(service) {}
ImportStepper::~ImportStepper() = default;

StepResult ImportStepper::step(const Job& job) {
    contracts::ObjectStore& objects = service_.objects();
    const contracts::RequestInfo request = request_of(job);
    std::optional<Import> entry;
    contracts::StoredObject object;
    std::optional<Error> failure;
    bool finished = false;
    store::RunResult result = service_.store().run([&](store::Txn& txn) {
        OpContext context(txn, service_.clock(), service_.rng(), request);
        failure.reset();
        finished = false;
        auto current = current_job(txn, job);
        entry = load_import(txn, job);
        if (!current || !entry) return store::TxnDecision::kRollback;
        const S3Place& place = entry->place;
        Result<void> open = objects.check_bucket(context, place.bucket, place.owner);
        Result<contracts::StoredObject> found =
            !open ? Result<contracts::StoredObject>(open.error())
                  : (job.version.empty()
                         ? objects.next(context, place.bucket, place.prefix, job.position)
                         : objects.find(context, place.bucket, job.position));
        if (found && !job.version.empty() && found->etag != job.version)
            found = errors::make("ObjectChanged", "The object was changed: " + job.position);
        if (!found) {
            failure = found.error();
            return store::TxnDecision::kRollback;
        }
        object = *std::move(found);
        if (!job.version.empty()) return store::TxnDecision::kRollback;
        if (!object.key.empty()) {
            current->position = object.key;
            current->version = object.etag;
            current->number = 0;
            txn.put(job_key(*current), encode_job(*current));
            return store::TxnDecision::kCommit;
        }
        finished = true;
        if (job.position.empty()) {
            fail(service_, txn, *current, *entry, "S3NoSuchKey",
                 "There is no object with the given prefix");
        } else {
            complete(service_, txn, *current, *entry);
        }
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk) return false;
    if (!entry) return end_without_record(service_, job);
    if (finished || (job.version.empty() && !failure)) return true;

    const auto table = decode_table(entry->creation);
    struct Parsed {
        std::optional<item::Item> item;
    };
    std::vector<Parsed> parsed;
    int64_t text_bytes = 0;
    bool object_done = false;
    if (!failure) {
        if (!reading_ || reading_->job_id != job.id || reading_->key != job.position ||
            reading_->records != job.number)
            reading_ = std::make_unique<Reading>(job, *entry);
        const char delimiter = delimiter_of(*entry);
        // Every item may be written once more for each index.
        const size_t bytes_max = kBytesPerStep / (1 + (table ? table->indexes.size() : 0));
        size_t bytes = 0;
        while (parsed.size() < kRecordsPerStep && bytes < bytes_max) {
            auto record = reading_->next(objects, object.body);
            if (!record) {
                failure = record.error();
                break;
            }
            if (!*record) {
                object_done = true;
                break;
            }
            const RecordSplitter::Record& cut = **record;
            if (entry->format == ImportFormat::kCsv && reading_->headers.empty()) {
                auto headers = split_csv(cut.text, delimiter);
                if (cut.too_long || !headers) {
                    failure = errors::make("InvalidContent",
                                           "The object has no valid header line: " + object.key);
                    break;
                }
                reading_->headers = *std::move(headers);
                continue;
            }
            // Made again after a restart: what was imported before is only read over.
            if (reading_->records <= job.number || (cut.text.empty() && !cut.too_long)) continue;
            bytes += cut.text.size();
            text_bytes += static_cast<int64_t>(cut.text.size() + 1);
            Parsed& entry_parsed = parsed.emplace_back();
            if (cut.too_long || !table) continue;
            if (entry->format == ImportFormat::kJson) {
                entry_parsed.item = item_of_json(cut.text);
            } else if (const auto fields = split_csv(cut.text, delimiter)) {
                entry_parsed.item = item_of_csv(*table, reading_->headers, *fields);
            }
        }
    }

    result = service_.store().run([&](store::Txn& txn) {
        auto current = current_job(txn, job);
        auto current_entry = load_import(txn, job);
        const TableRef target = service_.catalog().load(txn, job.table);
        if (!current || !current_entry || current->number != job.number ||
            current->position != job.position)
            return store::TxnDecision::kRollback;
        if (failure || !target) {
            fail(service_, txn, *current, *current_entry,
                 failure ? "S3" + failure->code : "TableNotFound",
                 failure ? failure->message : "The table is gone");
            return store::TxnDecision::kCommit;
        }
        int64_t items = 0;
        int64_t bytes = 0;
        for (const Parsed& record : parsed) {
            current_entry->processed_items += 1;
            if (record.item &&
                import_item(txn, *target, *record.item, service_.clock().now(), items, bytes)) {
                current_entry->imported_items += 1;
            } else {
                current_entry->errors += 1;
            }
        }
        current_entry->processed_bytes += text_bytes;
        txn.add(statistics_key(target->id, 'i'), items);
        txn.add(statistics_key(target->id, 'b'), bytes);
        current->number = reading_->records;
        if (object_done) {
            current->version.clear();
            current->number = 0;
        }
        txn.put(job_key(*current), encode_job(*current));
        txn.put(record_key(job.table, RecordKind::kImport, job.id), encode_import(*current_entry));
        return store::TxnDecision::kCommit;
    });
    const bool committed = result.status == store::CommitStatus::kOk;
    if (!committed || object_done || failure) reading_.reset();
    if (failure) service_.hub().signal("dynamodb/deletion");
    return committed;
}

}  // namespace millrace::dynamodb
