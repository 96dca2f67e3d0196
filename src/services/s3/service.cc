#include "services/s3/service.h"

#include "auth/policy.h"
#include "core/log.h"
#include "services/s3/keys.h"
#include "services/s3/website/website_server.h"
#include "services/s3/workers/blob_sweeper.h"

namespace millrace::s3 {
namespace {

constexpr size_t kCachedBucketsPerShardMax = 1024;
constexpr size_t kJoinedBlobsMax = 256;

}  // namespace

S3Service::S3Service(store::Store& store, store::BlobStore& blobs,
                     const contracts::Authorizer& authorizer)
    : store_(store),
      blobs_(blobs),
      authorizer_(authorizer),
      website_(std::make_unique<WebsiteServer>(*this)) {}

S3Service::~S3Service() = default;

std::unique_ptr<contracts::Worker> S3Service::make_sweeper(
    std::function<bool(std::string_view blob_id)> used_elsewhere) {
    return std::make_unique<BlobSweeper>(*this, std::move(used_elsewhere));
}

S3Service::Shard& S3Service::shard_of(std::string_view name) {
    return shards_[std::hash<std::string_view>{}(name) % shards_.size()];
}

BucketRef S3Service::cached(std::string_view name) {
    Shard& shard = shard_of(name);
    const MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(name);
    return found == shard.entries.end() ? nullptr : found->second;
}

BucketRef S3Service::load(std::string_view name, std::string_view row) {
    std::optional<Bucket> bucket = decode_bucket(name, row);
    if (!bucket) {
        log::error("bucket {}: its definition cannot be read; was it written by a newer version?",
                   name);
        return nullptr;
    }
    derive(*bucket);
    return std::make_shared<const Bucket>(std::move(*bucket));
}

// Only what is on disk is cached, since a hit adds nothing to the transaction's ticket; and only
// when no change committed since before the read.
void S3Service::fill_cache(std::string_view name) {
    Shard& shard = shard_of(name);
    uint64_t epoch = 0;
    {
        const MutexLock lock(shard.mutex);
        epoch = shard.epoch;
    }
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    if (store_.read(bucket_key(name), row, ticket) != store::CommitStatus::kOk) return;
    if (!row || !store_.is_durable(ticket)) return;
    BucketRef bucket = load(name, *row);
    if (!bucket) return;
    const MutexLock lock(shard.mutex);
    if (shard.epoch != epoch) return;
    if (shard.entries.size() >= kCachedBucketsPerShardMax) {
        shard.entries.erase(shard.entries.begin());
    }
    shard.entries.insert_or_assign(std::string(name), std::move(bucket));
}

BucketRef S3Service::find_bucket(store::Txn& txn, std::string_view name) {
    if (auto hit = cached(name)) return hit;
    const std::optional<std::string> row = txn.get(bucket_key(name));
    if (!row) return nullptr;
    fill_cache(name);
    return load(name, *row);
}

BucketRef S3Service::find_bucket_for_write(store::Txn& txn, std::string_view name) {
    // Hooks run before a later transaction can begin, so what is cached now is not older than this
    // transaction; watching makes it run again when it changes before the commit.
    txn.watch(bucket_key(name));
    if (auto hit = cached(name)) return hit;
    const std::optional<std::string> row = txn.get(bucket_key(name));
    if (!row) return nullptr;
    fill_cache(name);
    return load(name, *row);
}

void S3Service::forget_on_commit(store::Txn& txn, std::string_view name) {
    txn.on_commit([this, bucket = std::string(name)](store::Version) {
        Shard& shard = shard_of(bucket);
        const MutexLock lock(shard.mutex);
        ++shard.epoch;
        shard.entries.erase(bucket);
    });
}

void S3Service::put_bucket(store::Txn& txn, const Bucket& bucket) {
    txn.put(bucket_key(bucket.name), encode_bucket(bucket));
    forget_on_commit(txn, bucket.name);
}

void S3Service::erase_bucket(store::Txn& txn, std::string_view name) {
    txn.erase(bucket_key(name));
    forget_on_commit(txn, name);
}

std::optional<std::string> S3Service::joined_blob(const std::string& key) {
    const MutexLock lock(joined_mutex_);
    const auto found = joined_.find(key);
    if (found == joined_.end()) return std::nullopt;
    return found->second;
}

void S3Service::remember_joined_blob(const std::string& key, const std::string& blob_id) {
    const MutexLock lock(joined_mutex_);
    // A forgotten blob is only copied again; the unused one is swept.
    if (joined_.size() >= kJoinedBlobsMax) joined_.erase(joined_.begin());
    joined_[key] = blob_id;
}

void S3Service::forget_joined_blob(const std::string& key) {
    const MutexLock lock(joined_mutex_);
    joined_.erase(key);
}

void derive(Bucket& bucket) {
    bucket.parsed_policy = nullptr;
    bucket.policy_is_public = false;
    bucket.policy_uses_object_tags = false;
    if (!bucket.policy) return;
    bucket.parsed_policy =
        auth::parsed_or_deny(*bucket.policy, auth::PolicyKind::kResource, "bucket " + bucket.name);
    bucket.policy_is_public = auth::is_public(*bucket.parsed_policy);
    for (const auth::Statement& statement : bucket.parsed_policy->statements) {
        for (const auth::Condition& condition : statement.conditions) {
            if (condition.key.starts_with("s3:existingobjecttag/")) {
                bucket.policy_uses_object_tags = true;
            }
        }
    }
}

}  // namespace millrace::s3
