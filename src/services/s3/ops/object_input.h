// What PutObject, CopyObject and CreateMultipartUpload have in common: reading the settings of a
// new object from their inputs, and refusing what is not offered. Thread-safety: pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/s3/access.h"
#include "services/s3/checksums.h"
#include "services/s3/errors.h"
#include "services/s3/objects.h"
#include "services/s3/tags.h"

namespace millrace::s3 {

inline constexpr size_t kMetadataBytesMax = 2048;
inline constexpr std::string_view kDefaultContentType = "binary/octet-stream";

// "aws-chunked" says how the body came, not what it is.
std::string without_aws_chunked(std::string_view content_encoding);
// Names in lower case, values trimmed. Error: MetadataTooLarge.
Result<std::map<std::string, std::string>> read_metadata(
    const std::optional<std::map<std::string, std::string>>& metadata);
// Values outside ASCII as RFC 2047 words.
std::map<std::string, std::string> shown_metadata(
    const std::map<std::string, std::string>& metadata);
Result<std::string> read_storage_class(const std::optional<std::string>& storage_class);
Result<void> check_website_redirect(const std::optional<std::string>& location);
// x-amz-acl and the x-amz-grant-* headers of a new object.
Result<void> check_object_acl(const Bucket& bucket, const std::optional<std::string>& acl,
                              bool has_grants);

template <class Input>
Result<void> check_object_settings(const Input& input) {
    if (input.sse_customer_algorithm || input.sse_customer_key || input.sse_customer_key_md5) {
        return errors::not_implemented_header("x-amz-server-side-encryption-customer-algorithm");
    }
    if constexpr (requires { input.server_side_encryption; }) {
        if (input.server_side_encryption && *input.server_side_encryption != "AES256") {
            if (!input.server_side_encryption->starts_with("aws:")) {
                return errors::invalid_argument("The encryption method specified is not supported",
                                                "x-amz-server-side-encryption",
                                                *input.server_side_encryption);
            }
            return errors::not_implemented_header("x-amz-server-side-encryption");
        }
        if (input.ssekms_key_id || input.ssekms_encryption_context) {
            return errors::not_implemented_header("x-amz-server-side-encryption-aws-kms-key-id");
        }
    }
    if constexpr (requires { input.object_lock_mode; }) {
        if (input.object_lock_mode || input.object_lock_retain_until_date ||
            input.object_lock_legal_hold_status) {
            return errors::invalid_request("Bucket is missing Object Lock Configuration");
        }
    }
    if constexpr (requires { input.website_redirect_location; }) {
        MR_CHECK_OK(check_website_redirect(input.website_redirect_location));
    }
    return {};
}

template <class Input>
bool has_grants(const Input& input) {
    return input.grant_full_control || input.grant_read || input.grant_read_acp ||
           input.grant_write_acp;
}

template <class Input>
Result<SystemHeaders> read_headers(const Input& input) {
    SystemHeaders headers;
    headers.content_type = input.content_type && !input.content_type->empty()
                               ? *input.content_type
                               : std::string(kDefaultContentType);
    headers.cache_control = input.cache_control.value_or("");
    headers.content_disposition = input.content_disposition.value_or("");
    headers.content_encoding = without_aws_chunked(input.content_encoding.value_or(""));
    headers.content_language = input.content_language.value_or("");
    headers.expires = input.expires.value_or("");
    headers.website_redirect = input.website_redirect_location.value_or("");
    MR_TRY(headers.storage_class, read_storage_class(input.storage_class));
    return headers;
}

// The condition keys of requests that make an object.
template <class Input>
void add_object_conditions(contracts::AuthzRequest& request, const Input& input) {
    if (input.acl) add_condition(request, "s3:x-amz-acl", *input.acl);
    if (input.server_side_encryption) {
        add_condition(request, "s3:x-amz-server-side-encryption", *input.server_side_encryption);
    }
    if (input.storage_class) {
        add_condition(request, "s3:x-amz-storage-class", *input.storage_class);
    }
    if (input.website_redirect_location) {
        add_condition(request, "s3:x-amz-website-redirect-location",
                      *input.website_redirect_location);
    }
    if constexpr (requires { input.if_none_match; }) {
        if (input.if_none_match) add_condition(request, "s3:if-none-match", *input.if_none_match);
        if (input.if_match) add_condition(request, "s3:if-match", *input.if_match);
    }
}

// s3:PutObject on the key and what its settings need besides.
template <class Input>
Result<void> authorize_new_object(S3Service& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests) {
    MR_TRY(const BucketRef bucket,
           open_bucket(service, context, input.bucket, input.expected_bucket_owner));
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(check_key(key));
    contracts::AuthzRequest request = make_request(context, *bucket, "s3:PutObject", &key);
    add_object_conditions(request, input);
    if (input.tagging && !input.tagging->empty()) {
        MR_TRY(const Tags tags, parse_tagging_header(*input.tagging));
        add_tag_conditions(request, "s3:requestobjecttag", tags);
        contracts::AuthzRequest tagging = request;
        tagging.action = "s3:PutObjectTagging";
        requests.push_back(std::move(request));
        requests.push_back(std::move(tagging));
        return {};
    }
    requests.push_back(std::move(request));
    return {};
}

// Puts a checksum into the member of an output that bears its name.
template <class Output>
void show_checksum(Output& output, const Checksum& checksum) {
    switch (checksum.algorithm) {
        case ChecksumAlgorithm::kNone:
            return;
        case ChecksumAlgorithm::kCrc32:
            output.checksum_crc32 = checksum.value;
            break;
        case ChecksumAlgorithm::kCrc32c:
            output.checksum_crc32c = checksum.value;
            break;
        case ChecksumAlgorithm::kCrc64Nvme:
            output.checksum_crc64nvme = checksum.value;
            break;
        case ChecksumAlgorithm::kSha1:
            output.checksum_sha1 = checksum.value;
            break;
        case ChecksumAlgorithm::kSha256:
            output.checksum_sha256 = checksum.value;
            break;
    }
    if constexpr (requires { output.checksum_type; }) {
        output.checksum_type = std::string(type_name(checksum.type));
    }
}

inline std::string quoted(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

// Dates in XML have whole seconds.
inline TimePoint whole_seconds(TimePoint time) {
    return TimePoint(std::chrono::seconds(epoch_seconds(time)));
}

}  // namespace millrace::s3
