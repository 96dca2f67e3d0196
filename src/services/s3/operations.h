// The operations that S3 offers, one declaration each; ops/ has their definitions.
// Every one has the shape of contracts/operation.h. Thread-safety: stateless.
#pragma once

#include "contracts/operation.h"
#include "model/generated/s3.h"
#include "services/s3/service.h"

namespace millrace::s3 {

#define MR_S3_OPERATION(Name, cost_, access_)                                                     \
    struct Name {                                                                                 \
        using Service = S3Service;                                                                \
        using Input = model::s3::Name##Input;                                                     \
        using Output = model::s3::Name##Output;                                                   \
        static constexpr contracts::OpTraits kTraits{                                             \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::access_}; \
        static Result<void> check(const Input& input);                                            \
        static Result<void> authorize(S3Service& service, contracts::OpContext& context,          \
                                      const Input& input, contracts::AuthzRequests& requests);    \
        static contracts::Outcome<Output> run(S3Service& service, contracts::OpContext& context,  \
                                              const Input& input);                                \
    };

// clang-format off
#define MR_S3_OPERATIONS(X)                             \
    X(CreateBucket, kPoint, kWrite)                     \
    X(HeadBucket, kPoint, kRead)                        \
    X(ListBuckets, kRange, kRead)                       \
    X(DeleteBucket, kPoint, kWrite)                     \
    X(GetBucketLocation, kPoint, kRead)                 \
    X(PutObject, kPoint, kWrite)                        \
    X(GetObject, kPoint, kRead)                         \
    X(HeadObject, kPoint, kRead)                        \
    X(DeleteObject, kPoint, kWrite)                     \
    X(DeleteObjects, kRange, kWrite)                    \
    X(ListObjects, kRange, kRead)                       \
    X(ListObjectsV2, kRange, kRead)                     \
    X(CopyObject, kStream, kWrite)                      \
    X(GetObjectAttributes, kPoint, kRead)               \
    X(GetObjectTagging, kPoint, kRead)                  \
    X(PutObjectTagging, kPoint, kWrite)                 \
    X(DeleteObjectTagging, kPoint, kWrite)              \
    X(PutBucketPolicy, kPoint, kWrite)                  \
    X(GetBucketPolicy, kPoint, kRead)                   \
    X(DeleteBucketPolicy, kPoint, kWrite)               \
    X(GetBucketPolicyStatus, kPoint, kRead)             \
    X(PutPublicAccessBlock, kPoint, kWrite)             \
    X(GetPublicAccessBlock, kPoint, kRead)              \
    X(DeletePublicAccessBlock, kPoint, kWrite)          \
    X(PutBucketOwnershipControls, kPoint, kWrite)       \
    X(GetBucketOwnershipControls, kPoint, kRead)        \
    X(DeleteBucketOwnershipControls, kPoint, kWrite)    \
    X(GetBucketAcl, kPoint, kRead)                      \
    X(PutBucketAcl, kPoint, kRead)                      \
    X(GetObjectAcl, kPoint, kRead)                      \
    X(PutObjectAcl, kPoint, kRead)                      \
    X(PutBucketWebsite, kPoint, kWrite)                 \
    X(GetBucketWebsite, kPoint, kRead)                  \
    X(DeleteBucketWebsite, kPoint, kWrite)              \
    X(PutBucketTagging, kPoint, kWrite)                 \
    X(GetBucketTagging, kPoint, kRead)                  \
    X(DeleteBucketTagging, kPoint, kWrite)              \
    X(PutBucketCors, kPoint, kWrite)                    \
    X(GetBucketCors, kPoint, kRead)                     \
    X(DeleteBucketCors, kPoint, kWrite)                 \
    X(GetBucketEncryption, kPoint, kRead)               \
    X(PutBucketVersioning, kPoint, kWrite)              \
    X(GetBucketVersioning, kPoint, kRead)               \
    X(ListObjectVersions, kRange, kRead)                \
    X(CreateMultipartUpload, kPoint, kWrite)            \
    X(UploadPart, kPoint, kWrite)                       \
    X(UploadPartCopy, kStream, kWrite)                  \
    X(CompleteMultipartUpload, kStream, kWrite)         \
    X(AbortMultipartUpload, kRange, kWrite)             \
    X(ListParts, kRange, kRead)                         \
    X(ListMultipartUploads, kRange, kRead)              \
    X(GetBucketLifecycleConfiguration, kPoint, kRead)   \
    X(GetBucketReplication, kPoint, kRead)              \
    X(GetBucketRequestPayment, kPoint, kRead)           \
    X(GetBucketLogging, kPoint, kRead)                  \
    X(GetBucketNotificationConfiguration, kPoint, kRead)\
    X(GetBucketAccelerateConfiguration, kPoint, kRead)  \
    X(GetObjectLockConfiguration, kPoint, kRead)
// clang-format on

MR_S3_OPERATIONS(MR_S3_OPERATION)
#undef MR_S3_OPERATION

}  // namespace millrace::s3
