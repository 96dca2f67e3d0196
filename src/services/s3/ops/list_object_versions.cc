// ListObjectVersions: versions and delete markers, by key and then newest first.
//
// IAM:     s3:ListBucketVersions with s3:prefix, s3:delimiter, s3:max-keys.
// Cost:    O(entries of the page).
// Source:  S3 API Reference, ListObjectVersions.
#include <algorithm>

#include "codec/url.h"
#include "services/s3/keys.h"
#include "services/s3/listing.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"

namespace millrace::s3 {

Result<void> ListObjectVersions::check(const Input& input) {
    if (input.max_keys && *input.max_keys < 0) {
        return errors::invalid_argument(
            "Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys",
            std::to_string(*input.max_keys));
    }
    if (input.encoding_type && *input.encoding_type != "url") {
        return errors::invalid_argument("Invalid Encoding Method specified in Request",
                                        "encoding-type", *input.encoding_type);
    }
    if (input.version_id_marker && !input.version_id_marker->empty() &&
        input.key_marker.value_or("").empty()) {
        return errors::invalid_argument(
            "A version-id marker cannot be specified without a key marker.", "version-id-marker",
            *input.version_id_marker);
    }
    return {};
}

Result<void> ListObjectVersions::authorize(S3Service& service, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(authorize_bucket(service, context, input, requests, "s3:ListBucketVersions"));
    if (input.prefix) add_condition(requests.back(), "s3:prefix", *input.prefix);
    if (input.delimiter) add_condition(requests.back(), "s3:delimiter", *input.delimiter);
    if (input.max_keys) {
        add_condition(requests.back(), "s3:max-keys", std::to_string(*input.max_keys));
    }
    return {};
}

contracts::Outcome<ListObjectVersions::Output> ListObjectVersions::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    VersionQuery query;
    query.prefix = input.prefix.value_or("");
    query.delimiter = input.delimiter.value_or("");
    query.key_marker = input.key_marker.value_or("");
    query.max = std::min(input.max_keys.value_or(kListKeysMax), kListKeysMax);
    if (input.version_id_marker && !input.version_id_marker->empty()) {
        Objects objects(context, *bucket);
        MR_TRY(const Objects::Found found, objects.find(query.key_marker, input.version_id_marker));
        uint64_t sequence = 0;
        if (found.row) {
            query.sequence_marker = found.row->sequence;
        } else if (parse_version_id(*input.version_id_marker, sequence)) {
            query.sequence_marker = sequence;  // removed meanwhile: its place is still known
        }
    }
    const VersionPage page = list_versions(context.txn(), bucket->id, query);
    const auto text = [&](std::string_view raw) {
        return input.encoding_type ? codec::url_encode_path(raw) : std::string(raw);
    };
    Output output;
    output.name = bucket->name;
    output.prefix = text(query.prefix);
    if (input.delimiter) output.delimiter = text(query.delimiter);
    output.key_marker = text(query.key_marker);
    output.version_id_marker = input.version_id_marker.value_or("");
    output.max_keys = query.max;
    output.encoding_type = input.encoding_type;
    output.is_truncated = page.truncated;
    if (page.truncated) {
        output.next_key_marker = text(page.last_key);
        if (!page.last_version_id.empty()) output.next_version_id_marker = page.last_version_id;
    }
    const std::string owner = canonical_id(bucket->owner);
    for (const ListedVersion& listed : page.versions) {
        if (listed.delete_marker) {
            if (!output.delete_markers) output.delete_markers.emplace();
            auto& marker = output.delete_markers->emplace_back();
            marker.key = text(listed.object.key);
            marker.version_id = listed.version_id;
            marker.is_latest = listed.is_latest;
            marker.last_modified = whole_seconds(listed.object.modified);
            marker.owner.emplace().id = owner;
            continue;
        }
        if (!output.versions) output.versions.emplace();
        auto& version = output.versions->emplace_back();
        version.key = text(listed.object.key);
        version.version_id = listed.version_id;
        version.is_latest = listed.is_latest;
        version.last_modified = whole_seconds(listed.object.modified);
        version.e_tag = quoted(listed.object.etag);
        version.size = static_cast<int64_t>(listed.object.size);
        version.storage_class =
            listed.object.storage_class.empty() ? "STANDARD" : listed.object.storage_class;
        if (listed.object.checksum_algorithm != ChecksumAlgorithm::kNone) {
            version.checksum_algorithm = {
                std::string(algorithm_name(listed.object.checksum_algorithm))};
            version.checksum_type = std::string(type_name(listed.object.checksum_type));
        }
        version.owner.emplace().id = owner;
    }
    for (const std::string& prefix : page.common_prefixes) {
        if (!output.common_prefixes) output.common_prefixes.emplace();
        output.common_prefixes->emplace_back().prefix = text(prefix);
    }
    return output;
}

}  // namespace millrace::s3
