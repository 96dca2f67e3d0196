// PutObjectTagging, GetObjectTagging, DeleteObjectTagging: the tags of an object or a version.
//
// IAM:     s3:PutObjectTagging, s3:PutObjectVersionTagging, ...; s3:ExistingObjectTag/<key>,
//          s3:RequestObjectTag/<key>.
// Limits:  10 tags.
// Source:  S3 API Reference.
#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {
namespace {

// Replaces the tags. Output: the version's id when the bucket has versions.
template <class Input>
Result<std::optional<std::string>> replace_tags(S3Service& service, contracts::OpContext& context,
                                                const Input& input, Tags tags,
                                                std::string_view method) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    const std::string key = input.key.value_or("");
    MR_TRY(ObjectRow row,
           find_for_read(service, context, *bucket, objects, key, input.version_id, method));
    row.tags = std::move(tags);
    MR_TRY(Objects::Found found, objects.find(key, input.version_id));
    found.row = std::move(row);
    objects.rewrite(key, found);
    if (bucket->versioning == Versioning::kNever) return std::optional<std::string>();
    return std::optional<std::string>(shown_version(*found.row));
}

}  // namespace

Result<void> PutObjectTagging::check(const Input&) { return {}; }
Result<void> PutObjectTagging::authorize(S3Service& service, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_read(service, context, input, requests, "s3:PutObjectTagging",
                               "s3:PutObjectVersionTagging"));
    if (input.tagging && input.tagging->tag_set) {
        Tags tags;
        for (const auto& tag : *input.tagging->tag_set) {
            tags.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
        }
        add_tag_conditions(requests.back(), "s3:requestobjecttag", tags);
    }
    return {};
}
contracts::Outcome<PutObjectTagging::Output> PutObjectTagging::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    if (!input.tagging) return errors::malformed_xml();
    MR_CHECK_OK(check_body(context, {}, false));
    MR_TRY(Tags tags, check_tags(input.tagging->tag_set, kObjectTagsMax));
    Output output;
    MR_TRY(output.version_id, replace_tags(service, context, input, std::move(tags), "PUT"));
    return output;
}

Result<void> GetObjectTagging::check(const Input&) { return {}; }
Result<void> GetObjectTagging::authorize(S3Service& service, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:GetObjectTagging",
                          "s3:GetObjectVersionTagging");
}
contracts::Outcome<GetObjectTagging::Output> GetObjectTagging::run(S3Service& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_TRY(const ObjectRow row, find_for_read(service, context, *bucket, objects,
                                              input.key.value_or(""), input.version_id, "GET"));
    Output output;
    output.tag_set = to_model(row.tags);
    if (bucket->versioning != Versioning::kNever) output.version_id = shown_version(row);
    return output;
}

Result<void> DeleteObjectTagging::check(const Input&) { return {}; }
Result<void> DeleteObjectTagging::authorize(S3Service& service, contracts::OpContext& context,
                                            const Input& input,
                                            contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:DeleteObjectTagging",
                          "s3:DeleteObjectVersionTagging");
}
contracts::Outcome<DeleteObjectTagging::Output> DeleteObjectTagging::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    Output output;
    MR_TRY(output.version_id, replace_tags(service, context, input, Tags(), "DELETE"));
    return output;
}

}  // namespace millrace::s3
