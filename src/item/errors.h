// The two errors that decoding attribute values can give. Thread-safety: pure functions.
// Source: DynamoDB's wire format: the namespaces before '#' and the capital "Message".
#pragma once

#include <string>
#include <utility>

#include "core/error.h"

namespace millrace::item {

// HTTP 400, {"__type":"com.amazon.coral.validate#ValidationException","message":...}
inline Error validation_error(std::string message) {
    Error error;
    error.code = "ValidationException";
    error.message = std::move(message);
    error.json_namespace = "com.amazon.coral.validate";
    return error;
}

// HTTP 400, {"__type":"com.amazon.coral.service#SerializationException","Message":...}
inline Error serialization_error(std::string message) {
    Error error;
    error.code = "SerializationException";
    error.message = std::move(message);
    error.json_namespace = "com.amazon.coral.service";
    error.capital_message = true;
    return error;
}

}  // namespace millrace::item
