#include "auth/sigv4.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "auth/canonical.h"
#include "auth/signing_key_cache.h"
#include "auth/sigv4_errors.h"
#include "codec/digest.h"
#include "codec/url.h"

namespace millrace::auth {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr int64_t kExpiresSecondsMax = 604'800;

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

int two_digits(std::string_view text, size_t at) {
    const char a = text[at];
    const char b = text[at + 1];
    return a >= '0' && a <= '9' && b >= '0' && b <= '9' ? (a - '0') * 10 + (b - '0') : -1;
}

std::optional<TimePoint> make_time(int year, int month, int day, int hour, int minute, int second) {
    if (year < 0 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0)
        return std::nullopt;
    if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                     std::chrono::minutes(minute) + std::chrono::seconds(second));
}

// "20260131T102030Z"
std::optional<TimePoint> parse_amz_date(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    const int century = two_digits(text, 0);
    const int year = two_digits(text, 2);
    if (century < 0 || year < 0) return std::nullopt;
    return make_time(century * 100 + year, two_digits(text, 4), two_digits(text, 6),
                     two_digits(text, 9), two_digits(text, 11), two_digits(text, 13));
}

// "Sat, 31 Jan 2026 10:20:30 GMT", for the Date header.
std::optional<TimePoint> parse_http_date(std::string_view text) {
    if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return std::nullopt;
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const size_t month = kMonths.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    const int century = two_digits(text, 12);
    const int year = two_digits(text, 14);
    if (century < 0 || year < 0) return std::nullopt;
    return make_time(century * 100 + year, static_cast<int>(month / 3) + 1, two_digits(text, 5),
                     two_digits(text, 17), two_digits(text, 20), two_digits(text, 23));
}

bool has_signature_query(std::string_view query) {
    if (query.empty()) return false;
    bool found = false;
    for (const std::string_view name :
         {"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential", "AWSAccessKeyId"}) {
        query_value(query, name, found);
        if (found) return true;
    }
    return false;
}

// The parts of the signature as the client gave them.
struct Claim {
    bool presigned = false;
    std::string_view authorization;  // the header
    std::string_view algorithm;
    std::string_view credential;
    std::string_view signed_headers;
    std::string_view signature;
    std::string_view date;
    std::string_view token;
    bool has_token = false;
    // Decoded query values live here; the views above point into it. Never resized after filling.
    std::array<std::string, 6> decoded;

    std::string_view access_key_id;
    std::string_view scope;  // "20260131/us-east-1/s3/aws4_request"
    std::string_view scope_date;
    std::string_view region;
    std::string_view service;
    std::string_view terminator;
};

void read_header_claim(const HttpRequest& request, Claim& claim) {
    std::string_view rest = trim(claim.authorization);
    claim.algorithm = next_part(rest, ' ');
    while (!rest.empty()) {
        std::string_view value = trim(next_part(rest, ','));
        const std::string_view name = next_part(value, '=');
        if (name == "Credential") claim.credential = value;
        if (name == "SignedHeaders") claim.signed_headers = value;
        if (name == "Signature") claim.signature = value;
    }
    claim.date = trim(request.header("x-amz-date"));
    if (claim.date.empty()) claim.date = trim(request.header("date"));
    claim.has_token = request.has_header("x-amz-security-token");
    claim.token = trim(request.header("x-amz-security-token"));
}

void read_query_claim(const HttpRequest& request, Claim& claim) {
    const auto take = [&](std::string_view name, size_t slot) -> std::string_view {
        bool found = false;
        const std::string_view raw = query_value(request.query, name, found);
        if (slot == 5) claim.has_token = found;
        claim.decoded[slot] = codec::form_decode(raw);
        return claim.decoded[slot];
    };
    claim.algorithm = take("X-Amz-Algorithm", 0);
    claim.credential = take("X-Amz-Credential", 1);
    claim.signed_headers = take("X-Amz-SignedHeaders", 2);
    claim.signature = take("X-Amz-Signature", 3);
    claim.date = take("X-Amz-Date", 4);
    claim.token = take("X-Amz-Security-Token", 5);
    if (!claim.has_token && request.has_header("x-amz-security-token")) {
        claim.has_token = true;
        claim.token = trim(request.header("x-amz-security-token"));
    }
}

