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
    X(PutBucketPolicy, kPoint, kWrite)                  \
    X(GetBucketPolicy, kPoint, kRead)                   \
    X(DeleteBucketPolicy, kPoint, kWrite)               \
    X(GetBucketPolicyStatus, kPoint, kRead)             \
    X(PutPublicAccessBlock, kPoint, kWrite)             \
    X(GetPublicAccessBlock, kPoint, kRead)              \
    X(DeletePublicAccessBlock, kPoint, kWrite)          \
    X(PutBucketWebsite, kPoint, kWrite)                 \
    X(GetBucketWebsite, kPoint, kRead)                  \
    X(DeleteBucketWebsite, kPoint, kWrite)              \
    X(GetBucketEncryption, kPoint, kRead)               \
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
