// ListParts, ListMultipartUploads: what uploads in progress have.
//
// IAM:     s3:ListMultipartUploadParts on the object; s3:ListBucketMultipartUploads on the bucket.
// Cost:    O(entries of the page).
// Source:  S3 API Reference, ListParts, ListMultipartUploads.
#include <algorithm>

#include "codec/url.h"
#include "services/s3/keys.h"
#include "services/s3/listing.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_input.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

constexpr int32_t kPageMax = 1000;

Error out_of_range(std::string_view name, std::string_view argument, int32_t value) {
    return errors::invalid_argument(
        fmt::format("Argument {} must be an integer between 0 and 2147483647", name),
        std::string(argument), std::to_string(value));
}

std::string class_name(const SystemHeaders& headers) {
    return headers.storage_class.empty() ? "STANDARD" : headers.storage_class;
}

}  // namespace

Result<void> ListParts::check(const Input& input) {
    if (input.max_parts && *input.max_parts < 0) {
        return out_of_range("max-parts", "max-parts", *input.max_parts);
    }
    if (input.part_number_marker && *input.part_number_marker < 0) {
        return out_of_range("part-number-marker", "part-number-marker", *input.part_number_marker);
    }
    return {};
}

Result<void> ListParts::authorize(S3Service& service, contracts::OpContext& context,
                                  const Input& input, contracts::AuthzRequests& requests) {
    return authorize_object(service, context, input, requests, "s3:ListMultipartUploadParts");
}

contracts::Outcome<ListParts::Output> ListParts::run(S3Service& service,
                                                     contracts::OpContext& context,
                                                     const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string upload_id = input.upload_id.value_or("");
    const auto upload = find_upload(context.txn(), bucket->id, input.key.value_or(""), upload_id);
    if (!upload) return errors::no_such_upload(upload_id);
    const int32_t max = std::min(input.max_parts.value_or(kPageMax), kPageMax);
    const int32_t after = input.part_number_marker.value_or(0);
    const bool checksums = upload->checksum_algorithm != ChecksumAlgorithm::kNone;
    Output output;
    output.bucket = bucket->name;
    output.key = upload->key;
    output.upload_id = upload_id;
    output.part_number_marker = after;
    output.max_parts = max;
    output.is_truncated = false;
    output.storage_class = class_name(upload->headers);
    output.owner.emplace().id = canonical_id(bucket->owner);
    output.initiator.emplace().id = upload->initiator;
    if (checksums) {
        output.checksum_algorithm = std::string(algorithm_name(upload->checksum_algorithm));
        output.checksum_type = std::string(type_name(upload->checksum_type));
    }
    std::vector<model::s3::Part> parts;
    int32_t last = after;
    if (max > 0 && after < kPartNumberMax) {
        for_each_part(context.txn(), bucket->id, upload_id, after,
                      [&](int32_t number, const PartRow& row) {
                          if (parts.size() == static_cast<size_t>(max)) {
                              output.is_truncated = true;
                              return false;
                          }
                          model::s3::Part& part = parts.emplace_back();
                          part.part_number = number;
                          part.last_modified = whole_seconds(row.modified);
                          part.e_tag = quoted(row.etag);
                          part.size = static_cast<int64_t>(row.size);
                          if (checksums) show_checksum(part, row.checksum);
                          last = number;
                          return true;
                      });
    }
    output.next_part_number_marker = last;
    if (!parts.empty()) output.parts = std::move(parts);
    return output;
}

Result<void> ListMultipartUploads::check(const Input& input) {
    if (input.max_uploads && *input.max_uploads < 0) {
        return out_of_range("max-uploads", "max-uploads", *input.max_uploads);
    }
    if (input.encoding_type && *input.encoding_type != "url") {
        return errors::invalid_argument("Invalid Encoding Method specified in Request",
                                        "encoding-type", *input.encoding_type);
    }
    return {};
}

