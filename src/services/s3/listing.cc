#include "services/s3/listing.h"

#include <algorithm>

#include "core/bytes.h"
#include "services/s3/keys.h"

namespace millrace::s3 {
namespace {

// Enough for the fields of ObjectSummary: bodies of listed rows are not copied.
constexpr size_t kHeadBytesMax = 256;
constexpr size_t kChunkRowsMax = 512;

ListedObject to_listed(std::string key, const ObjectSummary& summary) {
    ListedObject object;
    object.key = std::move(key);
    object.modified = summary.modified;
    object.size = summary.size;
    object.etag = std::string(summary.etag);
    object.checksum_algorithm = summary.checksum_algorithm;
    object.checksum_type = summary.checksum_type;
    object.storage_class = std::string(summary.storage_class);
    return object;
}

}  // namespace

RowCursor::RowCursor(store::Txn& txn, store::Space space, std::string partition)
    : txn_(txn),
      space_(space),
      partition_(std::move(partition)),
      partition_end_(partition_ + '\0') {}

void RowCursor::seek(std::string sort) {
    from_ = std::move(sort);
    chunk_ = 16;
    exhausted_ = false;
    rows_.clear();
    position_ = 0;
}

const RowCursor::Row* RowCursor::row() {
    if (position_ == rows_.size() && !exhausted_) fill();
    return position_ < rows_.size() ? &rows_[position_] : nullptr;
}

void RowCursor::next() { ++position_; }

void RowCursor::fill() {
    rows_.clear();
    position_ = 0;
    exhausted_ = true;
    txn_.scan_space(space_, partition_, from_, partition_end_,
                    [&](std::string_view partition, std::string_view sort, std::string_view value) {
                        if (partition != partition_) return false;
                        if (rows_.size() == chunk_) {
                            from_ = std::string(sort);
                            exhausted_ = false;
                            return false;
                        }
                        Row row;
                        std::string_view rest = sort;
                        if (!unescape_key(rest, row.key)) return true;
                        row.suffix = std::string(rest);
                        row.value = std::string(value.substr(
                            0, space_ == store::Space::kObjects ? kHeadBytesMax : value.size()));
                        rows_.push_back(std::move(row));
                        return true;
                    });
    chunk_ = std::min(chunk_ * 2, kChunkRowsMax);
}

size_t common_prefix_end(std::string_view key, std::string_view prefix,
                         std::string_view delimiter) {
    if (delimiter.empty() || !key.starts_with(prefix)) return std::string_view::npos;
    const size_t found = key.find(delimiter, prefix.size());
    return found == std::string_view::npos ? found : found + delimiter.size();
}

ListPage list_objects(store::Txn& txn, std::string_view bucket_id, const ListQuery& query) {
    ListPage page;
    if (query.max <= 0) return page;
    std::string from = escape_key(query.prefix);
    if (!query.after.empty()) {
        const size_t end = common_prefix_end(query.after, query.prefix, query.delimiter);
        std::string behind =
            end != std::string_view::npos
                ? prefix_successor(escape_key(std::string_view(query.after).substr(0, end)))
                : key_sort(query.after) + '\0';
        from = std::max(from, behind);
    }
    RowCursor cursor(txn, store::Space::kObjects, current_partition(bucket_id));
    cursor.seek(from);
    int32_t count = 0;
    while (const RowCursor::Row* row = cursor.row()) {
        if (!row->key.starts_with(query.prefix)) break;
        if (count == query.max) {
            page.truncated = true;
            break;
        }
        ++count;
        const size_t end = common_prefix_end(row->key, query.prefix, query.delimiter);
        if (end != std::string_view::npos) {
            std::string common = row->key.substr(0, end);
            page.last = common;
            std::string behind = prefix_successor(escape_key(common));
            page.common_prefixes.push_back(std::move(common));
            if (behind.empty()) break;
            cursor.seek(std::move(behind));
            continue;
        }
        page.last = row->key;
        if (const auto summary = summarize_object(row->value)) {
            page.objects.push_back(to_listed(row->key, *summary));
        }
        cursor.next();
    }
    return page;
}

VersionPage list_versions(store::Txn& txn, std::string_view bucket_id, const VersionQuery& query) {
    VersionPage page;
    if (query.max <= 0) return page;
    RowCursor newest(txn, store::Space::kObjects, current_partition(bucket_id));
    RowCursor older(txn, store::Space::kObjects, version_partition(bucket_id));
    std::string from = escape_key(query.prefix);
    std::string from_older = from;
    std::string last_key;  // whose newest version was already seen
    bool seen_any = false;
    if (!query.key_marker.empty()) {
        const size_t end = common_prefix_end(query.key_marker, query.prefix, query.delimiter);
        std::string behind;
        std::string behind_older;
        if (end != std::string_view::npos) {
            behind =
                prefix_successor(escape_key(std::string_view(query.key_marker).substr(0, end)));
            behind_older = behind;
        } else {
            behind = key_sort(query.key_marker) + '\0';
            behind_older = prefix_successor(key_sort(query.key_marker));
            if (query.sequence_marker) {
                behind_older =
                    version_key(bucket_id, query.key_marker, *query.sequence_marker).sort + '\0';
                last_key = query.key_marker;
                seen_any = true;
            }
        }
        from = std::max(from, behind);
        from_older = std::max(from_older, behind_older);
    }
    newest.seek(from);
    older.seek(from_older);
    int32_t count = 0;
    for (;;) {
        const RowCursor::Row* a = newest.row();
        const RowCursor::Row* b = older.row();
        if (a != nullptr && !a->key.starts_with(query.prefix)) a = nullptr;
        if (b != nullptr && !b->key.starts_with(query.prefix)) b = nullptr;
        if (a == nullptr && b == nullptr) break;
        // Of one key the row of the current partition is the newest.
        const bool take_newest = b == nullptr || (a != nullptr && a->key <= b->key);
        const RowCursor::Row& row = take_newest ? *a : *b;
        if (count == query.max) {
            page.truncated = true;
            break;
        }
        ++count;
        const size_t end = common_prefix_end(row.key, query.prefix, query.delimiter);
        if (end != std::string_view::npos) {
            std::string common = row.key.substr(0, end);
            page.last_key = common;
            page.last_version_id.clear();
            const std::string behind = prefix_successor(escape_key(common));
            page.common_prefixes.push_back(std::move(common));
            if (behind.empty()) break;
            newest.seek(behind);
            older.seek(behind);
            continue;
        }
        if (const auto summary = summarize_object(row.value)) {
            ListedVersion version;
            version.object = to_listed(row.key, *summary);
            version.version_id =
                summary->version_id.empty() ? "null" : std::string(summary->version_id);
            version.delete_marker = summary->delete_marker;
            version.is_latest = take_newest || !seen_any || last_key != row.key;
            page.last_key = row.key;
            page.last_version_id = version.version_id;
            page.versions.push_back(std::move(version));
        }
        last_key = row.key;
        seen_any = true;
        (take_newest ? newest : older).next();
    }
    return page;
}

}  // namespace millrace::s3
