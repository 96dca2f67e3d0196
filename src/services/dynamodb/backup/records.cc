#include "services/dynamodb/backup/records.h"

#include <fmt/format.h>

#include "core/bytes.h"
#include "core/log.h"

namespace millrace::dynamodb {
namespace {

constexpr uint8_t kRecordFormat = 1;

void append_time(std::string& out, TimePoint time) {
    append_u64(out, static_cast<uint64_t>(time.time_since_epoch().count()));
}
TimePoint take_time(ByteReader& reader) {
    return TimePoint(Duration(static_cast<int64_t>(reader.u64())));
}
void append_count(std::string& out, int64_t count) {
    append_u64(out, static_cast<uint64_t>(count));
}
int64_t take_count(ByteReader& reader) { return static_cast<int64_t>(reader.u64()); }

void append_address(std::string& out, const TableAddress& address) {
    append_bytes(out, address.account);
    append_bytes(out, address.region);
    append_bytes(out, address.name);
}
TableAddress take_address(ByteReader& reader) {
    TableAddress address;
    address.account = reader.bytes();
    address.region = reader.bytes();
    address.name = reader.bytes();
    return address;
}

void append_transfer(std::string& out, const Transfer& transfer) {
    append_u8(out, kRecordFormat);
    append_bytes(out, transfer.id);
    append_u8(out, static_cast<uint8_t>(transfer.status));
    append_time(out, transfer.started);
    append_time(out, transfer.ended);
    append_address(out, transfer.table);
    for (const std::string* text :
         {&transfer.table_uuid, &transfer.token, &transfer.request_digest, &transfer.place.bucket,
          &transfer.place.owner, &transfer.place.prefix, &transfer.failure_code,
          &transfer.failure_message})
        append_bytes(out, *text);
}
void take_transfer(ByteReader& reader, Transfer& transfer) {
    transfer.id = reader.bytes();
    transfer.status = static_cast<JobStatus>(reader.u8());
    transfer.started = take_time(reader);
    transfer.ended = take_time(reader);
    transfer.table = take_address(reader);
    for (std::string* text : {&transfer.table_uuid, &transfer.token, &transfer.request_digest,
                              &transfer.place.bucket, &transfer.place.owner, &transfer.place.prefix,
                              &transfer.failure_code, &transfer.failure_message})
        *text = reader.bytes();
}

void append_cut(std::string& out, const std::optional<Cut>& cut) {
    append_u8(out, cut ? 1 : 0);
    if (!cut) return;
    append_time(out, cut->time);
    append_u64(out, cut->epoch);
    append_time(out, cut->oldest);
}
std::optional<Cut> take_cut(ByteReader& reader) {
    if (reader.u8() == 0) return std::nullopt;
    Cut cut;
    cut.time = take_time(reader);
    cut.epoch = reader.u64();
    cut.oldest = take_time(reader);
    return cut;
}

std::string_view kind_name(RecordKind kind) {
    switch (kind) {
        case RecordKind::kBackup:
            return "backup";
        case RecordKind::kExport:
            return "export";
        case RecordKind::kImport:
            return "import";
    }
    return {};
}

// A row that cannot be read was written by a newer version: as if it were not there.
template <class T>
std::optional<T> whole(const ByteReader& reader, T value) {
    if (reader.ok() && reader.at_end()) return value;
    log::error("a row of a backup, export or import cannot be read");
    return std::nullopt;
}

}  // namespace

std::string record_partition(std::string_view account, std::string_view region, RecordKind kind) {
    return fmt::format("{}/{}/{}", account, region, static_cast<char>(kind));
}
store::Key record_key(const TableAddress& table, RecordKind kind, std::string_view id) {
    return {store::Space::kBackups, record_partition(table.account, table.region, kind),
            std::string(id)};
}
std::string new_record_id(TimePoint now, Rng& rng) {
    return fmt::format("{:014}-{}", epoch_ms(now), rng.hex(8));
}
std::string record_arn(const TableAddress& table, RecordKind kind, std::string_view id) {
    return fmt::format("{}/{}/{}", table.arn(), kind_name(kind), id);
}
std::optional<RecordAddress> parse_record_arn(std::string_view arn, RecordKind kind) {
    const std::string middle = fmt::format("/{}/", kind_name(kind));
    const size_t found = arn.rfind(middle);
    if (!arn.starts_with("arn:") || found == std::string_view::npos) return std::nullopt;
    const auto table = parse_table_address(arn.substr(0, found), {}, {});
    if (!table) return std::nullopt;
    return RecordAddress{*table, std::string(arn.substr(found + middle.size()))};
}

std::string encode_backup(const Backup& backup) {
    std::string out;
    append_u8(out, kRecordFormat);
    append_bytes(out, backup.id);
    append_bytes(out, backup.name);
    append_u8(out, backup.system ? 1 : 0);
    append_u8(out, static_cast<uint8_t>(backup.status));
    append_time(out, backup.created);
    append_time(out, backup.expires);
    append_bytes(out, encode_table(backup.table));
    append_count(out, backup.items);
    append_count(out, backup.bytes);
    return out;
}
std::optional<Backup> decode_backup(std::string_view row) {
    ByteReader reader(row);
    if (reader.u8() != kRecordFormat) return std::nullopt;
    Backup backup;
    backup.id = reader.bytes();
    backup.name = reader.bytes();
    backup.system = reader.u8() != 0;
    backup.status = static_cast<JobStatus>(reader.u8());
    backup.created = take_time(reader);
    backup.expires = take_time(reader);
    auto table = decode_table(reader.bytes());
    if (!table) return std::nullopt;
    backup.table = std::move(*table);
    backup.items = take_count(reader);
    backup.bytes = take_count(reader);
    return whole(reader, std::move(backup));
}

std::string encode_export(const Export& entry) {
    std::string out;
    append_transfer(out, entry);
    append_u8(out, static_cast<uint8_t>((entry.incremental ? 1 : 0) | (entry.old_images ? 2 : 0)));
    append_time(out, entry.from);
    append_time(out, entry.time);
    append_bytes(out, entry.sse_algorithm);
    append_bytes(out, entry.manifest);
    append_count(out, entry.items);
    append_count(out, entry.bytes);
    return out;
}
std::optional<Export> decode_export(std::string_view row) {
    ByteReader reader(row);
    if (reader.u8() != kRecordFormat) return std::nullopt;
    Export entry;
    take_transfer(reader, entry);
    const uint8_t flags = reader.u8();
    entry.incremental = (flags & 1) != 0;
    entry.old_images = (flags & 2) != 0;
    entry.from = take_time(reader);
    entry.time = take_time(reader);
    entry.sse_algorithm = reader.bytes();
    entry.manifest = reader.bytes();
    entry.items = take_count(reader);
    entry.bytes = take_count(reader);
    return whole(reader, std::move(entry));
}

std::string encode_import(const Import& entry) {
    std::string out;
    append_transfer(out, entry);
    append_u8(out, static_cast<uint8_t>(entry.format));
    append_u8(out, entry.gzip ? 1 : 0);
    append_bytes(out, entry.compression);
    append_bytes(out, entry.delimiter);
    append_varint(out, entry.headers.size());
    for (const std::string& header : entry.headers) append_bytes(out, header);
    append_bytes(out, entry.creation);
    for (const int64_t count :
         {entry.processed_bytes, entry.processed_items, entry.imported_items, entry.errors})
        append_count(out, count);
    return out;
}
std::optional<Import> decode_import(std::string_view row) {
    ByteReader reader(row);
    if (reader.u8() != kRecordFormat) return std::nullopt;
    Import entry;
    take_transfer(reader, entry);
    entry.format = static_cast<ImportFormat>(reader.u8());
    entry.gzip = reader.u8() != 0;
    entry.compression = reader.bytes();
    entry.delimiter = reader.bytes();
    for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left)
        entry.headers.emplace_back(reader.bytes());
    entry.creation = reader.bytes();
    for (int64_t* count :
         {&entry.processed_bytes, &entry.processed_items, &entry.imported_items, &entry.errors})
        *count = take_count(reader);
    return whole(reader, std::move(entry));
}

