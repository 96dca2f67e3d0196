// SigV4: checks the signature of a request over its raw bytes, and makes signatures. Covers the
// Authorization header, presigned query strings, and the hand-over to aws-chunked bodies
// (auth/aws_chunked.h). Signing keys are cached per thread as HMAC states.
// Thread-safety: pure functions with thread-local caches; safe from any thread.
// Source: "AWS Signature Version 4 for API requests" (IAM User Guide) and "Authenticating Requests"
// (S3 API Reference).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contracts/credentials.h"
#include "core/http.h"
#include "core/result.h"
#include "core/time.h"

namespace millrace::auth {

// How errors are worded.
enum class ErrorFamily : uint8_t {
    kJson,      // DynamoDB, Streams, SQS (JSON), Logs: UnrecognizedClientException ...
    kRestJson,  // Lambda: the same codes with HTTP 403
    kQuery,     // IAM, STS, SQS (Query): InvalidClientTokenId, SignatureDoesNotMatch ...
    kEc2,       // AuthFailure, with HTTP 401, RequestExpired; otherwise as kQuery
    kS3,
};

struct VerifyOptions {
    // Name in the credential scope: "dynamodb", "sqs", "s3", "lambda", "iam", "sts", "logs".
    std::string_view service;
    // The region that must be in the scope; empty: any (it then names the region of the request).
    std::string_view region;
    ErrorFamily family = ErrorFamily::kJson;
    TimePoint now{};
};

enum class PayloadMode : uint8_t {
    kSigned,                    // the digest of the body is part of the signature
    kUnsigned,                  // UNSIGNED-PAYLOAD
    kStreamingSigned,           // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
    kStreamingSignedTrailer,    // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    kStreamingUnsignedTrailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

using SigningKey = std::array<uint8_t, 32>;

// A request whose signature is right.
struct Verified {
    std::shared_ptr<const contracts::Credential> credential;
    PayloadMode payload = PayloadMode::kSigned;
    // kSigned: lower-case hex SHA-256 that the body must have. verify() has compared it if it was
    // given the body; otherwise the reader of the body must (payload_mismatch()).
    std::string payload_sha256;
    bool presigned = false;
    std::string region;  // of the scope
    // For chunk signatures.
    std::string signature;  // of the request, hex: the first chunk's predecessor
    std::string amz_date;   // "20260131T102030Z"
    std::string scope;      // "20260131/us-east-1/s3/aws4_request"
    SigningKey key{};
};

// What a request claims about its signature, unchecked: for routing. Views into the request.
struct ClaimedScope {
    std::string_view access_key_id;
    std::string_view date;
    std::string_view region;
    std::string_view service;
    bool presigned = false;
};
// nullopt: the request isn't signed, or too malformed to say.
std::optional<ClaimedScope> claimed_scope(const HttpRequest& request);
// Whether it tries to authenticate at all (any Authorization header or signature query parameter).
// If not, S3 serves it as anonymous.
bool has_credentials(const HttpRequest& request);

// Checks everything. `body`: the raw body when it is in memory, nullopt when it is read later (only
// S3). Errors: worded for options.family.
Result<Verified> verify(const HttpRequest& request, std::optional<std::string_view> body,
                        const VerifyOptions& options, contracts::CredentialSource& credentials);

// XAmzContentSHA256Mismatch, for whoever reads the body of a kSigned S3 request.
Error payload_mismatch(std::string_view claimed_sha256, std::string_view computed_sha256);

// ---- Signing: for tests, tools and clients ----

struct SigningCredential {
    std::string_view access_key_id;
    std::string_view secret_access_key;
    std::string_view session_token;  // may be empty
};
struct SigningTarget {
    std::string_view service;
    std::string_view region;
    TimePoint at{};
};

SigningKey derive_signing_key(std::string_view secret_access_key, std::string_view date_yyyymmdd,
                              std::string_view region, std::string_view service);

// The headers to add to the request (X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 for S3,
// Authorization). `request` must hold Host and every header that is to be signed; all of them are,
// except User-Agent, Expect, X-Amzn-Trace-Id, Connection and Transfer-Encoding. `payload_sha256`
// may be a hex digest or one of the special values.
std::vector<std::pair<std::string, std::string>> sign(const HttpRequest& request,
                                                      std::string_view payload_sha256,
                                                      const SigningCredential& credential,
                                                      const SigningTarget& target);

// The target with X-Amz-Algorithm ... X-Amz-Signature appended to its query. Signs every header of
// the request.
std::string presign(const HttpRequest& request, std::string_view payload_sha256,
                    const SigningCredential& credential, const SigningTarget& target,
                    int64_t expires_seconds);

// The canonical request that a signature covers; exposed for tests against published vectors.
std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string_view>& signed_headers,
                              std::string_view payload_hash, bool s3, bool presigned);

}  // namespace millrace::auth
