// PutBucketOwnershipControls, GetBucketOwnershipControls, DeleteBucketOwnershipControls.
// Whatever they say, ACLs grant nothing here: with ACLs allowed only "private" is accepted.
//
// IAM:     s3:PutBucketOwnershipControls (deleting too), s3:GetBucketOwnershipControls.
// Source:  S3 API Reference.
#include "services/s3/ops/bucket_settings.h"

namespace millrace::s3 {

MR_S3_BUCKET_RULES(PutBucketOwnershipControls, "s3:PutBucketOwnershipControls")
MR_S3_BUCKET_RULES(GetBucketOwnershipControls, "s3:GetBucketOwnershipControls")
MR_S3_BUCKET_RULES(DeleteBucketOwnershipControls, "s3:PutBucketOwnershipControls")

contracts::Outcome<PutBucketOwnershipControls::Output> PutBucketOwnershipControls::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    if (!input.ownership_controls || !input.ownership_controls->rules ||
        input.ownership_controls->rules->size() != 1) {
        return errors::malformed_xml();
    }
    const std::string ownership =
        input.ownership_controls->rules->front().object_ownership.value_or("");
    if (ownership == "BucketOwnerEnforced") {
        bucket.ownership = ObjectOwnership::kBucketOwnerEnforced;
    } else if (ownership == "BucketOwnerPreferred") {
        bucket.ownership = ObjectOwnership::kBucketOwnerPreferred;
    } else if (ownership == "ObjectWriter") {
        bucket.ownership = ObjectOwnership::kObjectWriter;
    } else {
        return errors::malformed_xml();
    }
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

contracts::Outcome<GetBucketOwnershipControls::Output> GetBucketOwnershipControls::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const BucketRef bucket, readable_bucket(service, context, *input.bucket));
    std::string ownership;
    switch (bucket->ownership) {
        case ObjectOwnership::kNone:
            return errors::no_ownership_controls(bucket->name);
        case ObjectOwnership::kBucketOwnerEnforced:
            ownership = "BucketOwnerEnforced";
            break;
        case ObjectOwnership::kBucketOwnerPreferred:
            ownership = "BucketOwnerPreferred";
            break;
        case ObjectOwnership::kObjectWriter:
            ownership = "ObjectWriter";
            break;
    }
    Output output;
    output.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership =
        std::move(ownership);
    return output;
}

contracts::Outcome<DeleteBucketOwnershipControls::Output> DeleteBucketOwnershipControls::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    bucket.ownership = ObjectOwnership::kNone;
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
