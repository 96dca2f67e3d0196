// One entrance to all protocols for the gateway, which knows by the request how the client speaks
// (SQS speaks two). Thread-safety: safe from any thread.
#pragma once

#include <string_view>

#include "model/json_protocol.h"
#include "model/query_protocol.h"
#include "model/rest_protocol.h"

namespace millrace::model {

// What encode_response needs beside the output.
struct AnswerFacts {
    std::string_view request_id;
    std::string_view host_id;  // S3's second id
};

// Encodes an output in `protocol` (the one the request was in).
void encode_response(Protocol protocol, const OperationDescriptor& operation, void* output,
                     const AnswerFacts& facts, HttpResponse& response);
// Encodes an error in `protocol`. Does not set request id headers.
void encode_error(Protocol protocol, const ServiceDescriptor& service, const Error& error,
                  const AnswerFacts& facts, HttpResponse& response);

}  // namespace millrace::model
