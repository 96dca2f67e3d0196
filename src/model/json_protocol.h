// AWS JSON 1.0 and 1.1: requests and answers of DynamoDB, Streams, SQS and Logs; and JSON documents
// of any modelled structure. Unknown members are ignored, null is absent, a wrong type is a
// SerializationException with the service's text. Thread-safety: safe from any thread (each keeps
// its own parser).
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/http.h"
#include "core/result.h"
#include "model/descriptor.h"

namespace millrace::model {

// Request bodies beyond this nesting are refused.
inline constexpr size_t kJsonNestingMax = 200;

// `input` is a fresh <Operation>Input. SerializationException (400).
Result<void> decode_json_request(const OperationDescriptor& operation, std::string_view body,
                                 void* input);
// Sets status, Content-Type and body; headers that are there stay.
void encode_json_response(const OperationDescriptor& operation, const void* output,
                          HttpResponse& response);
// Sets status, Content-Type, body and (SQS) x-amzn-query-error.
void encode_json_error(const ServiceDescriptor& service, const Error& error,
                       HttpResponse& response);

// One structure; members that are not in the body are left out of it, unless `all_members`.
Result<void> decode_json(const StructureDescriptor& structure, std::string_view json, void* value,
                         bool all_members = false);
void append_json(std::string& out, const StructureDescriptor& structure, const void* value,
                 bool all_members = false);

// A generated structure as a JSON document with every member, e.g. to keep it in the store:
// to_json(website), from_json<model::s3::WebsiteConfiguration>(text). A Body is not kept.
template <class T>
std::string to_json(const T& value) {
    std::string out;
    append_json(out, descriptor_of(static_cast<const T*>(nullptr)), &value, true);
    return out;
}
template <class T>
Result<T> from_json(std::string_view json) {
    T value;
    Result<void> decoded =
        decode_json(descriptor_of(static_cast<const T*>(nullptr)), json, &value, true);
    if (!decoded) return std::move(decoded.error());
    return value;
}

}  // namespace millrace::model