// False: not five parts.
bool split_credential(Claim& claim) {
    std::string_view rest = claim.credential;
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return false;
    claim.access_key_id = rest.substr(0, slash);
    claim.scope = rest.substr(slash + 1);
    if (std::count(claim.scope.begin(), claim.scope.end(), '/') != 3) return false;
    rest = claim.scope;
    claim.scope_date = next_part(rest, '/');
    claim.region = next_part(rest, '/');
    claim.service = next_part(rest, '/');
    claim.terminator = rest;
    return !claim.access_key_id.empty();
}

bool is_signed(std::string_view signed_headers, std::string_view name) {
    while (!signed_headers.empty()) {
        if (equals_ignore_case(next_part(signed_headers, ';'), name)) return true;
    }
    return false;
}

bool is_hex_digest(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

struct Payload {
    PayloadMode mode = PayloadMode::kSigned;
    std::string hash;  // as it stands in the canonical request
};

// What the body's place in the canonical request holds, and what that demands of the body.
Result<Payload> read_payload(const HttpRequest& request, std::optional<std::string_view> body,
                             bool s3, bool presigned, const SignatureErrors& errors) {
    Payload payload;
    if (!s3) {
        MR_ASSERT(body.has_value());  // only S3 bodies are read after the signature was checked
        std::array<char, 64> hex;
        codec::hex_of(codec::sha256_bytes(*body), hex);
        payload.hash.assign(hex.data(), hex.size());
        return payload;
    }
    std::string value(trim(request.header("x-amz-content-sha256")));
    if (value.empty() && presigned) {
        bool found = false;
        value = codec::form_decode(query_value(request.query, "X-Amz-Content-Sha256", found));
        if (value.empty()) value = kUnsignedPayload;
    }
    if (value.empty()) return errors.missing_content_sha256();
    if (value == kUnsignedPayload) {
        payload.mode = PayloadMode::kUnsigned;
    } else if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
        payload.mode = PayloadMode::kStreamingSigned;
    } else if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
        payload.mode = PayloadMode::kStreamingSignedTrailer;
    } else if (value == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
        payload.mode = PayloadMode::kStreamingUnsignedTrailer;
    } else if (!is_hex_digest(value)) {
        return errors.bad_content_sha256(value);
    }
    payload.hash = std::move(value);
    return payload;
}

Result<void> check_claim_parts(Claim& claim, const SignatureErrors& errors) {
    const bool parameters_only =
        claim.presigned && claim.algorithm.empty() && !claim.credential.empty();
    if (parameters_only) return errors.incomplete({"Algorithm"}, "");
    if (claim.algorithm != kAlgorithm)
        return errors.unsupported_algorithm(claim.algorithm, claim.authorization);
    if (claim.credential.empty() || claim.signature.empty() || claim.signed_headers.empty() ||
        claim.date.empty()) {
        std::vector<std::string_view> missing;
        if (claim.credential.empty()) missing.emplace_back("Credential");
        if (claim.signature.empty()) missing.emplace_back("Signature");
        if (claim.signed_headers.empty()) missing.emplace_back("SignedHeaders");
        if (claim.date.empty()) missing.emplace_back("date");
        return errors.incomplete(missing, claim.authorization);
    }
    if (!split_credential(claim)) return errors.bad_credential(claim.credential);
    return {};
}

// Unsigned headers that change what the request means could be altered under way.
Result<void> check_signed_headers(const HttpRequest& request, const Claim& claim, bool s3,
                                  const SignatureErrors& errors) {
    if (!is_signed(claim.signed_headers, "host")) return errors.header_not_signed("host");
    for (const HttpHeader& header : request.headers) {
        constexpr std::string_view kPrefix = "x-amz-";
        if (header.name.size() < kPrefix.size() ||
            !equals_ignore_case(header.name.substr(0, kPrefix.size()), kPrefix)) {
            continue;
        }
        const bool must = s3 || equals_ignore_case(header.name, "x-amz-target");
        if (must && !is_signed(claim.signed_headers, header.name))
            return errors.header_not_signed(header.name);
    }
    return {};
}

