// Every error that IAM answers with. Thread-safety: pure functions.
// Source: IAM API Reference, and recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::iam::errors {

inline Error make(std::string code, int status, std::string message) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}
// `kind`: "user", "role".
inline Error no_such_entity(std::string_view kind, std::string_view name) {
    return make("NoSuchEntity", 404,
                fmt::format("The {} with name {} cannot be found.", kind, name));
}
inline Error no_such_policy(std::string_view arn) {
    return make("NoSuchEntity", 404, fmt::format("Policy {} was not found.", arn));
}
inline Error not_attachable(std::string_view arn) {
    return make("NoSuchEntity", 404,
                fmt::format("Policy {} does not exist or is not attachable.", arn));
}
inline Error not_attached(std::string_view arn) {
    return make("NoSuchEntity", 404, fmt::format("Policy {} was not found.", arn));
}
inline Error no_such_inline_policy(std::string_view kind, std::string_view policy) {
    return make("NoSuchEntity", 404,
                fmt::format("The {} policy with name {} cannot be found.", kind, policy));
}
inline Error no_such_version(std::string_view arn, std::string_view version) {
    return make(
        "NoSuchEntity", 404,
        fmt::format("Policy {} version {} does not exist or is not attachable.", arn, version));
}
inline Error no_such_access_key(std::string_view id) {
    return make("NoSuchEntity", 404, fmt::format("The Access Key with id {} cannot be found.", id));
}
inline Error already_exists(std::string_view kind, std::string_view name) {
    return make("EntityAlreadyExists", 409,
                fmt::format("{} with name {} already exists.", kind, name));
}
inline Error policy_exists(std::string_view name) {
    return make(
        "EntityAlreadyExists", 409,
        fmt::format("A policy called {} already exists. Duplicate names are not allowed.", name));
}
inline Error delete_conflict_objects() {
    return make("DeleteConflict", 409,
                "Cannot delete entity, must remove referenced objects first.");
}
inline Error delete_conflict_policies() {
    return make("DeleteConflict", 409, "Cannot delete entity, must detach all policies first.");
}
inline Error policy_attached() {
    return make("DeleteConflict", 409, "Cannot delete a policy attached to entities.");
}
inline Error malformed_policy(std::string message) {
    return make("MalformedPolicyDocument", 400, std::move(message));
}
inline Error limit_exceeded(std::string_view quota, size_t most) {
    return make("LimitExceeded", 409, fmt::format("Cannot exceed quota for {}: {}", quota, most));
}
inline Error inline_policies_too_long(std::string_view kind, std::string_view name, size_t most) {
    return make(
        "LimitExceeded", 409,
        fmt::format("Maximum policy size of {} bytes exceeded for {} {}", most, kind, name));
}
inline Error invalid_arn(std::string_view arn) {
    return make("InvalidInput", 400, fmt::format("ARN {} is not valid.", arn));
}
inline Error no_boundaries() {
    return make("ValidationError", 400, "PermissionsBoundary is not supported by this server.");
}
inline Error invalid_marker() { return make("ValidationError", 400, "Invalid Marker."); }
inline Error duplicate_tags() {
    return make("InvalidInput", 400,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}
inline Error access_denied(std::string message) {
    return make("AccessDenied", 403, std::move(message));
}
inline Error unknown_operation(std::string_view operation) {
    return make("InvalidAction", 400,
                fmt::format("Could not find operation {} for version 2010-05-08", operation));
}

}  // namespace millrace::iam::errors
