#include "services/s3/ops/copy_source.h"

#include "codec/url.h"

namespace millrace::s3 {

Result<CopySource> parse_copy_source(std::string_view header) {
    CopySource source;
    std::string_view path = header;
    constexpr std::string_view kVersion = "?versionId=";
    const size_t version = path.find(kVersion);
    if (version != std::string_view::npos) {
        source.version_id = codec::url_decode(path.substr(version + kVersion.size()));
        path = path.substr(0, version);
    }
    const std::string decoded = codec::url_decode(path);
    std::string_view rest = decoded;
    if (rest.starts_with("/")) rest.remove_prefix(1);
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
        return errors::invalid_argument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            "x-amz-copy-source", header);
    }
    source.bucket = std::string(rest.substr(0, slash));
    source.key = std::string(rest.substr(slash + 1));
    return source;
}

Result<OpenedSource> open_source(S3Service& service, contracts::OpContext& context,
                                 std::string_view header, const Preconditions& conditions) {
    OpenedSource source;
    MR_TRY(source.name, parse_copy_source(header));
    source.bucket = service.find_bucket(context.txn(), source.name.bucket);
    if (!source.bucket) return errors::no_such_bucket(source.name.bucket);
    Objects objects(context, *source.bucket);
    auto row = find_for_read(service, context, *source.bucket, objects, source.name.key,
                             source.name.version_id, "GET");
    if (!row) {
        context.response_headers.clear();
        if (row.error().http_status == 405) {
            return errors::invalid_request(
                "The source of a copy request may not specifically refer to a delete marker by "
                "version id.");
        }
        return std::move(row.error());
    }
    source.row = *std::move(row);
    MR_CHECK_OK(check_copy_source(conditions, source.row.etag, source.row.modified, context.now()));
    return source;
}

Result<void> authorize_source(S3Service& service, contracts::OpContext& context,
                              const std::optional<std::string>& header,
                              const std::optional<std::string>& expected_owner, bool tags,
                              contracts::AuthzRequests& requests) {
    MR_TRY(const CopySource source, parse_copy_source(header.value_or("")));
    MR_TRY(const BucketRef bucket, open_bucket(service, context, source.bucket, expected_owner));
    MR_CHECK_OK(check_key(source.key));
    MR_CHECK_OK(authorize_existing(service, context, *bucket, source.key, source.version_id,
                                   source.version_id ? "s3:GetObjectVersion" : "s3:GetObject",
                                   requests));
    if (tags) {
        Objects objects(context, *bucket);
        MR_TRY(const Objects::Found found, objects.find(source.key, source.version_id));
        if (found.row && !found.row->tags.empty()) {
            contracts::AuthzRequest request = requests.back();
            request.action =
                source.version_id ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging";
            requests.push_back(std::move(request));
        }
    }
    return {};
}

}  // namespace millrace::s3
