// Every error that S3 answers with, in one place.
// Thread-safety: pure functions. Source of codes and texts: Amazon S3 API Reference, "Error
// responses", and recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace millrace::s3::errors {

inline Error make(std::string code, int status, std::string message) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}
inline Error with(Error error, std::string name, std::string_view value) {
    error.fields.emplace_back(std::move(name), std::string(value));
    return error;
}

inline Error no_such_bucket(std::string_view bucket) {
    return with(make("NoSuchBucket", 404, "The specified bucket does not exist"), "BucketName",
                bucket);
}
inline Error invalid_bucket_name(std::string_view bucket) {
    return with(make("InvalidBucketName", 400, "The specified bucket is not valid."), "BucketName",
                bucket);
}
inline Error no_such_key(std::string_view key) {
    return with(make("NoSuchKey", 404, "The specified key does not exist."), "Key", key);
}
inline Error no_such_version(std::string_view key, std::string_view version_id) {
    return with(
        with(make("NoSuchVersion", 404, "The specified version does not exist."), "Key", key),
        "VersionId", version_id);
}
inline Error invalid_argument(std::string message, std::string name, std::string_view value) {
    return with(with(make("InvalidArgument", 400, std::move(message)), "ArgumentName", name),
                "ArgumentValue", value);
}
inline Error invalid_version_id(std::string_view version_id) {
    return invalid_argument("Invalid version id specified", "versionId", version_id);
}
inline Error no_such_upload(std::string_view upload_id) {
    return with(make("NoSuchUpload", 404,
                     "The specified upload does not exist. The upload ID may be invalid, or the "
                     "upload may have been aborted or completed."),
                "UploadId", upload_id);
}
inline Error bucket_already_owned_by_you(std::string_view bucket) {
    return with(make("BucketAlreadyOwnedByYou", 409,
                     "Your previous request to create the named bucket succeeded and you already "
                     "own it."),
                "BucketName", bucket);
}
inline Error bucket_already_exists(std::string_view bucket) {
    return with(make("BucketAlreadyExists", 409,
                     "The requested bucket name is not available. The bucket namespace is shared "
                     "by all users of the system. Please select a different name and try again."),
                "BucketName", bucket);
}
inline Error bucket_not_empty(std::string_view bucket, bool versions) {
    return with(make("BucketNotEmpty", 409,
                     versions ? "The bucket you tried to delete is not empty. You must delete all "
                                "versions in the bucket."
                              : "The bucket you tried to delete is not empty"),
                "BucketName", bucket);
}
inline Error invalid_location_constraint(std::string_view location) {
    return with(
        make("InvalidLocationConstraint", 400, "The specified location-constraint is not valid"),
        "LocationConstraint", location);
}
inline Error illegal_location_constraint(std::string_view location) {
    return make("IllegalLocationConstraintException", 400,
                fmt::format("The {} location constraint is incompatible for the region specific "
                            "endpoint this request was sent to.",
                            location));
}
inline Error access_denied() { return make("AccessDenied", 403, "Access Denied"); }
inline Error invalid_request(std::string message) {
    return make("InvalidRequest", 400, std::move(message));
}
inline Error key_too_long(size_t size) {
    return with(
        with(make("KeyTooLongError", 400, "Your key is too long"), "Size", std::to_string(size)),
        "MaxSizeAllowed", "1024");
}
inline Error metadata_too_large(size_t size) {
    return with(with(make("MetadataTooLarge", 400,
                          "Your metadata headers exceed the maximum allowed metadata size"),
                     "Size", std::to_string(size)),
                "MaxSizeAllowed", "2048");
}
inline Error bad_md5() {
    return make("BadDigest", 400, "The Content-MD5 you specified did not match what we received.");
}
inline Error invalid_md5(std::string_view value) {
    return with(make("InvalidDigest", 400, "The Content-MD5 you specified was invalid."),
                "Content-MD5", value);
}
inline Error bad_checksum(std::string_view algorithm) {
    return make(
        "BadDigest", 400,
        fmt::format("The {} you specified did not match the calculated checksum.", algorithm));
}
inline Error invalid_checksum_header(std::string_view header) {
    return invalid_request(fmt::format("Value for {} header is invalid.", header));
}
inline Error multiple_checksums() {
    return invalid_request(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}
inline Error unsupported_checksum_algorithm() {
    return invalid_request(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
}
inline Error missing_checksum() {
    return invalid_request("Missing required header for this request: Content-MD5");
}
inline Error invalid_range(std::string_view range, uint64_t size) {
    return with(with(make("InvalidRange", 416, "The requested range is not satisfiable"),
                     "RangeRequested", range),
                "ActualObjectSize", std::to_string(size));
}
inline Error invalid_part_number(int32_t requested, size_t count) {
    return with(with(make("InvalidPartNumber", 416, "The requested partnumber is not satisfiable"),
                     "PartNumberRequested", std::to_string(requested)),
                "ActualPartCount", std::to_string(count));
}
inline Error entity_too_small(uint64_t size, int32_t part_number, std::string_view etag) {
    Error error = make("EntityTooSmall", 400,
                       "Your proposed upload is smaller than the minimum allowed size");
    error.fields = {{"ProposedSize", std::to_string(size)},
                    {"MinSizeAllowed", "5242880"},
                    {"PartNumber", std::to_string(part_number)},
                    {"ETag", std::string(etag)}};
    return error;
}
inline Error entity_too_large(uint64_t size, uint64_t size_max) {
    return with(
        with(make("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"),
             "ProposedSize", std::to_string(size)),
        "MaxSizeAllowed", std::to_string(size_max));
}
inline Error invalid_part(std::string_view upload_id, int32_t part_number, std::string_view etag) {
    Error error = make("InvalidPart", 400,
                       "One or more of the specified parts could not be found.  The part may not "
                       "have been uploaded, or the specified entity tag may not match the part's "
                       "entity tag.");
    error.fields = {{"UploadId", std::string(upload_id)},
                    {"PartNumber", std::to_string(part_number)},
                    {"ETag", std::string(etag)}};
    return error;
}
inline Error invalid_part_order(std::string_view upload_id) {
    return with(make("InvalidPartOrder", 400,
                     "The list of parts was not in ascending order. Parts must be ordered by part "
                     "number."),
                "UploadId", upload_id);
}
inline Error precondition_failed(std::string_view condition) {
    return with(make("PreconditionFailed", 412,
                     "At least one of the pre-conditions you specified did not hold"),
                "Condition", condition);
}
inline Error not_modified() { return make("NotModified", 304, "Not Modified"); }
inline Error not_implemented_header(std::string_view header) {
    return with(make("NotImplemented", 501,
                     "A header you provided implies functionality that is not implemented"),
                "Header", header);
}
inline Error not_implemented() {
    return make("NotImplemented", 501,
                "A parameter you provided implies functionality that is not implemented");
}
inline Error method_not_allowed(std::string_view method, std::string_view resource_type) {
    return with(with(make("MethodNotAllowed", 405,
                          "The specified method is not allowed against this resource."),
                     "Method", method),
                "ResourceType", resource_type);
}
inline Error malformed_xml() {
    return make("MalformedXML", 400,
                "The XML you provided was not well-formed or did not validate against our "
                "published schema");
}
inline Error malformed_policy(std::string message) {
    return make("MalformedPolicy", 400, std::move(message));
}
inline Error invalid_tag(std::string message) {
    return make("InvalidTag", 400, std::move(message));
}
inline Error bad_request(std::string message) {
    return make("BadRequest", 400, std::move(message));
}
inline Error invalid_storage_class(std::string_view value) {
    return with(make("InvalidStorageClass", 400, "The storage class you specified is not valid"),
                "StorageClassRequested", value);
}
inline Error acl_not_supported() {
    return make("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
}
inline Error invalid_bucket_acl_with_ownership() {
    return make("InvalidBucketAclWithObjectOwnership", 400,
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
}
inline Error invalid_bucket_acl_with_public_access_block() {
    return make("InvalidBucketAclWithBlockPublicAccessError", 400,
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled");
}
inline Error invalid_bucket_owner(std::string_view value) {
    return make("InvalidBucketOwnerAWSAccountID", 400,
                fmt::format("The value of the expected bucket owner parameter must be an AWS "
                            "Account ID [{}]",
                            value));
}
inline Error no_such_bucket_policy(std::string_view bucket) {
    return with(make("NoSuchBucketPolicy", 404, "The bucket policy does not exist"), "BucketName",
                bucket);
}
inline Error no_such_website(std::string_view bucket) {
    return with(make("NoSuchWebsiteConfiguration", 404,
                     "The specified bucket does not have a website configuration"),
                "BucketName", bucket);
}
inline Error no_such_cors(std::string_view bucket) {
    return with(make("NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"),
                "BucketName", bucket);
}
inline Error no_such_tag_set(std::string_view bucket) {
    return with(make("NoSuchTagSet", 404, "The TagSet does not exist"), "BucketName", bucket);
}
inline Error no_such_public_access_block(std::string_view bucket) {
    return with(make("NoSuchPublicAccessBlockConfiguration", 404,
                     "The public access block configuration was not found"),
                "BucketName", bucket);
}
inline Error no_ownership_controls(std::string_view bucket) {
    return with(
        make("OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found"),
        "BucketName", bucket);
}
inline Error no_such_lifecycle(std::string_view bucket) {
    return with(
        make("NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"),
        "BucketName", bucket);
}
inline Error no_replication(std::string_view bucket) {
    return with(make("ReplicationConfigurationNotFoundError", 404,
                     "The replication configuration was not found"),
                "BucketName", bucket);
}
inline Error no_object_lock(std::string_view bucket) {
    return with(make("ObjectLockConfigurationNotFoundError", 404,
                     "Object Lock configuration does not exist for this bucket"),
                "BucketName", bucket);
}
inline Error illegal_versioning() {
    return make("IllegalVersioningConfigurationException", 400,
                "The Versioning element must be specified");
}
inline Error cors_forbidden(std::string message) {
    return make("AccessForbidden", 403, std::move(message));
}
inline Error internal_error() {
    return make("InternalError", 500, "We encountered an internal error. Please try again.");
}

}  // namespace millrace::s3::errors
