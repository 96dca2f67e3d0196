// CopyObject: a new object with the content of another. A blob is shared, not copied.
//
// IAM:     s3:PutObject on the target, s3:GetObject (or s3:GetObjectVersion) on the source, the
//          tagging actions when tags are copied or set.
// Limits:  5 GiB.
// Cost:    O(1), or O(size) when the ETag or a checksum must be computed anew.
// Source:  S3 API Reference, CopyObject.
#include "codec/base64.h"
#include "codec/hex.h"
#include "services/s3/content.h"
#include "services/s3/operations.h"
#include "services/s3/ops/copy_source.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

bool is_directive(const std::optional<std::string>& directive) {
    return !directive || *directive == "COPY" || *directive == "REPLACE";
}
bool replaces(const std::optional<std::string>& directive) {
    return directive && *directive == "REPLACE";
}

}  // namespace

Result<void> CopyObject::check(const Input& input) {
    MR_CHECK_OK(check_object_settings(input));
    if (input.copy_source_sse_customer_algorithm || input.copy_source_sse_customer_key) {
        return errors::not_implemented_header(
            "x-amz-copy-source-server-side-encryption-customer-algorithm");
    }
    if (!is_directive(input.metadata_directive)) {
        return errors::invalid_argument("Unknown metadata directive.", "x-amz-metadata-directive",
                                        *input.metadata_directive);
    }
    if (!is_directive(input.tagging_directive)) {
        return errors::invalid_argument("Unknown tagging directive.", "x-amz-tagging-directive",
                                        *input.tagging_directive);
    }
    if (input.checksum_algorithm &&
        parse_algorithm(*input.checksum_algorithm) == ChecksumAlgorithm::kNone) {
        return errors::unsupported_checksum_algorithm();
    }
    return {};
}

Result<void> CopyObject::authorize(S3Service& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_new_object(service, context, input, requests));
    for (contracts::AuthzRequest& request : requests) {
        add_condition(request, "s3:x-amz-copy-source", input.copy_source.value_or(""));
        if (input.metadata_directive) {
            add_condition(request, "s3:x-amz-metadata-directive", *input.metadata_directive);
        }
    }
    return authorize_source(service, context, input.copy_source, input.expected_source_bucket_owner,
                            !replaces(input.tagging_directive), requests);
}

contracts::Outcome<CopyObject::Output> CopyObject::run(S3Service& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(check_object_acl(*bucket, input.acl, has_grants(input)));
    MR_TRY(const OpenedSource source,
           open_source(service, context, input.copy_source.value_or(""), source_conditions(input)));
    if (source.row.size > kSinglePutBytesMax) {
        return errors::invalid_request(
            "The specified copy source is larger than the maximum allowable size for a copy "
            "source: 5368709120");
    }
    const bool replace = replaces(input.metadata_directive);
    const bool in_place =
        source.bucket->id == bucket->id && source.name.key == key && !source.name.version_id;
    if (in_place && !replace && !input.storage_class && !input.website_redirect_location &&
        !input.server_side_encryption) {
        return errors::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or "
            "encryption attributes.");
    }
    ObjectRow row;
    if (replace) {
        MR_TRY(row.headers, read_headers(input));
        MR_TRY(row.metadata, read_metadata(input.metadata));
    } else {
        row.headers = source.row.headers;
        row.metadata = source.row.metadata;
        // Neither goes along with the content.
        row.headers.website_redirect = input.website_redirect_location.value_or("");
        MR_TRY(row.headers.storage_class, read_storage_class(input.storage_class));
    }
    if (replaces(input.tagging_directive)) {
        MR_TRY(row.tags, parse_tagging_header(input.tagging.value_or("")));
    } else {
        row.tags = source.row.tags;
    }
    Objects objects(context, *bucket);
    if (input.if_match || input.if_none_match) {
        const auto old = objects.current(key);
        const auto etag = old ? std::optional<std::string>(old->etag) : std::nullopt;
        MR_CHECK_OK(check_write(input.if_match, input.if_none_match, etag, key));
    }

    // A copy is one part: a multipart source gets an MD5 of the whole as its ETag.
    const bool multipart = source.row.etag.find('-') != std::string::npos;
    ChecksumAlgorithm algorithm = source.row.checksum.algorithm;
    if (input.checksum_algorithm) algorithm = parse_algorithm(*input.checksum_algorithm);
    const bool known = algorithm == source.row.checksum.algorithm &&
                       source.row.checksum.type == ChecksumType::kFullObject;
    row.etag = source.row.etag;
    row.checksum = source.row.checksum;
    if (multipart || !known) {
        const Body content =
            Objects(context, *source.bucket).load_body(source.row, 0, source.row.size);
        MR_TRY(const ContentDigests digests, digest_body(service, content, algorithm));
        row.etag = codec::hex_encode(digests.md5);
        row.checksum = {algorithm, ChecksumType::kFullObject,
                        codec::base64_encode(digests.checksum)};
    }
    objects.share_body(source.row, source.bucket->id, row);
    objects.put(key, row);

    Output output;
    auto& result = output.copy_object_result.emplace();
    result.e_tag = quoted(row.etag);
    result.last_modified = whole_seconds(row.modified);
    show_checksum(result, row.checksum);
    output.server_side_encryption = "AES256";
    if (source.bucket->versioning != Versioning::kNever) {
        output.copy_source_version_id = shown_version(source.row);
    }
    if (bucket->versioning != Versioning::kNever) output.version_id = shown_version(row);
    return output;
}

}  // namespace millrace::s3
