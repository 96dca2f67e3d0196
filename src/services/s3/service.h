// S3Service: buckets and objects over the store and the blob store. The one header of this room
// that the app includes.
//
// Thread-safety: safe from any thread. Its only own state is the cache of bucket definitions and a
// memo of joined multipart bodies. Ownership: store, blobs and authorizer are the app's and outlive
// it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "contracts/authorization.h"
#include "contracts/object_reader.h"
#include "contracts/operation.h"
#include "contracts/website.h"
#include "contracts/worker.h"
#include "core/mutex.h"
#include "services/s3/bucket.h"
#include "store/blob_store.h"
#include "store/store.h"

namespace millrace::s3 {

using BucketRef = std::shared_ptr<const Bucket>;

class S3Service final : public contracts::ObjectReader {
public:
    S3Service(store::Store& store, store::BlobStore& blobs,
              const contracts::Authorizer& authorizer);
    ~S3Service() override;

    contracts::ServiceEntry entry();
    contracts::WebsiteServer& website() { return *website_; }
    // Removes what nobody refers to any more. `used_elsewhere`: whether another service refers to a
    // blob of the same store; empty: unknown, then blobs without a row of S3's are left alone.
    std::unique_ptr<contracts::Worker> make_sweeper(
        std::function<bool(std::string_view blob_id)> used_elsewhere = {});

    Result<std::string> read_object(contracts::OpContext& context, const std::string& bucket,
                                    const std::string& key,
                                    const std::optional<std::string>& version_id,
                                    uint64_t bytes_max) override;

    store::Store& store() { return store_; }
    store::BlobStore& blobs() { return blobs_; }
    const contracts::Authorizer& authorizer() const { return authorizer_; }

    // The bucket or null. For operations that only read: from the cache, whose entries are durable
    // and never older than the last committed change; O(1), no store read on a hit.
    BucketRef find_bucket(store::Txn& txn, std::string_view name);
    // The same for operations that write into it: the row joins the transaction's conflict set, so
    // that a bucket deleted or changed meanwhile makes it run again.
    BucketRef find_bucket_for_write(store::Txn& txn, std::string_view name);
    // Writes the definition; the cache forgets it when the transaction commits.
    void put_bucket(store::Txn& txn, const Bucket& bucket);
    void erase_bucket(store::Txn& txn, std::string_view name);

    // Bodies of CompleteMultipartUpload that are already joined into a blob, so that a run repeated
    // after a conflict does not copy again. Key: upload id and part list.
    std::optional<std::string> joined_blob(const std::string& key);
    void remember_joined_blob(const std::string& key, const std::string& blob_id);
    void forget_joined_blob(const std::string& key);

private:
    struct StringHash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Shard {
        Mutex mutex;
        // Grows with every change of a bucket of this shard: what was read before is not cached.
        uint64_t epoch MR_GUARDED_BY(mutex) = 0;
        std::unordered_map<std::string, BucketRef, StringHash, std::equal_to<>> entries
            MR_GUARDED_BY(mutex);
    };
    Shard& shard_of(std::string_view name);
    BucketRef cached(std::string_view name);
    BucketRef load(std::string_view name, std::string_view row);
    void fill_cache(std::string_view name);
    void forget_on_commit(store::Txn& txn, std::string_view name);

    store::Store& store_;
    store::BlobStore& blobs_;
    const contracts::Authorizer& authorizer_;
    std::unique_ptr<contracts::WebsiteServer> website_;
    std::array<Shard, 16> shards_;
    Mutex joined_mutex_;
    std::unordered_map<std::string, std::string> joined_ MR_GUARDED_BY(joined_mutex_);
};

}  // namespace millrace::s3
