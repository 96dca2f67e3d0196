// HeadBucket, GetBucketLocation and the getters of configurations that this server fixes: each says
// what is true here.
//
// IAM:     s3:ListBucket (HeadBucket), s3:GetBucketLocation, s3:GetEncryptionConfiguration, ...
// Source:  S3 API Reference, the operations of these names.
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {

Result<void> HeadBucket::check(const Input&) { return {}; }
Result<void> HeadBucket::authorize(S3Service& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:ListBucket");
}
contracts::Outcome<HeadBucket::Output> HeadBucket::run(S3Service& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Output output;
    output.bucket_region = bucket->region;
    output.bucket_arn = "arn:aws:s3:::" + bucket->name;
    output.access_point_alias = false;
    return output;
}

Result<void> GetBucketLocation::check(const Input&) { return {}; }
Result<void> GetBucketLocation::authorize(S3Service& service, contracts::OpContext& context,
                                          const Input& input, contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetBucketLocation");
}
contracts::Outcome<GetBucketLocation::Output> GetBucketLocation::run(S3Service& service,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Output output;
    if (bucket->region != "us-east-1") output.location_constraint = bucket->region;
    return output;
}

// Every object is answered with AES256: the label of S3's default.
Result<void> GetBucketEncryption::check(const Input&) { return {}; }
Result<void> GetBucketEncryption::authorize(S3Service& service, contracts::OpContext& context,
                                            const Input& input,
                                            contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetEncryptionConfiguration");
}
contracts::Outcome<GetBucketEncryption::Output> GetBucketEncryption::run(S3Service&,
                                                                         contracts::OpContext&,
                                                                         const Input&) {
    model::s3::ServerSideEncryptionRule rule;
    rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = "AES256";
    rule.bucket_key_enabled = false;
    Output output;
    output.server_side_encryption_configuration.emplace().rules = {std::move(rule)};
    return output;
}

Result<void> GetBucketLifecycleConfiguration::check(const Input&) { return {}; }
Result<void> GetBucketLifecycleConfiguration::authorize(S3Service& service,
                                                        contracts::OpContext& context,
                                                        const Input& input,
                                                        contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetLifecycleConfiguration");
}
contracts::Outcome<GetBucketLifecycleConfiguration::Output> GetBucketLifecycleConfiguration::run(
    S3Service&, contracts::OpContext&, const Input& input) {
    return errors::no_such_lifecycle(*input.bucket);
}

Result<void> GetBucketReplication::check(const Input&) { return {}; }
Result<void> GetBucketReplication::authorize(S3Service& service, contracts::OpContext& context,
                                             const Input& input,
                                             contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetReplicationConfiguration");
}
contracts::Outcome<GetBucketReplication::Output> GetBucketReplication::run(S3Service&,
                                                                           contracts::OpContext&,
                                                                           const Input& input) {
    return errors::no_replication(*input.bucket);
}

Result<void> GetObjectLockConfiguration::check(const Input&) { return {}; }
Result<void> GetObjectLockConfiguration::authorize(S3Service& service,
                                                   contracts::OpContext& context,
                                                   const Input& input,
                                                   contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests,
                            "s3:GetBucketObjectLockConfiguration");
}
contracts::Outcome<GetObjectLockConfiguration::Output> GetObjectLockConfiguration::run(
    S3Service&, contracts::OpContext&, const Input& input) {
    return errors::no_object_lock(*input.bucket);
}

Result<void> GetBucketRequestPayment::check(const Input&) { return {}; }
Result<void> GetBucketRequestPayment::authorize(S3Service& service, contracts::OpContext& context,
                                                const Input& input,
                                                contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetBucketRequestPayment");
}
contracts::Outcome<GetBucketRequestPayment::Output> GetBucketRequestPayment::run(
    S3Service&, contracts::OpContext&, const Input&) {
    Output output;
    output.payer = "BucketOwner";
    return output;
}

Result<void> GetBucketLogging::check(const Input&) { return {}; }
Result<void> GetBucketLogging::authorize(S3Service& service, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetBucketLogging");
}
contracts::Outcome<GetBucketLogging::Output> GetBucketLogging::run(S3Service&,
                                                                   contracts::OpContext&,
                                                                   const Input&) {
    return Output{};
}

Result<void> GetBucketNotificationConfiguration::check(const Input&) { return {}; }
Result<void> GetBucketNotificationConfiguration::authorize(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input,
                                                           contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetBucketNotification");
}
contracts::Outcome<GetBucketNotificationConfiguration::Output>
GetBucketNotificationConfiguration::run(S3Service&, contracts::OpContext&, const Input&) {
    return Output{};
}

Result<void> GetBucketAccelerateConfiguration::check(const Input&) { return {}; }
Result<void> GetBucketAccelerateConfiguration::authorize(S3Service& service,
                                                         contracts::OpContext& context,
                                                         const Input& input,
                                                         contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetAccelerateConfiguration");
}
contracts::Outcome<GetBucketAccelerateConfiguration::Output> GetBucketAccelerateConfiguration::run(
    S3Service&, contracts::OpContext&, const Input&) {
    return Output{};
}

}  // namespace millrace::s3
