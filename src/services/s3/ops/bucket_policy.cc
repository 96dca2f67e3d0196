// PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus, and Block Public
// Access.
//
// IAM:     s3:PutBucketPolicy, ...; root may always repair a policy that locks everybody out.
// Errors:  MalformedPolicy, AccessDenied (a public policy while BlockPublicPolicy is on).
// Source:  S3 API Reference; User Guide, "Blocking public access to your Amazon S3 storage".
#include "auth/policy.h"
#include "services/s3/ops/bucket_settings.h"

namespace millrace::s3 {
namespace {

constexpr size_t kPolicyBytesMax = 20 * 1024;

// Which kind of resource an action is about. Actions with wildcards fit both.
bool is_object_action(std::string_view action) {
    for (const std::string_view prefix :
         {"s3:getobject", "s3:putobject", "s3:deleteobject", "s3:abortmultipartupload",
          "s3:listmultipartuploadparts", "s3:restoreobject", "s3:bypassgovernance", "s3:replicate",
          "s3:objectowneroverride", "s3:initiatereplication", "s3:updateobjectencryption"}) {
        if (action.starts_with(prefix)) return true;
    }
    return false;
}

// Resources must lie in the bucket, actions must be S3's and fit one of the statement's resources.
Result<void> check_statements(const contracts::PolicyDocument& policy, const std::string& name) {
    const std::string arn = "arn:aws:s3:::" + name;
    for (const auth::Statement& statement : policy.statements) {
        bool on_bucket = false;
        bool on_objects = false;
        for (const auth::Pattern& resource : statement.resources) {
            if (!resource.text.starts_with(arn)) {
                return errors::malformed_policy("Policy has invalid resource");
            }
            const std::string_view rest = std::string_view(resource.text).substr(arn.size());
            if (rest.empty()) {
                on_bucket = true;
            } else if (rest.starts_with("/")) {
                on_objects = true;
            } else if (rest.starts_with("*")) {
                on_bucket = true;
                on_objects = true;
            } else {
                return errors::malformed_policy("Policy has invalid resource");
            }
        }
        for (const auth::Pattern& action : statement.actions) {
            std::string lower = action.text;
            for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
            if (lower == "*") continue;
            if (!lower.starts_with("s3:")) {
                return errors::malformed_policy("Policy has invalid action");
            }
            if (action.has_wildcard || statement.not_resource || statement.not_action) continue;
            if (is_object_action(lower) ? !on_objects : !on_bucket) {
                return errors::malformed_policy(
                    "Action does not apply to any resource(s) in statement");
            }
        }
    }
    return {};
}

// The owner's root gets at the policy whatever the policy says, or nobody could repair it.
template <class Input>
Result<void> authorize_policy(S3Service& service, contracts::OpContext& context, const Input& input,
                              contracts::AuthzRequests& requests, std::string_view action) {
    MR_CHECK_OK(authorize_bucket(service, context, input, requests, action));
    contracts::AuthzRequest& request = requests.back();
    if (context.caller().kind == contracts::PrincipalKind::kRoot &&
        context.caller().account_id == request.resource_account) {
        request.resource_policy = nullptr;
    }
    return {};
}

}  // namespace

#define MR_S3_POLICY_RULES(Name)                                                           \
    Result<void> Name::check(const Input&) { return {}; }                                  \
    Result<void> Name::authorize(S3Service& service, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        return authorize_policy(service, context, input, requests, "s3:" #Name);           \
    }
MR_S3_POLICY_RULES(PutBucketPolicy)
MR_S3_POLICY_RULES(GetBucketPolicy)
MR_S3_POLICY_RULES(DeleteBucketPolicy)
#undef MR_S3_POLICY_RULES
MR_S3_BUCKET_RULES(GetBucketPolicyStatus, "s3:GetBucketPolicyStatus")
MR_S3_BUCKET_RULES(PutPublicAccessBlock, "s3:PutBucketPublicAccessBlock")
MR_S3_BUCKET_RULES(GetPublicAccessBlock, "s3:GetBucketPublicAccessBlock")
MR_S3_BUCKET_RULES(DeletePublicAccessBlock, "s3:PutBucketPublicAccessBlock")

contracts::Outcome<PutBucketPolicy::Output> PutBucketPolicy::run(S3Service& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    const std::string document = input.policy.value_or("");
    if (document.size() > kPolicyBytesMax) {
        return errors::make(
            "PolicyTooLarge", 400,
            "Normalized policy document exceeds the maximum allowed size of 20480 bytes.");
    }
    const auto parsed = auth::parse_policy(document, auth::PolicyKind::kResource);
    if (!parsed) return errors::malformed_policy(parsed.error().message);
    MR_CHECK_OK(check_statements(**parsed, bucket.name));
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
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
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
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
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
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    bucket.public_access_block.reset();
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
