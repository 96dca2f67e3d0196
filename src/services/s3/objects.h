// Objects: the versions of a bucket's keys inside one transaction: finding, replacing, deleting,
// and keeping count of the bodies that rows refer to.
//
// Invariant: the partition of current rows has a row of a key exactly when its newest version is no
// delete marker. So a GET is one read and a listing never walks over old versions.
// Thread-safety: belongs to the thread of its transaction.
// Source: Amazon S3 User Guide, "How S3 Versioning works".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "core/body.h"
#include "core/result.h"
#include "services/s3/object_row.h"
#include "services/s3/service.h"

namespace millrace::s3 {

// How long a blob that nobody refers to any more stays: a reader that found it in an older row must
// have opened it by then.
inline constexpr Duration kBlobGrace = std::chrono::minutes(15);
// How long a repeated CompleteMultipartUpload still succeeds.
inline constexpr Duration kCompletedUploadKept = std::chrono::hours(24);

// What a garbage row asks to remove. Numbers are on disk.
enum class GarbageKind : uint8_t {
    kBlob = 1,             // content: blob id
    kCompletedUpload = 2,  // content: bucket id, upload id
    kBucket = 3,           // content: id of a deleted bucket, whose uploads are still there
};
void put_garbage(store::Txn& txn, TimePoint due, GarbageKind kind, std::string_view content);

// One more, or one less, row refers to the blob. At none it becomes garbage.
void reference_blob(store::Txn& txn, std::string_view blob_id);
void release_blob(store::Txn& txn, std::string_view blob_id, TimePoint now);

class Objects {
public:
    Objects(contracts::OpContext& context, const Bucket& bucket)
        : context_(context), txn_(context.txn()), bucket_(bucket) {}

    std::optional<ObjectRow> current(std::string_view key);

    struct Found {
        std::optional<ObjectRow> row;
        bool is_latest = false;
        // Without a version asked for: the newest version is a delete marker of this id.
        std::optional<std::string> latest_marker;
    };
    // `version_id` "null" is the null version. Error: InvalidArgument for what is no version id.
    Result<Found> find(std::string_view key, const std::optional<std::string>& version_id);

    // Makes the row (body set, the rest of the content too) the newest version of the key; sets its
    // sequence and version id. Replaces what the bucket's versioning state says.
    void put(std::string_view key, ObjectRow& row);
    // Changes what belongs to a version but is not content (its tags).
    void rewrite(std::string_view key, const Found& found);

    struct Deleted {
        std::optional<std::string> version_id;  // of the new marker or the removed version
        bool is_marker = false;                 // a marker was made, or the removed one was one
        bool made_marker = false;
    };
    Result<Deleted> remove(std::string_view key, const std::optional<std::string>& version_id);

    // Puts a body into the row: bytes inline or beside it, a blob by reference (counted).
    Result<void> store_body(S3Service& service, ObjectRow& row, const Body& body);
    // The body, or the slice of it, for an answer.
    Body load_body(const ObjectRow& row, uint64_t offset, uint64_t length);
    // A second row with the same content: counts the blob or copies the bytes.
    void share_body(const ObjectRow& source, std::string_view source_bucket_id, ObjectRow& target);

    // True when there are neither objects nor versions. Joins the conflict set.
    bool empty(bool& only_versions);

private:
    struct Older {
        std::string sort;
        ObjectRow row;
    };
    std::optional<Older> newest_older(std::string_view key);
    void move_to_older(std::string_view key, const ObjectRow& row);
    void remove_older_null(std::string_view key);
    void release_body(const ObjectRow& row);
    void promote_newest(std::string_view key);
    void put_older(std::string_view key, const ObjectRow& row);

    contracts::OpContext& context_;
    store::Txn& txn_;
    const Bucket& bucket_;
};

// "null" or the id.
std::string shown_version(const ObjectRow& row);

}  // namespace millrace::s3
