// REST-JSON (Lambda) and REST-XML (S3): which operation a method and path mean, and requests and
// answers made of URI labels, query, headers and a body. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/url.h"
#include "core/body.h"
#include "core/error.h"
#include "core/http.h"
#include "core/result.h"
#include "model/descriptor.h"

namespace millrace::model {

struct RestMatch {
    // Null: no operation of ours. Then `name` is the model's operation, or empty if nobody has it.
    const OperationDescriptor* operation = nullptr;
    std::string_view name;
    // Label name (static) and its value, percent-decoded once; a greedy label ("Key") is not
    // normalised: "a//b/../c" stays.
    std::vector<std::pair<std::string_view, std::string>> labels;
    codec::FormPairs query;  // decoded, '+' is a blank

    std::string_view label(std::string_view label_name) const;
};

// `path`: percent-encoded, as sent; for S3 always "/bucket/key" (the gateway puts the bucket of a
// virtual-hosted request in front). `request`'s headers tell CopyObject from PutObject.
// O(operations of the model).
RestMatch match_rest(const ServiceDescriptor& service, std::string_view method,
                     std::string_view path, std::string_view query, const HttpRequest& request);

// `body` is taken (moved from) when the payload is a Body; otherwise it must be in memory. `input`
// is a fresh <Operation>Input. Errors: MalformedXML, InvalidArgument (S3), SerializationException,
// InvalidParameterValueException, InvalidRequestContentException (Lambda).
Result<void> decode_rest_request(const RestMatch& match, const HttpRequest& request, Body& body,
                                 void* input);

// Sets status (modelled or of a statusCode member), headers, Content-Type and body. A Body in the
// output is moved into the response.
void encode_rest_response(const OperationDescriptor& operation, void* output,
                          HttpResponse& response);

// REST-JSON: x-amzn-ErrorType and {"Type":"User","message":...}.
void encode_rest_json_error(const ServiceDescriptor& service, const Error& error,
                            HttpResponse& response);
// REST-XML: <Error> with Code, Message, the error's fields, RequestId and HostId. No body for 304.
void encode_rest_xml_error(const ServiceDescriptor& service, const Error& error,
                           std::string_view request_id, std::string_view host_id,
                           HttpResponse& response);

// The XML document of one structure, e.g. to keep or compare it; and back. MalformedXML.
void append_xml_document(std::string& out, const StructureDescriptor& structure,
                         std::string_view root_name, std::string_view xml_namespace,
                         const void* value);
Result<void> decode_xml_document(const StructureDescriptor& structure, std::string_view xml,
                                 void* value);

}  // namespace millrace::model
