// What the operations on a bucket's settings have in common: taking a copy of the definition to
// change. Thread-safety: as the transaction.
#pragma once

#include <string>

#include "services/s3/access.h"
#include "services/s3/checksums.h"
#include "services/s3/errors.h"
#include "services/s3/operations.h"

// An operation without rules of its own beside one action on the bucket.
#define MR_S3_BUCKET_RULES(Name, action)                                                   \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(S3Service& service, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return authorize_bucket(service, context, input, requests, action);                \
    }

namespace millrace::s3 {

// Errors: NoSuchBucket; BadDigest, InvalidDigest when the document came damaged.
inline Result<Bucket> changeable_bucket(S3Service& service, contracts::OpContext& context,
                                        const std::string& name) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), name);
    if (!bucket) return errors::no_such_bucket(name);
    MR_CHECK_OK(check_body(context, {}, false));
    return *bucket;
}

inline Result<BucketRef> readable_bucket(S3Service& service, contracts::OpContext& context,
                                         const std::string& name) {
    BucketRef bucket = service.find_bucket(context.txn(), name);
    if (!bucket) return errors::no_such_bucket(name);
    return bucket;
}

}  // namespace millrace::s3
