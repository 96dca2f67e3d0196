// PutBucketVersioning, GetBucketVersioning. What the states do to objects: objects.cc.
//
// IAM:     s3:PutBucketVersioning, s3:GetBucketVersioning.
// Source:  S3 API Reference; User Guide, "How S3 Versioning works".
#include "services/s3/ops/bucket_settings.h"

namespace millrace::s3 {

MR_S3_BUCKET_RULES(PutBucketVersioning, "s3:PutBucketVersioning")
MR_S3_BUCKET_RULES(GetBucketVersioning, "s3:GetBucketVersioning")

contracts::Outcome<PutBucketVersioning::Output> PutBucketVersioning::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    if (input.mfa) return errors::not_implemented_header("x-amz-mfa");
    if (!input.versioning_configuration) return errors::malformed_xml();
    const auto& given = *input.versioning_configuration;
    if (given.mfa_delete) {
        if (*given.mfa_delete == "Enabled") return errors::not_implemented();
        if (*given.mfa_delete != "Disabled") return errors::malformed_xml();
    }
    if (!given.status) return errors::illegal_versioning();
    if (*given.status == "Enabled") {
        bucket.versioning = Versioning::kEnabled;
    } else if (*given.status == "Suspended") {
        bucket.versioning = Versioning::kSuspended;
    } else {
        return errors::malformed_xml();
    }
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetBucketVersioning::Output> GetBucketVersioning::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const BucketRef bucket, readable_bucket(service, context, *input.bucket));
    Output output;
    if (bucket->versioning == Versioning::kEnabled) output.status = "Enabled";
    if (bucket->versioning == Versioning::kSuspended) output.status = "Suspended";
    return output;
}

}  // namespace millrace::s3
