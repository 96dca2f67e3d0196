// Listings: walks the rows of a bucket in key order with prefix, delimiter and paging. The cost is
// O(entries of the page), however many keys a common prefix hides: it is skipped with one seek.
// Thread-safety: belongs to the thread of its transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "services/s3/object_row.h"
#include "store/store.h"

namespace millrace::s3 {

inline constexpr int32_t kListKeysMax = 1000;

// Rows of one partition in order, read in growing pieces. Not in the conflict set.
class RowCursor {
public:
    struct Row {
        std::string key;
        std::string suffix;  // of the sort key behind the object key: a version or an upload id
        std::string value;   // of an object row only the head, see ObjectSummary
    };
    RowCursor(store::Txn& txn, store::Space space, std::string partition);
    // Goes to the first row whose sort key is not below.
    void seek(std::string sort);
    // The row, or null at the end.
    const Row* row();
    void next();

private:
    void fill();
    store::Txn& txn_;
    store::Space space_;
    std::string partition_;
    std::string partition_end_;
    std::string from_;
    size_t chunk_ = 16;
    bool exhausted_ = false;
    std::vector<Row> rows_;
    size_t position_ = 0;
};

// Where a common prefix ends in `key`, or npos: behind the delimiter's first place after the
// prefix.
size_t common_prefix_end(std::string_view key, std::string_view prefix, std::string_view delimiter);

struct ListQuery {
    std::string prefix;
    std::string delimiter;
    std::string after;  // only what is behind it
    int32_t max = kListKeysMax;
};

struct ListedObject {
    std::string key;
    TimePoint modified{};
    uint64_t size = 0;
    std::string etag;
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::kNone;
    ChecksumType checksum_type = ChecksumType::kFullObject;
    std::string storage_class;
};

struct ListPage {
    std::vector<ListedObject> objects;
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    std::string last;  // the last key or common prefix of the page
};
ListPage list_objects(store::Txn& txn, std::string_view bucket_id, const ListQuery& query);

struct VersionQuery {
    std::string prefix;
    std::string delimiter;
    std::string key_marker;
    // Only versions of key_marker that are older than this one; without it none of them.
    std::optional<uint64_t> sequence_marker;
    int32_t max = kListKeysMax;
};
struct ListedVersion {
    ListedObject object;
    std::string version_id;
    bool delete_marker = false;
    bool is_latest = false;
};
struct VersionPage {
    std::vector<ListedVersion> versions;
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    std::string last_key;
    std::string last_version_id;  // empty: the page ends with a common prefix
};
VersionPage list_versions(store::Txn& txn, std::string_view bucket_id, const VersionQuery& query);

}  // namespace millrace::s3
