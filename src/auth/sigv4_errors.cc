#include "auth/sigv4_errors.h"

#include <charconv>

#include "codec/base64.h"
#include "codec/digest.h"

namespace millrace::auth {
namespace {

constexpr std::string_view kCoral = "com.amazon.coral.service";
constexpr std::string_view kWrongSignature =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key "
    "and signing method. Consult the service documentation for details.";

using Fields = std::vector<std::pair<std::string, std::string>>;

Error s3_error(std::string code, int status, std::string message, Fields fields = {}) {
    return {.code = std::move(code),
            .http_status = status,
            .message = std::move(message),
            .fields = std::move(fields)};
}

std::string text(std::string_view a, std::string_view b, std::string_view c) {
    std::string out(a);
    out += b;
    out += c;
    return out;
}

// Services echo the header only as a digest, so that no secret of a confused client is logged.
std::string hashed(std::string_view authorization) {
    return "(Hashed with SHA-256 and encoded with Base64) Authorization=" +
           codec::base64_encode(codec::sha256(authorization));
}

}  // namespace

Error SignatureErrors::ec2_failure() const {
    return {.code = "AuthFailure",
            .http_status = 401,
            .message = "AWS was not able to validate the provided access credentials"};
}

Error SignatureErrors::ec2_expired() const {
    return {.code = "RequestExpired", .http_status = 400, .message = "Request has expired."};
}

Error SignatureErrors::invalid_signature(std::string message) const {
    if (family_ == ErrorFamily::kEc2) return ec2_failure();
    Error error{.http_status = 403, .message = std::move(message)};
    error.code =
        family_ == ErrorFamily::kQuery ? "SignatureDoesNotMatch" : "InvalidSignatureException";
    if (family_ == ErrorFamily::kJson) {
        error.http_status = 400;
        error.json_namespace = kCoral;
    }
    return error;
}

Error SignatureErrors::incomplete_signature(std::string message) const {
    Error error{.http_status = 400, .message = std::move(message)};
    error.code = worded_as_query() ? "IncompleteSignature" : "IncompleteSignatureException";
    if (family_ == ErrorFamily::kJson) error.json_namespace = kCoral;
    if (family_ == ErrorFamily::kRestJson) error.http_status = 403;
    return error;
}

Error SignatureErrors::s3_malformed(std::string_view detail) const {
    if (presigned_) {
        return s3_error("AuthorizationQueryParametersError", 400,
                        "Error parsing the X-Amz-Credential parameter; " + std::string(detail));
    }
    return s3_error("AuthorizationHeaderMalformed", 400,
                    "The authorization header is malformed; " + std::string(detail));
}

Error SignatureErrors::missing_token() const {
    switch (family_) {
        case ErrorFamily::kJson:
            return {.code = "MissingAuthenticationTokenException",
                    .http_status = 400,
                    .message = "Missing Authentication Token",
                    .json_namespace = std::string(kCoral)};
        case ErrorFamily::kRestJson:
            return {.code = "MissingAuthenticationTokenException",
                    .http_status = 403,
                    .message = "Missing Authentication Token"};
        case ErrorFamily::kQuery:
        case ErrorFamily::kEc2:
            return {.code = "MissingAuthenticationToken",
                    .http_status = 403,
                    .message = "Request is missing Authentication Token"};
        case ErrorFamily::kS3:
            break;
    }
    return s3_error("AccessDenied", 403, "Access Denied");
}

Error SignatureErrors::two_mechanisms() const {
    if (s3()) {
        return s3_error("InvalidArgument", 400,
                        "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
                        "parameter, Signature query "
                        "string parameter or the Authorization header should be specified");
    }
    return invalid_signature(
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
}

Error SignatureErrors::unsupported_algorithm(std::string_view algorithm,
                                             std::string_view authorization) const {
    if (s3() && presigned_ && !algorithm.empty()) {
        return s3_error("AuthorizationQueryParametersError", 400,
                        "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
    }
    if (s3()) {
        return s3_error("InvalidRequest", 400,
                        "The authorization mechanism you have provided is not supported. Please "
                        "use AWS4-HMAC-SHA256.");
    }
    return incomplete_signature(text("Unsupported AWS 'algorithm': '", algorithm, "'. ") +
                                hashed(authorization));
}

Error SignatureErrors::incomplete(const std::vector<std::string_view>& parts,
                                  std::string_view authorization) const {
    if (s3() && presigned_) {
        return s3_error(
            "AuthorizationQueryParametersError", 400,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    }
    if (s3()) {
        if (parts.size() == 1 && parts.front() == "date") {
            return s3_error("AccessDenied", 403,
                            "AWS authentication requires a valid Date or x-amz-date header");
        }
        return s3_malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and "
            "Signature.");
    }
    std::string message;
    for (const std::string_view part : parts) {
        if (!message.empty()) message += ' ';
        if (presigned_) {
            message += text("AWS query-string parameters must include 'X-Amz-",
                            part == "date" ? "Date" : part, "'.");
        } else if (part == "date") {
            message +=
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                "header.";
        } else {
            message += text("Authorization header requires '", part, "' parameter.");
        }
    }
    message +=
        presigned_ ? " Re-examine the query-string parameters." : " " + hashed(authorization);
    return incomplete_signature(std::move(message));
}

Error SignatureErrors::bad_credential(std::string_view credential) const {
    if (s3()) {
        return s3_malformed(
            "the Credential is mal-formed; expecting "
            "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
    }
    return incomplete_signature(
        text("Credential must have exactly 5 slash-delimited elements, e.g. "
             "keyid/date/region/service/term, got '",
             credential, "'"));
}

Error SignatureErrors::bad_date(std::string_view date) const {
    if (s3() && presigned_) {
        return s3_error("AuthorizationQueryParametersError", 400,
                        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    }
    if (s3())
        return s3_error("AccessDenied", 403,
                        "AWS authentication requires a valid Date or x-amz-date header");
    return incomplete_signature(text("Date must be in ISO-8601 'basic format'. Got '", date,
                                     "'. See http://en.wikipedia.org/wiki/ISO_8601"));
}

Error SignatureErrors::bad_terminator(std::string_view terminator) const {
    if (s3()) {
        return s3_malformed(
            text("incorrect terminal \"", terminator, "\". This endpoint uses \"aws4_request\"."));
    }
    return invalid_signature(
        text("Credential should be scoped with a valid terminator: 'aws4_request', not '",
             terminator, "'."));
}

Error SignatureErrors::scope_date(std::string_view scope, std::string_view amz_date) const {
    if (s3()) {
        return s3_malformed(text("Invalid credential date \"", scope,
                                 "\". This date is not the same as X-Amz-Date: \"") +
                            std::string(amz_date.substr(0, 8)) + "\".");
    }
    std::string message =
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'";
    message.append(scope)
        .append("' != '")
        .append(amz_date.substr(0, 8))
        .append("', from '")
        .append(amz_date)
        .append("'.");
    return invalid_signature(std::move(message));
}

Error SignatureErrors::wrong_region(std::string_view region, std::string_view expected) const {
    if (s3()) {
        Error error = s3_malformed(text("the region '", region, "' is wrong; expecting '") +
                                   std::string(expected) + "'");
        error.fields.emplace_back("Region", expected);
        return error;
    }
    return invalid_signature("Credential should be scoped to a valid region.");
}

Error SignatureErrors::wrong_service(std::string_view service, std::string_view expected) const {
    if (s3()) {
        return s3_malformed(
            text("incorrect service \"", service, "\". This endpoint belongs to \"s3\"."));
    }
    return invalid_signature(
        text("Credential should be scoped to correct service: '", expected, "'."));
}

Error SignatureErrors::unknown_key(std::string_view access_key_id) const {
    constexpr std::string_view kInvalid = "The security token included in the request is invalid.";
    switch (family_) {
        case ErrorFamily::kJson:
            return {.code = "UnrecognizedClientException",
                    .http_status = 400,
                    .message = std::string(kInvalid),
                    .json_namespace = std::string(kCoral)};
        case ErrorFamily::kRestJson:
            return {.code = "UnrecognizedClientException",
                    .http_status = 403,
                    .message = std::string(kInvalid)};
        case ErrorFamily::kQuery:
            return {.code = "InvalidClientTokenId",
                    .http_status = 403,
                    .message = std::string(kInvalid)};
        case ErrorFamily::kEc2:
            return ec2_failure();
        case ErrorFamily::kS3:
            break;
    }
    return s3_error("InvalidAccessKeyId", 403,
                    "The AWS Access Key Id you provided does not exist in our records.",
                    {{"AWSAccessKeyId", std::string(access_key_id)}});
}

Error SignatureErrors::bad_session_token() const {
    if (s3())
        return s3_error("InvalidToken", 400,
                        "The provided token is malformed or otherwise invalid.");
    return unknown_key("");
}

Error SignatureErrors::expired_session_token() const {
    if (s3()) return s3_error("ExpiredToken", 400, "The provided token has expired.");
    if (family_ == ErrorFamily::kEc2) return ec2_expired();
    Error error{.http_status = 403,
                .message = "The security token included in the request is expired"};
    error.code = family_ == ErrorFamily::kQuery ? "ExpiredToken" : "ExpiredTokenException";
    if (family_ == ErrorFamily::kJson) {
        error.http_status = 400;
        error.json_namespace = kCoral;
    }
    return error;
}

Error SignatureErrors::header_not_signed(std::string_view name) const {
    if (s3()) {
        return s3_error("AccessDenied", 403,
                        "There were headers present in the request which were not signed",
                        {{"HeadersNotSigned", std::string(name)}});
    }
    return invalid_signature(
        name == "host" ? "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
                       : text("'", name, "' must be a 'SignedHeader' in the AWS Authorization."));
}

Error SignatureErrors::too_old(TimePoint signed_at, TimePoint now) const {
    using std::chrono::minutes;
    if (family_ == ErrorFamily::kEc2) return ec2_expired();
    if (s3()) {
        return s3_error(
            "RequestTimeTooSkewed", 403,
            "The difference between the request time and the current time is too large.",
            {{"RequestTime", format_amz_date(signed_at)},
             {"ServerTime", format_iso8601(now)},
             {"MaxAllowedSkewMilliseconds", "900000"}});
    }
    return invalid_signature("Signature expired: " + format_amz_date(signed_at) +
                             " is now earlier than " + format_amz_date(now - minutes(5)) + " (" +
                             format_amz_date(now) + " - 5 min.)");
}

Error SignatureErrors::too_new(TimePoint signed_at, TimePoint now) const {
    if (s3()) return too_old(signed_at, now);
    return invalid_signature("Signature not yet current: " + format_amz_date(signed_at) +
                             " is still later than " +
                             format_amz_date(now + std::chrono::minutes(5)) + " (" +
                             format_amz_date(now) + " + 5 min.)");
}

Error SignatureErrors::presign_expired(TimePoint expired_at, int64_t expires_seconds,
                                       TimePoint now) const {
    if (family_ == ErrorFamily::kEc2) return ec2_expired();
    if (s3()) {
        return s3_error("AccessDenied", 403, "Request has expired",
                        {{"X-Amz-Expires", std::to_string(expires_seconds)},
                         {"Expires", format_iso8601(expired_at)},
                         {"ServerTime", format_iso8601(now)}});
    }
    return invalid_signature("Signature expired: " + format_amz_date(expired_at) +
                             " is now earlier than " + format_amz_date(now) + ".");
}

Error SignatureErrors::presign_not_yet_valid(TimePoint signed_at, TimePoint now) const {
    if (!s3()) return too_new(signed_at, now);
    return s3_error(
        "AccessDenied", 403, "Request is not yet valid",
        {{"X-Amz-Date", format_amz_date(signed_at)}, {"ServerTime", format_iso8601(now)}});
}

Error SignatureErrors::bad_expires(std::string_view expires) const {
    int64_t value = 0;
    const auto [end, status] =
        std::from_chars(expires.data(), expires.data() + expires.size(), value);
    const bool number = status == std::errc() && end == expires.data() + expires.size();
    std::string message =
        !number     ? "X-Amz-Expires should be a number"
        : value < 0 ? "X-Amz-Expires must be non-negative"
                    : "X-Amz-Expires must be less than a week (in seconds); that is, the given "
                      "X-Amz-Expires must be less than 604800 seconds";
    if (s3()) return s3_error("AuthorizationQueryParametersError", 400, std::move(message));
    return incomplete_signature(std::move(message));
}

Error SignatureErrors::missing_content_sha256() const {
    return s3_error("InvalidRequest", 400,
                    "Missing required header for this request: x-amz-content-sha256");
}

Error SignatureErrors::bad_content_sha256(std::string_view value) const {
    return s3_error(
        "InvalidArgument", 400,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a "
        "valid "
        "sha256 value.",
        {{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", std::string(value)}});
}

Error SignatureErrors::mismatch(std::string_view access_key_id, std::string_view provided,
                                std::string_view string_to_sign,
                                std::string_view canonical_request) const {
    if (s3()) {
        return s3_error("SignatureDoesNotMatch", 403,
                        "The request signature we calculated does not match the signature you "
                        "provided. Check your "
                        "key and signing method.",
                        {{"AWSAccessKeyId", std::string(access_key_id)},
                         {"StringToSign", std::string(string_to_sign)},
                         {"SignatureProvided", std::string(provided)},
                         {"CanonicalRequest", std::string(canonical_request)}});
    }
    return invalid_signature(std::string(kWrongSignature));
}

}  // namespace millrace::auth
