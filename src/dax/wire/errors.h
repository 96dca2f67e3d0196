// Errors of the wire: the numbers by which clients know what to raise, and every error that the
// node makes itself. Thread-safety: pure functions.
// Source: section "Errors" of the protocol as official clients read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "dax/wire/requests.h"
#include "dax/wire/values.h"

namespace millrace::dax::errors {

inline Error make(std::string code, std::string message, int http_status = 400) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    error.http_status = http_status;
    return error;
}

inline Error validation(std::string message) {
    return make("ValidationException", std::move(message));
}
inline Error unknown_list() { return validation("The attribute list is not known"); }
inline Error too_many_lists() {
    return make("LimitExceededException", "Too many different sets of attribute names");
}
inline Error unknown_method() {
    return make("UnknownOperationException", "The operation is not supported");
}
inline Error table_twice() { return validation("A table is named more than once in the request"); }
inline Error too_large() { return validation("The request is too large"); }
inline Error missing_authentication() {
    return make("MissingAuthenticationTokenException", "The connection is not authorized");
}
inline Error unknown_key() {
    return make("UnrecognizedClientException",
                "The security token included in the request is invalid.");
}
inline Error bad_signature(std::string_view why) {
    return make("InvalidSignatureException", std::string(why));
}
inline Error expired_token() {
    return make("ExpiredTokenException", "The security token included in the request is expired");
}
inline Error access_denied(std::string message) {
    return make("AccessDeniedException", std::move(message));
}
inline Error busy() { return make("ThrottlingException", "The node is busy"); }
inline Error internal() { return make("InternalServerError", "Internal server error", 500); }

// Appends the whole answer. `transaction`: what was asked, where the error may carry reasons whose
// items have to be written; else null.
void encode(std::string& out, const Error& error, std::string_view request_id,
            const TransactWriteItemsRequest* transaction = nullptr, Directory* directory = nullptr);

}  // namespace millrace::dax::errors