Result<void> check_time(const HttpRequest& request, const Claim& claim, TimePoint signed_at,
                        TimePoint now, bool s3, const SignatureErrors& errors) {
    const Duration skew = s3 ? std::chrono::minutes(15) : std::chrono::minutes(5);
    if (!claim.presigned) {
        if (signed_at < now - skew) return errors.too_old(signed_at, now);
        if (signed_at > now + skew) return errors.too_new(signed_at, now);
        return {};
    }
    bool found = false;
    const std::string text = codec::form_decode(query_value(request.query, "X-Amz-Expires", found));
    int64_t expires = 300;
    if (found) {
        const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), expires);
        const bool number = status == std::errc() && end == text.data() + text.size();
        if (!number || expires < 0 || expires > kExpiresSecondsMax) return errors.bad_expires(text);
    } else if (s3) {
        return errors.incomplete({"Expires"}, "");
    }
    if (signed_at > now + skew) return errors.presign_not_yet_valid(signed_at, now);
    const TimePoint end = signed_at + std::chrono::seconds(expires);
    if (now > end) return errors.presign_expired(end, expires, now);
    return {};
}

Result<void> check_token(const Claim& claim, const contracts::Credential& credential, TimePoint now,
                         const SignatureErrors& errors) {
    if (claim.has_token != !credential.session_token.empty()) return errors.bad_session_token();
    if (claim.has_token && !codec::constant_time_equal(claim.token, credential.session_token)) {
        return errors.bad_session_token();
    }
    if (credential.expires <= now) return errors.expired_session_token();
    return {};
}

void write_string_to_sign(std::string_view amz_date, std::string_view scope,
                          std::string_view canonical, std::string& out) {
    std::array<char, 64> digest;
    codec::hex_of(codec::sha256_bytes(canonical), digest);
    out.clear();
    out += kAlgorithm;
    out += '\n';
    out += amz_date;
    out += '\n';
    out += scope;
    out += '\n';
    out.append(digest.data(), digest.size());
}

}  // namespace

bool has_credentials(const HttpRequest& request) {
    return request.has_header("authorization") || has_signature_query(request.query);
}

std::optional<ClaimedScope> claimed_scope(const HttpRequest& request) {
    std::string_view credential;
    ClaimedScope scope;
    const std::string_view authorization = request.header("authorization");
    if (!authorization.empty()) {
        const size_t at = authorization.find("Credential=");
        if (at == std::string_view::npos) return std::nullopt;
        credential = authorization.substr(at + 11);
        credential = credential.substr(0, credential.find_first_of(", "));
    } else {
        bool found = false;
        credential = query_value(request.query, "X-Amz-Credential", found);
        scope.presigned = true;
    }
    // Presigned credentials are percent-encoded: the slashes as %2F; ids, regions and names are
    // plain.
    const auto part = [&]() {
        const size_t plain = credential.find('/');
        const size_t upper = credential.find("%2F");
        const size_t lower = credential.find("%2f");
        const size_t end = std::min({plain, upper, lower});
        const std::string_view taken = credential.substr(0, end);
        if (end == std::string_view::npos) {
            credential = {};
        } else {
            credential.remove_prefix(end + (end == plain ? 1 : 3));
        }
        return taken;
    };
    scope.access_key_id = part();
    scope.date = part();
    scope.region = part();
    scope.service = part();
    if (scope.service.empty()) return std::nullopt;
    return scope;
}

