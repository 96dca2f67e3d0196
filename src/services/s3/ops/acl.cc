// GetBucketAcl, GetObjectAcl, PutBucketAcl, PutObjectAcl. Everything belongs to the bucket's owner
// with full control; nothing else can be granted by ACL, and trying to is refused.
//
// IAM:     s3:GetBucketAcl, s3:PutBucketAcl, s3:GetObjectAcl, s3:GetObjectVersionAcl, ...
// Errors:  AccessControlListNotSupported; AccessDenied under BlockPublicAcls; NotImplemented.
// Source:  S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {
namespace {

template <class Output>
Output owner_has_full_control(const Bucket& bucket) {
    Output output;
    output.owner.emplace().id = canonical_id(bucket.owner);
    model::s3::Grant grant;
    grant.permission = "FULL_CONTROL";
    model::s3::Grantee& grantee = grant.grantee.emplace();
    grantee.type = "CanonicalUser";
    grantee.id = canonical_id(bucket.owner);
    output.grants = {std::move(grant)};
    return output;
}

template <class Input>
Result<void> check_acl_request(const Bucket& bucket, const Input& input) {
    bool grants = has_grants(input) || input.grant_write || input.access_control_policy;
    if (!input.acl && !grants) {
        return errors::make("MissingSecurityHeader", 400,
                            "Your request was missing a required header");
    }
    return check_object_acl(bucket, input.acl, grants);
}

}  // namespace

Result<void> GetBucketAcl::check(const Input&) { return {}; }
Result<void> GetBucketAcl::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return authorize_bucket(service, context, input, requests, "s3:GetBucketAcl");
}
contracts::Outcome<GetBucketAcl::Output> GetBucketAcl::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    return owner_has_full_control<Output>(*bucket);
}

Result<void> PutBucketAcl::check(const Input&) { return {}; }
Result<void> PutBucketAcl::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_bucket(service, context, input, requests, "s3:PutBucketAcl"));
    if (input.acl) add_condition(requests.back(), "s3:x-amz-acl", *input.acl);
    return {};
}
contracts::Outcome<PutBucketAcl::Output> PutBucketAcl::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    MR_CHECK_OK(check_acl_request(*bucket, input));
    return Output{};
}

Result<void> GetObjectAcl::check(const Input&) { return {}; }
Result<void> GetObjectAcl::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:GetObjectAcl",
                          "s3:GetObjectVersionAcl");
}
contracts::Outcome<GetObjectAcl::Output> GetObjectAcl::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_CHECK_OK(find_for_read(service, context, *bucket, objects, input.key.value_or(""),
                              input.version_id, "GET"));
    return owner_has_full_control<Output>(*bucket);
}

Result<void> PutObjectAcl::check(const Input&) { return {}; }
Result<void> PutObjectAcl::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_read(service, context, input, requests, "s3:PutObjectAcl",
                               "s3:PutObjectVersionAcl"));
    if (input.acl) add_condition(requests.back(), "s3:x-amz-acl", *input.acl);
    return {};
}
contracts::Outcome<PutObjectAcl::Output> PutObjectAcl::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_CHECK_OK(find_for_read(service, context, *bucket, objects, input.key.value_or(""),
                              input.version_id, "PUT"));
    MR_CHECK_OK(check_acl_request(*bucket, input));
    return Output{};
}

}  // namespace millrace::s3
