#include "services/s3/content.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {

Result<std::string> S3Service::read_object(contracts::OpContext& context, const std::string& bucket,
                                           const std::string& key,
                                           const std::optional<std::string>& version_id,
                                           uint64_t bytes_max) {
    MR_TRY(const BucketRef found, open_bucket(*this, context, bucket, std::nullopt));
    contracts::AuthzRequests requests;
    MR_CHECK_OK(authorize_existing(*this, context, *found, key, version_id,
                                   version_id ? "s3:GetObjectVersion" : "s3:GetObject", requests));
    for (const contracts::AuthzRequest& request : requests) {
        if (!is_allowed(*this, context, request)) return errors::access_denied();
    }
    Objects objects(context, *found);
    MR_TRY(const ObjectRow row,
           find_for_read(*this, context, *found, objects, key, version_id, "GET"));
    if (row.size > bytes_max) return errors::entity_too_large(row.size, bytes_max);
    std::string content;
    MR_CHECK_OK(read_body(*this, objects.load_body(row, 0, row.size), [&](std::string_view piece) {
        content += piece;
        return Result<void>();
    }));
    return content;
}

}  // namespace millrace::s3