store::Key job_key(const Job& job) {
    return {store::Space::kBackups, std::string(kJobs),
            fmt::format("{}/{}/{}", job.id, job.table.account, job.table.region)};
}
std::string encode_job(const Job& job) {
    std::string out;
    append_u8(out, kRecordFormat);
    append_u8(out, static_cast<uint8_t>(job.kind));
    append_address(out, job.table);
    append_bytes(out, job.id);
    append_bytes(out, encode_table(job.source));
    append_u8(out, job.live_source ? 1 : 0);
    append_cut(out, job.cut);
    append_cut(out, job.from);
    append_bytes(out, job.position);
    append_u64(out, job.number);
    append_bytes(out, job.version);
    append_count(out, job.items);
    append_count(out, job.bytes);
    return out;
}
std::optional<Job> decode_job(std::string_view row) {
    ByteReader reader(row);
    if (reader.u8() != kRecordFormat) return std::nullopt;
    Job job;
    job.kind = static_cast<JobKind>(reader.u8());
    job.table = take_address(reader);
    job.id = reader.bytes();
    auto source = decode_table(reader.bytes());
    if (!source) return std::nullopt;
    job.source = std::move(*source);
    job.live_source = reader.u8() != 0;
    job.cut = take_cut(reader);
    job.from = take_cut(reader);
    job.position = reader.bytes();
    job.number = reader.u64();
    job.version = reader.bytes();
    job.items = take_count(reader);
    job.bytes = take_count(reader);
    return whole(reader, std::move(job));
}

std::vector<Job> all_jobs(store::Txn& txn) {
    std::vector<Job> jobs;
    txn.scan({store::Space::kBackups, kJobs, "", ""}, [&](std::string_view, std::string_view row) {
        if (auto job = decode_job(row)) jobs.push_back(std::move(*job));
        return true;
    });
    return jobs;
}

}  // namespace millrace::dynamodb
