// AWS Query: requests and answers of IAM and STS, of SQS's older clients, and, in a dialect of its
// own (ServiceDescriptor::ec2_query), of EC2.
// Thread-safety: pure functions.
#pragma once

#include <string_view>

#include "codec/url.h"
#include "core/error.h"
#include "core/http.h"
#include "core/result.h"
#include "model/descriptor.h"

namespace millrace::model {

// `form`: all parameters, of the body or of a GET's query. Action and Version are not looked at.
// `input` is a fresh <Operation>Input. MalformedInput (400; EC2: InvalidParameterValue) for texts
// that are no number, boolean, timestamp or base64.
Result<void> decode_query_request(const OperationDescriptor& operation,
                                  const codec::FormPairs& form, void* input);
void encode_query_response(const OperationDescriptor& operation, const void* output,
                           std::string_view request_id, HttpResponse& response);
void encode_query_error(const ServiceDescriptor& service, const Error& error,
                        std::string_view request_id, HttpResponse& response);

}  // namespace millrace::model
