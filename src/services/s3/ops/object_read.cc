#include "services/s3/ops/object_read.h"

namespace millrace::s3 {

Result<ObjectRow> find_for_read(S3Service& service, contracts::OpContext& context,
                                const Bucket& bucket, Objects& objects, std::string_view key,
                                const std::optional<std::string>& version_id,
                                std::string_view method) {
    MR_TRY(Objects::Found found, objects.find(key, version_id));
    if (!found.row) {
        if (!may_list(service, context, bucket, key)) return errors::access_denied();
        if (version_id) return errors::no_such_version(key, *version_id);
        if (found.latest_marker) {
            context.response_headers.emplace_back("x-amz-delete-marker", "true");
            context.response_headers.emplace_back("x-amz-version-id", *found.latest_marker);
        }
        return errors::no_such_key(key);
    }
    if (found.row->delete_marker) {
        context.response_headers.emplace_back("x-amz-delete-marker", "true");
        context.response_headers.emplace_back("x-amz-version-id", shown_version(*found.row));
        context.response_headers.emplace_back("Allow", "DELETE");
        context.response_headers.emplace_back("Last-Modified",
                                              format_http_date(found.row->modified));
        return errors::method_not_allowed(method, "DeleteMarker");
    }
    return *std::move(found.row);
}

Result<void> authorize_existing(S3Service&, contracts::OpContext& context, const Bucket& bucket,
                                const std::string& key,
                                const std::optional<std::string>& version_id,
                                std::string_view action, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request = make_request(context, bucket, action, &key);
    if (version_id) add_condition(request, "s3:versionid", *version_id);
    if (needs_object_tags(context, bucket)) {
        Objects objects(context, bucket);
        MR_TRY(const Objects::Found found, objects.find(key, version_id));
        if (found.row) add_tag_conditions(request, "s3:existingobjecttag", found.row->tags);
    }
    requests.push_back(std::move(request));
    return {};
}

Result<Selection> select_range(const ObjectRow& row, const std::optional<std::string>& range,
                               const std::optional<int32_t>& part_number) {
    Selection selection;
    selection.range = {0, row.size};
    if (part_number) {
        if (range) {
            return errors::invalid_request(
                "Cannot specify both Range header and partNumber query parameter");
        }
        if (*part_number < 1 || *part_number > 10'000) {
            return errors::invalid_argument(
                "Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                std::to_string(*part_number));
        }
        if (row.parts.empty()) {
            if (*part_number != 1) return errors::invalid_part_number(*part_number, 1);
            selection.partial = row.size > 0;
            return selection;
        }
        // Parts are counted as they were completed: 1..n.
        if (static_cast<size_t>(*part_number) > row.parts.size()) {
            return errors::invalid_part_number(*part_number, row.parts.size());
        }
        uint64_t offset = 0;
        for (int32_t i = 0; i + 1 < *part_number; ++i) offset += row.parts[i].size;
        selection.range = {offset, row.parts[*part_number - 1].size};
        selection.partial = selection.range.length > 0;
        selection.parts_count = static_cast<int32_t>(row.parts.size());
        return selection;
    }
    if (range) {
        switch (parse_range(*range, row.size, selection.range)) {
            case RangeKind::kWhole:
                break;
            case RangeKind::kPartial:
                selection.partial = true;
                break;
            case RangeKind::kUnsatisfiable:
                return errors::invalid_range(*range, row.size);
        }
    }
    return selection;
}

}  // namespace millrace::s3
