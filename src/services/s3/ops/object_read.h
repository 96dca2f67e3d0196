// Reading an object: finding it, the errors when it is not there, and the headers that GetObject
// and HeadObject answer with. Thread-safety: as the transaction.
#pragma once

#include <string>
#include <string_view>

#include "services/s3/conditions.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {

// The object or version for reading. Errors: NoSuchKey or AccessDenied (who may not list learns no
// more), NoSuchVersion, MethodNotAllowed for a delete marker asked for by its id.
Result<ObjectRow> find_for_read(S3Service& service, contracts::OpContext& context,
                                const Bucket& bucket, Objects& objects, std::string_view key,
                                const std::optional<std::string>& version_id,
                                std::string_view method);

// One request on the object, with the condition keys of its tags when some policy may ask for them.
Result<void> authorize_existing(S3Service& service, contracts::OpContext& context,
                                const Bucket& bucket, const std::string& key,
                                const std::optional<std::string>& version_id,
                                std::string_view action, contracts::AuthzRequests& requests);

template <class Input>
Result<void> authorize_read(S3Service& service, contracts::OpContext& context, const Input& input,
                            contracts::AuthzRequests& requests, std::string_view action,
                            std::string_view version_action) {
    MR_TRY(const BucketRef bucket,
           open_bucket(service, context, input.bucket, input.expected_bucket_owner));
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(check_key(key));
    return authorize_existing(service, context, *bucket, key, input.version_id,
                              input.version_id ? version_action : action, requests);
}

// What of the object goes into the answer, after conditions, range and part number.
struct Selection {
    ByteRange range;
    bool partial = false;
    std::optional<int32_t> parts_count;
};

// Errors: InvalidRange, InvalidPartNumber, InvalidRequest.
Result<Selection> select_range(const ObjectRow& row, const std::optional<std::string>& range,
                               const std::optional<int32_t>& part_number);

template <class Input, class Output>
Result<Selection> read_object(contracts::OpContext& context, const Bucket& bucket,
                              const Input& input, const ObjectRow& row, Output& output) {
    Preconditions conditions;
    conditions.if_match = input.if_match;
    conditions.if_none_match = input.if_none_match;
    conditions.if_modified_since = input.if_modified_since;
    conditions.if_unmodified_since = input.if_unmodified_since;
    if (auto checked = check_read(conditions, row.etag, row.modified, context.now()); !checked) {
        if (checked.error().http_status == 304) {
            context.response_headers.emplace_back("ETag", quoted(row.etag));
            context.response_headers.emplace_back("Last-Modified", format_http_date(row.modified));
            if (!row.headers.cache_control.empty()) {
                context.response_headers.emplace_back("Cache-Control", row.headers.cache_control);
            }
            if (bucket.versioning != Versioning::kNever) {
                context.response_headers.emplace_back("x-amz-version-id", shown_version(row));
            }
        }
        return std::move(checked.error());
    }
    MR_TRY(const Selection selection, select_range(row, input.range, input.part_number));

    const bool overrides = input.response_cache_control || input.response_content_disposition ||
                           input.response_content_encoding || input.response_content_language ||
                           input.response_content_type || input.response_expires;
    if (overrides && context.caller().kind == contracts::PrincipalKind::kAnonymous) {
        return errors::invalid_request(
            "Request specific response headers cannot be used for anonymous GET requests.");
    }
    const auto kept = [](const std::string& value, const std::optional<std::string>& instead) {
        if (instead) return instead;
        return value.empty() ? std::optional<std::string>() : std::optional<std::string>(value);
    };
    output.accept_ranges = "bytes";
    output.last_modified = row.modified;
    output.e_tag = quoted(row.etag);
    output.content_length = static_cast<int64_t>(selection.range.length);
    output.content_type = kept(row.headers.content_type, input.response_content_type);
    output.cache_control = kept(row.headers.cache_control, input.response_cache_control);
    output.content_disposition =
        kept(row.headers.content_disposition, input.response_content_disposition);
    output.content_encoding = kept(row.headers.content_encoding, input.response_content_encoding);
    output.content_language = kept(row.headers.content_language, input.response_content_language);
    output.expires =
        kept(row.headers.expires,
             input.response_expires
                 ? std::optional<std::string>(format_http_date(*input.response_expires))
                 : std::nullopt);
    if (!row.headers.website_redirect.empty()) {
        output.website_redirect_location = row.headers.website_redirect;
    }
    if (!row.headers.storage_class.empty()) output.storage_class = row.headers.storage_class;
    if (!row.metadata.empty()) output.metadata = shown_metadata(row.metadata);
    if (!row.tags.empty()) output.tag_count = static_cast<int32_t>(row.tags.size());
    output.server_side_encryption = "AES256";
    if (bucket.versioning != Versioning::kNever) output.version_id = shown_version(row);
    output.parts_count = selection.parts_count;
    if (selection.partial) {
        output.content_range = content_range(selection.range, row.size);
        context.http_status = 206;
    } else if (input.checksum_mode && equals_ignore_case(*input.checksum_mode, "ENABLED")) {
        show_checksum(output, row.checksum);
    }
    return selection;
}

}  // namespace millrace::s3