Result<void> ListMultipartUploads::authorize(S3Service& service, contracts::OpContext& context,
                                             const Input& input,
                                             contracts::AuthzRequests& requests) {
    MR_CHECK_OK(
        authorize_bucket(service, context, input, requests, "s3:ListBucketMultipartUploads"));
    if (input.prefix) add_condition(requests.back(), "s3:prefix", *input.prefix);
    if (input.delimiter) add_condition(requests.back(), "s3:delimiter", *input.delimiter);
    return {};
}

contracts::Outcome<ListMultipartUploads::Output> ListMultipartUploads::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    const std::string prefix = input.prefix.value_or("");
    const std::string delimiter = input.delimiter.value_or("");
    const std::string key_marker = input.key_marker.value_or("");
    // Counts only together with a key marker.
    const std::string id_marker = key_marker.empty() ? "" : input.upload_id_marker.value_or("");
    const int32_t max = std::min(input.max_uploads.value_or(kPageMax), kPageMax);
    const auto text = [&](std::string_view raw) {
        return input.encoding_type ? codec::url_encode_path(raw) : std::string(raw);
    };
    Output output;
    output.bucket = bucket->name;
    output.key_marker = text(key_marker);
    output.upload_id_marker = id_marker;
    output.prefix = text(prefix);
    if (input.delimiter) output.delimiter = text(delimiter);
    output.max_uploads = max;
    output.encoding_type = input.encoding_type;
    output.is_truncated = false;

    std::string from = escape_key(prefix);
    if (!key_marker.empty()) {
        const size_t end = common_prefix_end(key_marker, prefix, delimiter);
        std::string behind;
        if (end != std::string_view::npos) {
            behind = prefix_successor(escape_key(std::string_view(key_marker).substr(0, end)));
        } else if (!id_marker.empty()) {
            behind = key_sort(key_marker) + id_marker + '\0';
        } else {
            behind = prefix_successor(key_sort(key_marker));
        }
        from = std::max(from, behind);
    }
    RowCursor cursor(context.txn(), store::Space::kUploads, upload_partition(bucket->id));
    cursor.seek(from);
    std::vector<model::s3::MultipartUpload> uploads;
    std::vector<model::s3::CommonPrefix> prefixes;
    std::string last_key;
    std::string last_id;
    while (const RowCursor::Row* row = max > 0 ? cursor.row() : nullptr) {
        if (!row->key.starts_with(prefix)) break;
        if (uploads.size() + prefixes.size() == static_cast<size_t>(max)) {
            output.is_truncated = true;
            output.next_key_marker = text(last_key);
            output.next_upload_id_marker = last_id;
            break;
        }
        const size_t end = common_prefix_end(row->key, prefix, delimiter);
        if (end != std::string_view::npos) {
            last_key = row->key.substr(0, end);
            last_id.clear();
            prefixes.emplace_back().prefix = text(last_key);
            std::string behind = prefix_successor(escape_key(last_key));
            if (behind.empty()) break;
            cursor.seek(std::move(behind));
            continue;
        }
        last_key = row->key;
        last_id = row->suffix;
        if (const auto upload = decode_upload(row->value)) {
            auto& entry = uploads.emplace_back();
            entry.key = text(upload->key);
            entry.upload_id = upload->upload_id;
            entry.initiated = whole_seconds(upload->initiated);
            entry.storage_class = class_name(upload->headers);
            entry.owner.emplace().id = canonical_id(bucket->owner);
            entry.initiator.emplace().id = upload->initiator;
            if (upload->checksum_algorithm != ChecksumAlgorithm::kNone) {
                entry.checksum_algorithm = std::string(algorithm_name(upload->checksum_algorithm));
                entry.checksum_type = std::string(type_name(upload->checksum_type));
            }
        }
        cursor.next();
    }
    if (!uploads.empty()) output.uploads = std::move(uploads);
    if (!prefixes.empty()) output.common_prefixes = std::move(prefixes);
    return output;
}

}  // namespace millrace::s3
