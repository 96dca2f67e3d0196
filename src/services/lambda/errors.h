// Every error that Lambda answers with. Thread-safety: pure functions.
// Source: Lambda API Reference, and recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::lambda::errors {

inline Error make(std::string code, int status, std::string message) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}
inline Error function_not_found(std::string_view arn) {
    return make("ResourceNotFoundException", 404, fmt::format("Function not found: {}", arn));
}
inline Error mapping_not_found() {
    return make("ResourceNotFoundException", 404, "The resource you requested does not exist.");
}
inline Error not_found(std::string message) {
    return make("ResourceNotFoundException", 404, std::move(message));
}
inline Error conflict(std::string message) {
    return make("ResourceConflictException", 409, std::move(message));
}
inline Error other_region(std::string_view named, std::string_view here) {
    return not_found(
        fmt::format("Functions from '{}' are not reachable in this region ('{}')", named, here));
}
inline Error function_exists(std::string_view name) {
    return make("ResourceConflictException", 409, fmt::format("Function already exists: {}", name));
}
inline Error invalid_parameter(std::string message) {
    return make("InvalidParameterValueException", 400, std::move(message));
}
inline Error unsupported(std::string_view what) {
    return invalid_parameter(fmt::format("{} is not supported by this server.", what));
}
inline Error stale_revision() {
    return make("PreconditionFailedException", 412,
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve "
                "the latest Revision Id");
}
// `reason`: what the invoker said; empty: the server has no room.
inline Error throttled(std::string_view reason) {
    Error error = make("TooManyRequestsException", 429, "Rate Exceeded.");
    error.json_fields.emplace_back(
        "Reason",
        fmt::format("\"{}\"", reason.empty() ? "ConcurrentInvocationLimitExceeded" : reason));
    return error;
}
inline Error payload_too_large(size_t bytes, std::string_view type, size_t bytes_max) {
    return make("RequestTooLargeException", 413,
                fmt::format("{} byte payload is too large for the {} invocation type (limit {} "
                            "bytes)",
                            bytes, type, bytes_max));
}
inline Error payload_is_no_json() {
    return make("InvalidRequestContentException", 400,
                "Could not parse request body into json: Could not parse payload into json");
}
inline Error code_from_s3(const Error& error) {
    return invalid_parameter(
        fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 "
                    "Error Message: {}",
                    error.code, error.message));
}
inline Error service_failure(std::string message) {
    return make("ServiceException", 500, std::move(message));
}
inline Error access_denied(std::string message) {
    Error error = make("AccessDeniedException", 403, std::move(message));
    error.capital_message = true;
    return error;
}
inline Error unknown_operation() { return make("UnknownOperationException", 404, ""); }

}  // namespace millrace::lambda::errors
