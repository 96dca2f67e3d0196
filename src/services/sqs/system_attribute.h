// AWSTraceHeader, the one system attribute that a sender may set. Thread-safety: pure functions.
// Source: SQS Developer Guide, "Message system attributes".
#pragma once

#include <map>
#include <optional>
#include <string>

#include "services/sqs/errors.h"
#include "services/sqs/message.h"

namespace millrace::sqs {

// Its value, empty when it is not given.
inline Result<std::string> read_trace_header(
    const std::optional<std::map<std::string, model::sqs::MessageSystemAttributeValue>>&
        attributes) {
    if (!attributes) return std::string();
    for (const auto& [name, value] : *attributes) {
        if (name != "AWSTraceHeader") {
            return errors::invalid_parameter(
                fmt::format("Message system attribute name '{}' is invalid.", name));
        }
        if (value.data_type != "String" || value.string_value.value_or("").empty()) {
            return errors::invalid_parameter(
                "The message system attribute 'AWSTraceHeader' must contain a non-empty value of "
                "type 'String'.");
        }
        return *value.string_value;
    }
    return std::string();
}

inline std::string md5_of_trace_header(const std::string& value) {
    return md5_of_attributes({{"AWSTraceHeader", "String", value}});
}

}  // namespace millrace::sqs
