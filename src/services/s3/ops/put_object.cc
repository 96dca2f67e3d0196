// PutObject: makes an object, or a new version of it, as a whole.
//
// IAM:     s3:PutObject on the object; with tags s3:PutObjectTagging.
// Reads:   bucket, the object that is replaced.
// Writes:  object row; the replaced version is released or kept, as versioning says: one
// transaction. Limits:  5 GiB; metadata 2 KB; 10 tags. Source:  S3 API Reference, PutObject.
#include "codec/hex.h"
#include "services/s3/conditions.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {

Result<void> PutObject::check(const Input& input) {
    if (input.write_offset_bytes) return errors::not_implemented_header("x-amz-write-offset-bytes");
    MR_CHECK_OK(check_object_settings(input));
    const uint64_t size = input.body ? input.body->size() : 0;
    if (size > kSinglePutBytesMax) return errors::entity_too_large(size, kSinglePutBytesMax);
    return {};
}

Result<void> PutObject::authorize(S3Service& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests) {
    return authorize_new_object(service, context, input, requests);
}

contracts::Outcome<PutObject::Output> PutObject::run(S3Service& service,
                                                     contracts::OpContext& context,
                                                     const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(check_object_acl(*bucket, input.acl, has_grants(input)));
    const Body empty;
    const Body& body = input.body ? *input.body : empty;
    MR_TRY(const BodyDigests digests, check_body(context, body.bytes, false));

    ObjectRow row;
    MR_TRY(row.headers, read_headers(input));
    MR_TRY(row.metadata, read_metadata(input.metadata));
    if (input.tagging) {
        MR_TRY(row.tags, parse_tagging_header(*input.tagging));
    }
    Objects objects(context, *bucket);
    if (input.if_match || input.if_none_match) {
        const auto old = objects.current(key);
        const auto etag = old ? std::optional<std::string>(old->etag) : std::nullopt;
        MR_CHECK_OK(check_write(input.if_match, input.if_none_match, etag, key));
    }
    row.etag = codec::hex_encode(digests.md5);
    row.checksum = digests.checksum;
    MR_CHECK_OK(objects.store_body(service, row, body));
    objects.put(key, row);

    Output output;
    output.e_tag = quoted(row.etag);
    output.server_side_encryption = "AES256";
    show_checksum(output, row.checksum);
    if (bucket->versioning != Versioning::kNever) output.version_id = shown_version(row);
    return output;
}

}  // namespace millrace::s3
