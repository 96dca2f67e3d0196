// PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus, and Block Public
// Access.
//
// IAM:     s3:PutBucketPolicy, ...; root may always repair a policy that locks everybody out.
// Errors:  MalformedPolicy, AccessDenied (a public policy while BlockPublicPolicy is on).
// Source:  S3 API Reference; User Guide, "Blocking public access to your Amazon S3 storage".
#include "auth/policy.h"
#include "services/s3/access.h"
#include "services/s3/errors.h"
#include "services/s3/operations.h"

namespace millrace::s3 {
namespace {

constexpr size_t kPolicyBytesMax = 20 * 1024;

// A copy to change; the error when there is no such bucket.
Result<Bucket> changeable(S3Service& service, contracts::OpContext& context,
                          const std::string& name) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), name);
    if (!bucket) return errors::no_such_bucket(name);
    return *bucket;
}

}  // namespace

#define MR_S3_BUCKET_RULES(Name, action)                                                   \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(S3Service& service, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return authorize_bucket(service, context, input, requests, action);                \
    }
MR_S3_BUCKET_RULES(PutBucketPolicy, "s3:PutBucketPolicy")
MR_S3_BUCKET_RULES(GetBucketPolicy, "s3:GetBucketPolicy")
MR_S3_BUCKET_RULES(DeleteBucketPolicy, "s3:DeleteBucketPolicy")
MR_S3_BUCKET_RULES(GetBucketPolicyStatus, "s3:GetBucketPolicyStatus")
MR_S3_BUCKET_RULES(PutPublicAccessBlock, "s3:PutBucketPublicAccessBlock")
MR_S3_BUCKET_RULES(GetPublicAccessBlock, "s3:GetBucketPublicAccessBlock")
MR_S3_BUCKET_RULES(DeletePublicAccessBlock, "s3:PutBucketPublicAccessBlock")
#undef MR_S3_BUCKET_RULES

contracts::Outcome<PutBucketPolicy::Output> PutBucketPolicy::run(S3Service& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    MR_TRY(Bucket bucket, changeable(service, context, *input.bucket));
    const std::string document = input.policy.value_or("");
    if (document.size() > kPolicyBytesMax) {
        return errors::make(
            "PolicyTooLarge", 400,
            "Normalized policy document exceeds the maximum allowed size of 20480 bytes.");
    }
    const auto parsed = auth::parse_policy(document, auth::PolicyKind::kResource);
    if (!parsed) return errors::malformed_policy(parsed.error().message);
    if (bucket.blocks_public_policy() && auth::is_public(**parsed)) return errors::access_denied();
    bucket.policy = document;
    derive(bucket);
    service.put_bucket(context.txn(), bucket);
    context.http_status = 204;
    return Output{};
}

contracts::Outcome<GetBucketPolicy::Output> GetBucketPolicy::run(S3Service& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    if (!bucket->policy) return errors::no_such_bucket_policy(*input.bucket);
    Output output;
    output.policy = bucket->policy;
    return output;
}

contracts::Outcome<DeleteBucketPolicy::Output> DeleteBucketPolicy::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable(service, context, *input.bucket));
    bucket.policy.reset();
    derive(bucket);
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetBucketPolicyStatus::Output> GetBucketPolicyStatus::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    if (!bucket->policy) return errors::no_such_bucket_policy(*input.bucket);
    Output output;
    output.policy_status.emplace().is_public = bucket->policy_is_public;
    return output;
}

contracts::Outcome<PutPublicAccessBlock::Output> PutPublicAccessBlock::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable(service, context, *input.bucket));
    if (!input.public_access_block_configuration) return errors::malformed_xml();
    const auto& given = *input.public_access_block_configuration;
    bucket.public_access_block = PublicAccessBlock{
        given.block_public_acls.value_or(false), given.ignore_public_acls.value_or(false),
        given.block_public_policy.value_or(false), given.restrict_public_buckets.value_or(false)};
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetPublicAccessBlock::Output> GetPublicAccessBlock::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    if (!bucket->public_access_block) return errors::no_such_public_access_block(*input.bucket);
    Output output;
    auto& shown = output.public_access_block_configuration.emplace();
    shown.block_public_acls = bucket->public_access_block->block_public_acls;
    shown.ignore_public_acls = bucket->public_access_block->ignore_public_acls;
    shown.block_public_policy = bucket->public_access_block->block_public_policy;
    shown.restrict_public_buckets = bucket->public_access_block->restrict_public_buckets;
    return output;
}

contracts::Outcome<DeletePublicAccessBlock::Output> DeletePublicAccessBlock::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable(service, context, *input.bucket));
    bucket.public_access_block.reset();
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
