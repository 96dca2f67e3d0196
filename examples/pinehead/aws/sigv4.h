// AWS Signature Version 4 for the requests these functions make: header form, whole payload hashed.
// Source: "Signature Version 4 signing process", AWS General Reference. Thread-safety: pure
// functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pinehead {

struct Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // empty for long-term keys
};

struct SignedRequest {
    std::string method;
    std::string path;                            // already percent-encoded, as it goes on the wire
    std::string query;                           // already canonical; empty for none
    std::map<std::string, std::string> headers;  // lower-case names; `host` included
    std::string body;
};

std::string sha256_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);
// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token and authorization to the headers.
// `amz_date`: "20260131T102030Z".
void sign(SignedRequest& request, const Credentials& credentials, std::string_view region,
          std::string_view service, std::string_view amz_date);

}  // namespace pinehead
