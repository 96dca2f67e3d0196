// Every error that CloudWatch Logs answers with. Thread-safety: pure functions.
// Source: CloudWatch Logs API Reference, and recorded answers.
#pragma once

#include <string>

#include "core/error.h"

namespace millrace::logs::errors {

inline Error make(std::string code, std::string message) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    return error;
}
inline Error group_exists() {
    return make("ResourceAlreadyExistsException", "The specified log group already exists");
}
inline Error stream_exists() {
    return make("ResourceAlreadyExistsException", "The specified log stream already exists");
}
inline Error no_group() {
    return make("ResourceNotFoundException", "The specified log group does not exist.");
}
inline Error no_stream() {
    return make("ResourceNotFoundException", "The specified log stream does not exist.");
}
inline Error no_resource() {
    return make("ResourceNotFoundException", "The specified resource does not exist.");
}
inline Error invalid(std::string message) {
    return make("InvalidParameterException", std::move(message));
}
inline Error bad_token() { return invalid("The specified nextToken is invalid."); }
inline Error too_many_tags() {
    return make("TooManyTagsException", "The resource can have at most 50 tags.");
}

}  // namespace millrace::logs::errors
