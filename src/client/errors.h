// Errors that the client makes itself. Thread-safety: pure functions.
#pragma once

#include <string>

#include "core/error.h"

namespace millrace::client::errors {

inline Error unavailable(const std::string& why) {
    return Error{.code = "InternalServerError",
                 .http_status = 500,
                 .message = "The upstream does not answer: " + why};
}
// Not told as what it is: our clients would take it for a refusal of their own keys.
inline Error refused(const std::string& code) {
    return Error{.code = "InternalServerError",
                 .http_status = 500,
                 .message = "The upstream refuses this server's credentials: " + code};
}
inline Error bad_url(const std::string& url) {
    return Error{
        .code = "BadUpstream",
        .http_status = 500,
        .message = "the upstream must be http://HOST[:PORT] or https://HOST[:PORT], not " + url};
}

}  // namespace millrace::client::errors
