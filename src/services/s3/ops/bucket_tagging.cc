// PutBucketTagging, GetBucketTagging, DeleteBucketTagging.
//
// IAM:     s3:PutBucketTagging (deleting too), s3:GetBucketTagging.
// Limits:  50 tags.
// Source:  S3 API Reference.
#include "services/s3/ops/bucket_settings.h"
#include "services/s3/tags.h"

namespace millrace::s3 {

MR_S3_BUCKET_RULES(PutBucketTagging, "s3:PutBucketTagging")
MR_S3_BUCKET_RULES(GetBucketTagging, "s3:GetBucketTagging")
MR_S3_BUCKET_RULES(DeleteBucketTagging, "s3:PutBucketTagging")

contracts::Outcome<PutBucketTagging::Output> PutBucketTagging::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    if (!input.tagging) return errors::malformed_xml();
    MR_TRY(bucket.tags, check_tags(input.tagging->tag_set, kBucketTagsMax));
    service.put_bucket(context.txn(), bucket);
    context.http_status = 204;
    return Output{};
}

contracts::Outcome<GetBucketTagging::Output> GetBucketTagging::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(const BucketRef bucket, readable_bucket(service, context, *input.bucket));
    if (bucket->tags.empty()) return errors::no_such_tag_set(bucket->name);
    Output output;
    output.tag_set = to_model(bucket->tags);
    return output;
}

contracts::Outcome<DeleteBucketTagging::Output> DeleteBucketTagging::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Bucket bucket, changeable_bucket(service, context, *input.bucket));
    bucket.tags.clear();
    service.put_bucket(context.txn(), bucket);
    return Output{};
}

}  // namespace millrace::s3
