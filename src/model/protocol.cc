#include "model/protocol.h"

namespace millrace::model {

void encode_response(Protocol protocol, const OperationDescriptor& operation, void* output,
                     const AnswerFacts& facts, HttpResponse& response) {
    switch (protocol) {
        case Protocol::kAwsJson:
            encode_json_response(operation, output, response);
            break;
        case Protocol::kQuery:
            encode_query_response(operation, output, facts.request_id, response);
            break;
        case Protocol::kRestJson:
        case Protocol::kRestXml:
            encode_rest_response(operation, output, response);
            break;
    }
}

void encode_error(Protocol protocol, const ServiceDescriptor& service, const Error& error,
                  const AnswerFacts& facts, HttpResponse& response) {
    switch (protocol) {
        case Protocol::kAwsJson:
            encode_json_error(service, error, response);
            break;
        case Protocol::kQuery:
            encode_query_error(service, error, facts.request_id, response);
            break;
        case Protocol::kRestJson:
            encode_rest_json_error(service, error, response);
            break;
        case Protocol::kRestXml:
            encode_rest_xml_error(service, error, facts.request_id, facts.host_id, response);
            break;
    }
}

}  // namespace millrace::model
