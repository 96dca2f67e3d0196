// Error: a failure that a client may see, as a value. Built only by the functions in a service's
// errors.h, so that every code and text stands in one place.
// Thread-safety: a plain value. Source of the texts: each service's errors.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace millrace {

struct Error {
    // The service's error code, without a namespace, e.g. "ResourceNotFoundException".
    std::string code;
    int http_status = 400;
    std::string message;
    // Extra members of an XML error body (name, text), e.g. {"BucketName", "b"}.
    std::vector<std::pair<std::string, std::string>> fields;
    // Extra members of a JSON error body (name, raw JSON), e.g. {"Item", "{...}"}.
    std::vector<std::pair<std::string, std::string>> json_fields;
    // The code in the Query protocol where it differs (SQS:
    // "AWS.SimpleQueueService.NonExistentQueue").
    std::string query_code;
    // What goes before '#' in a JSON __type; empty: the service's default for modelled errors.
    std::string json_namespace;
    // True when the text must be sent as "Message" instead of "message" in JSON bodies.
    bool capital_message = false;

    friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace millrace
