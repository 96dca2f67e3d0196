// Rows of Space::kBackups: descriptions of backups, exports and imports, and the jobs that work on
// them. Layouts: docs/formats/dynamodb.md. Thread-safety: plain values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "services/dynamodb/backup/history.h"
#include "services/dynamodb/table.h"

namespace millrace::dynamodb {

// Descriptions lie under "<account>/<region>/<kind>", by id; ids are in the order of their making.
enum class RecordKind : char { kBackup = 'b', kExport = 'e', kImport = 'i' };
std::string record_partition(std::string_view account, std::string_view region, RecordKind kind);
store::Key record_key(const TableAddress& table, RecordKind kind, std::string_view id);
// "01767225600000-1a2b3c4d"
std::string new_record_id(TimePoint now, Rng& rng);
// arn:aws:dynamodb:<region>:<account>:table/<name>/<backup|export|import>/<id>
std::string record_arn(const TableAddress& table, RecordKind kind, std::string_view id);
struct RecordAddress {
    TableAddress table;
    std::string id;
};
std::optional<RecordAddress> parse_record_arn(std::string_view arn, RecordKind kind);

// On disk, as the enumerations below: never renumbered.
enum class JobStatus : uint8_t { kInProgress = 1, kDone = 2, kFailed = 3 };

struct Backup {
    std::string id;
    std::string name;
    bool system = false;  // made when a table with point-in-time recovery was deleted
    JobStatus status = JobStatus::kInProgress;
    TimePoint created{};
    TimePoint expires{};  // of system backups
    // As it was. Its id is that under which the backup's items lie, as those of a table.
    Table table;
    int64_t items = 0;
    int64_t bytes = 0;
};
std::string encode_backup(const Backup& backup);
std::optional<Backup> decode_backup(std::string_view row);

struct S3Place {
    std::string bucket;
    std::string owner;  // empty: not given
    std::string prefix;
};

// What exports and imports have in common.
struct Transfer {
    std::string id;
    JobStatus status = JobStatus::kInProgress;
    TimePoint started{};
    TimePoint ended{};
    TableAddress table;
    std::string table_uuid;
    std::string token;           // ClientToken
    std::string request_digest;  // SHA-256 of the request without the token
    S3Place place;
    std::string failure_code;
    std::string failure_message;
};

struct Export : Transfer {
    bool incremental = false;
    TimePoint from{};  // incremental
    TimePoint time{};  // the state that is exported; incremental: its end
    bool old_images = true;
    std::string sse_algorithm;  // as given
    std::string manifest;       // its key, when done
    int64_t items = 0;
    int64_t bytes = 0;
};
std::string encode_export(const Export& entry);
std::optional<Export> decode_export(std::string_view row);

enum class ImportFormat : uint8_t { kJson = 1, kCsv = 2 };
struct Import : Transfer {
    ImportFormat format = ImportFormat::kJson;
    bool gzip = false;
    std::string compression;  // as given; empty: not
    std::string delimiter;    // as given; empty: not
    std::vector<std::string> headers;
    std::string creation;  // the new table's definition, as encode_table writes it
    int64_t processed_bytes = 0;
    int64_t processed_items = 0;
    int64_t imported_items = 0;
    int64_t errors = 0;
};
std::string encode_import(const Import& entry);
std::optional<Import> decode_import(std::string_view row);

// Work under way, the same for all four kinds: it goes on at `position` whenever it is looked at.
enum class JobKind : uint8_t { kBackup = 1, kRestore = 2, kExport = 3, kImport = 4 };
struct Job {
    JobKind kind = JobKind::kBackup;
    TableAddress table;        // that its record belongs to; restore: that is made
    std::string id;            // of its record; restore: of its own
    Table source;              // whose items are read; import: none
    bool live_source = false;  // a table, whose history is read and then released
    std::optional<Cut> cut;
    std::optional<Cut> from;  // incremental export
    std::string position;     // import: the S3 key that is being read
    uint64_t number = 0;      // export: files written; import: records read of the S3 object
    std::string version;      // import: ETag of the S3 object
    int64_t items = 0;
    int64_t bytes = 0;
};
inline constexpr std::string_view kJobs = "!jobs";
store::Key job_key(const Job& job);
std::string encode_job(const Job& job);
std::optional<Job> decode_job(std::string_view row);
// In the order of their keys; joins the conflict set.
std::vector<Job> all_jobs(store::Txn& txn);

// Lines of an export's manifest, one a file: partition "!files", sort: export id, number (8).
inline constexpr std::string_view kExportFiles = "!files";

}  // namespace millrace::dynamodb
