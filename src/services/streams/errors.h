// Every error that DynamoDB Streams answers with. Thread-safety: pure functions.
// Source: DynamoDB Streams API Reference, and recorded answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::streams::errors {

inline Error make(std::string code, std::string message) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    return error;
}
inline Error validation(std::string message) {
    Error error = make("ValidationException", std::move(message));
    error.json_namespace = "com.amazon.coral.validate";
    return error;
}
inline Error stream_not_found(std::string_view arn) {
    return make("ResourceNotFoundException",
                fmt::format("Requested resource not found: Stream: {} not found", arn));
}
inline Error shard_not_found(std::string_view arn, std::string_view shard) {
    return make(
        "ResourceNotFoundException",
        fmt::format("Requested resource not found: Shard: {} in Stream: {} not found", shard, arn));
}
inline Error expired_iterator() {
    return make(
        "ExpiredIteratorException",
        "The shard iterator has expired. Shard iterators expire 15 minutes after they are issued.");
}
inline Error trimmed() {
    return make("TrimmedDataAccessException",
                "The operation attempted to read past the oldest stream record in a shard.");
}
inline Error internal(std::string message) {
    Error error = make("InternalServerError", std::move(message));
    error.http_status = 500;
    return error;
}
inline Error access_denied(std::string text) {
    Error error = make("AccessDeniedException", std::move(text));
    error.json_namespace = "com.amazon.coral.service";
    error.capital_message = true;
    return error;
}
inline Error unknown_operation() {
    Error error = make("UnknownOperationException", "");
    error.json_namespace = "com.amazon.coral.service";
    return error;
}

}  // namespace millrace::streams::errors
