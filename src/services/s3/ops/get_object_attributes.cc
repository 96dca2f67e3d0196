// GetObjectAttributes: what of ETag, checksum, parts, class and size is asked for.
//
// IAM:     s3:GetObject and s3:GetObjectAttributes; the version actions with a version id.
// Source:  S3 API Reference, GetObjectAttributes.
#include <algorithm>

#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {
namespace {

constexpr int32_t kShownPartsMax = 1000;

bool asked(const std::vector<std::string>& attributes, std::string_view name) {
    return std::find(attributes.begin(), attributes.end(), name) != attributes.end();
}

}  // namespace

Result<void> GetObjectAttributes::check(const Input& input) {
    MR_CHECK_OK(check_object_settings(input));
    if (!input.object_attributes || input.object_attributes->empty()) {
        return errors::invalid_argument(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is "
            "either missing or empty",
            "x-amz-object-attributes", "");
    }
    for (const std::string& name : *input.object_attributes) {
        if (!asked({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}, name)) {
            return errors::invalid_argument("Invalid attribute name specified.",
                                            "x-amz-object-attributes", name);
        }
    }
    return {};
}

Result<void> GetObjectAttributes::authorize(S3Service& service, contracts::OpContext& context,
                                            const Input& input,
                                            contracts::AuthzRequests& requests) {
    MR_CHECK_OK(
        authorize_read(service, context, input, requests, "s3:GetObject", "s3:GetObjectVersion"));
    contracts::AuthzRequest second = requests.back();
    second.action = input.version_id ? "s3:GetObjectVersionAttributes" : "s3:GetObjectAttributes";
    requests.push_back(std::move(second));
    return {};
}

contracts::Outcome<GetObjectAttributes::Output> GetObjectAttributes::run(
    S3Service& service, contracts::OpContext& context, const Input& input) {
    const BucketRef bucket = service.find_bucket(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    MR_TRY(const ObjectRow row, find_for_read(service, context, *bucket, objects,
                                              input.key.value_or(""), input.version_id, "GET"));
    const std::vector<std::string>& wanted = *input.object_attributes;
    Output output;
    output.last_modified = row.modified;
    if (bucket->versioning != Versioning::kNever) output.version_id = shown_version(row);
    if (asked(wanted, "ETag")) output.e_tag = row.etag;  // without quotes here
    if (asked(wanted, "ObjectSize")) output.object_size = static_cast<int64_t>(row.size);
    if (asked(wanted, "StorageClass")) {
        output.storage_class =
            row.headers.storage_class.empty() ? "STANDARD" : row.headers.storage_class;
    }
    if (asked(wanted, "Checksum") && row.checksum.present()) {
        show_checksum(output.checksum.emplace(), row.checksum);
    }
    if (asked(wanted, "ObjectParts") && !row.parts.empty()) {
        auto& shown = output.object_parts.emplace();
        shown.total_parts_count = static_cast<int32_t>(row.parts.size());
        // Parts are listed one by one only when they have checksums of their own.
        if (row.checksum.type == ChecksumType::kComposite) {
            const int32_t after = input.part_number_marker.value_or(0);
            const int32_t max =
                std::clamp(input.max_parts.value_or(kShownPartsMax), 0, kShownPartsMax);
            shown.part_number_marker = after;
            shown.max_parts = max;
            shown.is_truncated = false;
            shown.parts.emplace();
            for (const ObjectPart& part : row.parts) {
                if (part.number <= after) continue;
                if (shown.parts->size() == static_cast<size_t>(max)) {
                    shown.is_truncated = true;
                    break;
                }
                auto& entry = shown.parts->emplace_back();
                entry.part_number = part.number;
                entry.size = static_cast<int64_t>(part.size);
                show_checksum(entry,
                              {row.checksum.algorithm, ChecksumType::kFullObject, part.checksum});
                shown.next_part_number_marker = part.number;
            }
        }
    }
    return output;
}

}  // namespace millrace::s3
