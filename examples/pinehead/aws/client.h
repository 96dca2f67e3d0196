// AwsClient: signed calls to DynamoDB and S3, with the endpoint, region and credentials that Lambda
// puts into the environment. Retries what is worth retrying (5xx, throttling, lost connections)
// with jitter, at most five times. Thread-safety: confined to one thread.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "aws/http_client.h"
#include "aws/json.h"
#include "aws/sigv4.h"

namespace pinehead {

// An error answer of a service.
struct AwsError : std::runtime_error {
    AwsError(std::string error_code, const std::string& message, json::value error_body)
        : std::runtime_error(error_code + ": " + message),
          code(std::move(error_code)),
          body(std::move(error_body)) {}
    std::string code;  // "ConditionalCheckFailedException"
    json::value body;  // the whole answer, e.g. with CancellationReasons
};

// A random number below `most`, for waiting before a retry.
unsigned jitter(unsigned most);

class AwsClient {
public:
    AwsClient();  // from the environment

    // e.g. dynamodb("PutItem", {...}). Throws AwsError.
    json::value dynamodb(const std::string& operation, const json::value& input);

    // The ETag of an object, or nothing when there is no such object.
    std::optional<std::string> object_etag(const std::string& bucket, const std::string& key);
    // Puts the object only if its ETag is still `expected` (nothing: only if there is none). False:
    // somebody else was faster.
    bool put_object_if(const std::string& bucket, const std::string& key, const std::string& body,
                       const std::map<std::string, std::string>& headers,
                       const std::optional<std::string>& expected);

private:
    HttpAnswer call(HttpClient& client, const std::string& service, SignedRequest request);
    HttpAnswer s3(const std::string& method, const std::string& bucket, const std::string& key,
                  std::map<std::string, std::string> headers, std::string body);

    std::string region_;
    Credentials credentials_;
    std::string endpoint_;  // empty: AWS's own
    HttpClient dynamodb_;
    std::optional<HttpClient> s3_;
};

}  // namespace pinehead
