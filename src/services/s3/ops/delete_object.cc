// DeleteObject and DeleteObjects: remove an object, a version, or hide a key behind a delete
// marker. Deleting what is not there is success.
//
// IAM:     s3:DeleteObject, s3:DeleteObjectVersion with a version id; DeleteObjects is asked for
//          each key on its own and answers the denied ones as errors of theirs.
// Limits:  1000 keys a batch.
// Source:  S3 API Reference, DeleteObject, DeleteObjects.
#include "services/s3/conditions.h"
#include "services/s3/operations.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {
namespace {

constexpr size_t kDeleteBatchMax = 1000;

std::string_view delete_action(const std::optional<std::string>& version_id) {
    return version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject";
}

struct DeleteConditions {
    std::optional<std::string> if_match;
    std::optional<TimePoint> last_modified;
    std::optional<int64_t> size;
};

// The conditions of a conditional delete. A missing object fulfils none of them, but deleting it
// changes nothing: success.
Result<void> check_delete(Objects& objects, std::string_view key,
                          const std::optional<std::string>& version_id,
                          const DeleteConditions& conditions) {
    if (!conditions.if_match && !conditions.last_modified && !conditions.size) return {};
    MR_TRY(const Objects::Found found, objects.find(key, version_id));
    if (!found.row) {
        return conditions.if_match && *conditions.if_match != "*" ? errors::no_such_key(key)
                                                                  : Result<void>();
    }
    if (conditions.if_match && !etag_matches(*conditions.if_match, found.row->etag)) {
        return errors::precondition_failed("If-Match");
    }
    if (conditions.last_modified &&
        epoch_seconds(*conditions.last_modified) != epoch_seconds(found.row->modified)) {
        return errors::precondition_failed("x-amz-if-match-last-modified-time");
    }
    if (conditions.size && *conditions.size != static_cast<int64_t>(found.row->size)) {
        return errors::precondition_failed("x-amz-if-match-size");
    }
    return {};
}

}  // namespace

Result<void> DeleteObject::check(const Input& input) {
    if (input.mfa) return errors::not_implemented_header("x-amz-mfa");
    return {};
}

Result<void> DeleteObject::authorize(S3Service& service, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return authorize_read(service, context, input, requests, "s3:DeleteObject",
                          "s3:DeleteObjectVersion");
}

contracts::Outcome<DeleteObject::Output> DeleteObject::run(S3Service& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    Objects objects(context, *bucket);
    const std::string key = input.key.value_or("");
    MR_CHECK_OK(
        check_delete(objects, key, input.version_id,
                     {input.if_match, input.if_match_last_modified_time, input.if_match_size}));
    MR_TRY(const Objects::Deleted deleted, objects.remove(key, input.version_id));
    Output output;
    output.version_id = deleted.version_id;
    if (deleted.is_marker) output.delete_marker = true;
    return output;
}

Result<void> DeleteObjects::check(const Input& input) {
    if (input.mfa) return errors::not_implemented_header("x-amz-mfa");
    if (!input.delete_ || !input.delete_->objects || input.delete_->objects->empty() ||
        input.delete_->objects->size() > kDeleteBatchMax) {
        return errors::malformed_xml();
    }
    for (const auto& object : *input.delete_->objects) {
        if (!object.key || object.key->empty()) return errors::malformed_xml();
    }
    return {};
}

Result<void> DeleteObjects::authorize(S3Service& service, contracts::OpContext& context,
                                      const Input& input, contracts::AuthzRequests&) {
    // Each key is decided in run().
    MR_CHECK_OK(open_bucket(service, context, input.bucket, input.expected_bucket_owner));
    return {};
}

contracts::Outcome<DeleteObjects::Output> DeleteObjects::run(S3Service& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    const BucketRef bucket = service.find_bucket_for_write(context.txn(), *input.bucket);
    if (!bucket) return errors::no_such_bucket(*input.bucket);
    MR_CHECK_OK(check_body(context, {}, true));
    Objects objects(context, *bucket);
    const bool quiet = input.delete_->quiet.value_or(false);
    Output output;
    std::vector<model::s3::DeletedObject> deleted_objects;
    std::vector<model::s3::Error> failed;
    for (const auto& object : *input.delete_->objects) {
        const std::string& key = *object.key;
        std::optional<std::string> version_id = object.version_id;
        if (version_id && version_id->empty()) version_id.reset();
        const auto remove = [&]() -> Result<Objects::Deleted> {
            MR_CHECK_OK(check_key(key));
            contracts::AuthzRequests requests;
            MR_CHECK_OK(authorize_existing(service, context, *bucket, key, version_id,
                                           delete_action(version_id), requests));
            for (const contracts::AuthzRequest& request : requests) {
                if (!is_allowed(service, context, request)) return errors::access_denied();
            }
            MR_CHECK_OK(check_delete(objects, key, version_id,
                                     {object.e_tag, object.last_modified_time, object.size}));
            return objects.remove(key, version_id);
        };
        const Result<Objects::Deleted> deleted = remove();
        if (!deleted) {
            model::s3::Error error;
            error.key = key;
            error.version_id = version_id;
            error.code = deleted.error().code;
            error.message = deleted.error().message;
            failed.push_back(std::move(error));
            continue;
        }
        if (quiet) continue;
        model::s3::DeletedObject entry;
        entry.key = key;
        entry.version_id = version_id;
        if (deleted->is_marker) {
            entry.delete_marker = true;
            entry.delete_marker_version_id = deleted->version_id;
        }
        deleted_objects.push_back(std::move(entry));
    }
    if (!deleted_objects.empty()) output.deleted = std::move(deleted_objects);
    if (!failed.empty()) output.errors = std::move(failed);
    return output;
}

}  // namespace millrace::s3
