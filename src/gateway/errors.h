// Errors that the gateway itself makes, in each service's own words: the store failed, the server
// is busy, the body is too large, access is denied before a service is known. Thread-safety: pure
// functions. Source: the services' "Common errors" pages; behaviours of SDK retries.
#pragma once

#include <string>

#include "core/error.h"
#include "gateway/service_table.h"
#include "model/descriptor.h"
#include "store/store.h"

namespace millrace::gateway {

inline Error make_error(std::string code, int status, std::string message) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}

inline bool speaks_ec2(const Service* service) {
    return service != nullptr && service->entry.model->ec2_query;
}

// 5xx: SDKs try again. `service` may be null.
inline Error internal_error(const Service* service, model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::kRestXml:
            return make_error("InternalError", 500,
                              "We encountered an internal error. Please try again.");
        case model::Protocol::kQuery:
            if (speaks_ec2(service))
                return make_error("InternalError", 500, "An internal error has occurred");
            return make_error("InternalFailure", 500,
                              "The request processing has failed because of an unknown error, "
                              "exception or failure.");
        case model::Protocol::kRestJson:
            return make_error("ServiceException", 500, "An internal error occurred.");
        case model::Protocol::kAwsJson:
            break;
    }
    if (service != nullptr && service->name() == "logs") {
        return make_error("ServiceUnavailableException", 500,
                          "The service cannot complete the request.");
    }
    if (service != nullptr && service->dynamodb_like) {
        return make_error("InternalServerError", 500, "Internal server error");
    }
    return make_error("InternalFailure", 500,
                      "The request processing has failed because of an unknown error, exception or "
                      "failure.");
}

// The server, not the client's account, is at its limit: a queue is full or memory is used up.
inline Error busy_error(const Service* service, model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::kRestXml:
            return make_error("SlowDown", 503, "Please reduce your request rate.");
        case model::Protocol::kQuery:
            if (speaks_ec2(service))
                return make_error("RequestLimitExceeded", 503, "Request limit exceeded.");
            return make_error("Throttling", 400, "Rate exceeded");
        case model::Protocol::kRestJson:
            return make_error("TooManyRequestsException", 429, "Rate Exceeded.");
        case model::Protocol::kAwsJson:
            break;
    }
    Error error = make_error("ThrottlingException", 400, "Rate exceeded");
    if (service != nullptr && service->dynamodb_like) {
        error.json_namespace = "com.amazon.coral.availability";
    }
    return error;
}

inline Error too_large_error(model::Protocol protocol) {
    if (protocol == model::Protocol::kRestXml) {
        return make_error("EntityTooLarge", 400,
                          "Your proposed upload exceeds the maximum allowed size");
    }
    return make_error(protocol == model::Protocol::kRestJson ? "RequestTooLargeException"
                                                             : "RequestEntityTooLarge",
                      413, "Request size exceeded the maximum allowed size");
}

inline Error malformed_body_error(const Service* service, model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::kRestXml:
            return make_error("IncompleteBody", 400,
                              "You did not provide the number of bytes specified by the "
                              "Content-Length HTTP header.");
        case model::Protocol::kQuery:
            return make_error("MalformedInput", 400, "The request body could not be read.");
        case model::Protocol::kRestJson:
            return make_error("InvalidRequestContentException", 400,
                              "The request body could not be read.");
        case model::Protocol::kAwsJson:
            break;
    }
    Error error = make_error("SerializationException", 400, "The request body could not be read.");
    if (service != nullptr && service->dynamodb_like) {
        error.json_namespace = "com.amazon.coral.service";
    }
    error.capital_message = true;
    return error;
}

inline Error store_error(store::CommitStatus status, const Service* service,
                         model::Protocol protocol) {
    if (status == store::CommitStatus::kTooLarge) {
        Error error = too_large_error(protocol);
        if (protocol == model::Protocol::kAwsJson) {
            error.code = "ValidationException";
            error.http_status = 400;
        }
        return error;
    }
    if (status == store::CommitStatus::kConflict) return busy_error(service, protocol);
    return internal_error(service, protocol);
}

// Query requests without a usable Action or Version.
inline Error missing_action_error() {
    return make_error("MissingAction", 400, "The request must contain the parameter Action.");
}
inline Error invalid_action_error(std::string_view action) {
    return make_error("InvalidAction", 400,
                      "Could not find operation " + std::string(action) + " for this endpoint.");
}

inline Error incomplete_body_error() {
    return make_error("IncompleteBody", 400, "The request body terminated unexpectedly");
}
inline Error missing_trailer_error() {
    return make_error("MalformedTrailerError", 400,
                      "The request contained trailing data that was not well-formed or did not "
                      "conform to our published schema.");
}
inline Error missing_length_error() {
    return make_error("MissingContentLength", 411,
                      "You must provide the Content-Length HTTP header.");
}
inline Error signing_required_error() { return make_error("AccessDenied", 403, "Access Denied"); }

}  // namespace millrace::gateway