Result<Verified> verify(const HttpRequest& request, std::optional<std::string_view> body,
                        const VerifyOptions& options, contracts::CredentialSource& credentials) {
    const bool s3 = options.family == ErrorFamily::kS3;
    Claim claim;
    claim.authorization = request.header("authorization");
    const bool by_header = request.has_header("authorization");
    claim.presigned = !by_header && has_signature_query(request.query);
    const SignatureErrors errors(options.family, claim.presigned);
    if (!by_header && !claim.presigned) return errors.missing_token();
    if (by_header && has_signature_query(request.query)) return errors.two_mechanisms();
    if (by_header) {
        read_header_claim(request, claim);
    } else {
        read_query_claim(request, claim);
    }
    MR_CHECK_OK(check_claim_parts(claim, errors));

    std::optional<TimePoint> signed_at = parse_amz_date(claim.date);
    std::string from_http_date;
    if (!signed_at && by_header) {
        signed_at = parse_http_date(claim.date);
        if (signed_at) {
            from_http_date = format_amz_date(*signed_at);
            claim.date = from_http_date;
        }
    }
    if (!signed_at) return errors.bad_date(claim.date);

    if (claim.terminator != kTerminator) return errors.bad_terminator(claim.terminator);
    if (claim.service != options.service)
        return errors.wrong_service(claim.service, options.service);
    if (claim.region.empty() || (!options.region.empty() && claim.region != options.region)) {
        return errors.wrong_region(claim.region, options.region);
    }
    if (claim.scope_date != claim.date.substr(0, 8))
        return errors.scope_date(claim.scope_date, claim.date);

    std::shared_ptr<const contracts::Credential> credential = credentials.find(claim.access_key_id);
    if (credential == nullptr) return errors.unknown_key(claim.access_key_id);
    MR_CHECK_OK(check_token(claim, *credential, options.now, errors));
    MR_CHECK_OK(check_time(request, claim, *signed_at, options.now, s3, errors));
    MR_CHECK_OK(check_signed_headers(request, claim, s3, errors));
    MR_TRY(Payload payload, read_payload(request, body, s3, claim.presigned, errors));

    thread_local std::string canonical;
    thread_local std::string string_to_sign;
    write_canonical_request({.request = &request,
                             .signed_headers = claim.signed_headers,
                             .payload_hash = payload.hash,
                             .s3 = s3,
                             .presigned = claim.presigned},
                            canonical);
    write_string_to_sign(claim.date, claim.scope, canonical, string_to_sign);
    const DerivedKey& key =
        SigningKeyCache::of_this_thread().get(claim.access_key_id, credential->secret_access_key,
                                              claim.scope_date, claim.region, claim.service);
    std::array<char, 64> expected;
    codec::hex_of(key.hmac.sign(string_to_sign), expected);
    if (!codec::constant_time_equal({expected.data(), expected.size()}, claim.signature)) {
        return errors.mismatch(claim.access_key_id, claim.signature, string_to_sign, canonical);
    }

    Verified verified;
    verified.credential = std::move(credential);
    verified.payload = payload.mode;
    verified.presigned = claim.presigned;
    verified.region = claim.region;
    const bool streaming_signed = payload.mode == PayloadMode::kStreamingSigned ||
                                  payload.mode == PayloadMode::kStreamingSignedTrailer;
    if (streaming_signed) {
        verified.signature = claim.signature;
        verified.amz_date = claim.date;
        verified.scope = claim.scope;
        verified.key = key.raw;
    }
    if (payload.mode == PayloadMode::kSigned) {
        std::transform(payload.hash.begin(), payload.hash.end(), payload.hash.begin(),
                       [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
        if (s3 && body.has_value()) {
            std::array<char, 64> computed;
            codec::hex_of(codec::sha256_bytes(*body), computed);
            const std::string_view hex(computed.data(), computed.size());
            if (hex != payload.hash) return payload_mismatch(payload.hash, hex);
        }
        verified.payload_sha256 = std::move(payload.hash);
    }
    return verified;
}

Error payload_mismatch(std::string_view claimed_sha256, std::string_view computed_sha256) {
    return {
        .code = "XAmzContentSHA256Mismatch",
        .http_status = 400,
        .message = "The provided 'x-amz-content-sha256' header does not match what was computed.",
        .fields = {{"ClientComputedContentSHA256", std::string(claimed_sha256)},
                   {"S3ComputedContentSHA256", std::string(computed_sha256)}}};
}

}  // namespace millrace::auth
