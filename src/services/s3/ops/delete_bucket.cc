// DeleteBucket: removes an empty bucket with its settings; uploads in progress are swept later.
//
// IAM:     s3:DeleteBucket.
// Errors:  NoSuchBucket, BucketNotEmpty.
// Source:  S3 API Reference, DeleteBucket.
#include "services/s3/keys.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {

Result<void> DeleteBucket::check(const Input&) { return {}; }

Result<void> DeleteBucket::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:DeleteBucket");
}

contracts::Outcome<DeleteBucket::Output> DeleteBucket::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    bool versions = false;
    if (!objects.empty(versions)) return errors::bucket_not_empty(bucket->name, versions);
    service.erase_bucket(context.txn(), bucket->name);
    context.txn().erase({store::Space::kBuckets, owner_partition(bucket->owner), bucket->name});
    put_garbage(context.txn(), context.now(), GarbageKind::kBucket, bucket->id);
    return Output{};
}

}  // namespace millrace::s3
