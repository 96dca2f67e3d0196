#include "dax/node/authorize.h"

#include <fmt/format.h>

#include <array>

#include "auth/sigv4.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kService = "dax";
// Clients sign the service's public name whatever they dial; one of them with a scheme.
constexpr std::string_view kHosts[] = {"dax.amazonaws.com", "https://dax.amazonaws.com"};

template <size_t N>
bool split(std::string_view text, char separator, std::array<std::string_view, N>& parts) {
    for (size_t i = 0; i < N; ++i) {
        const size_t end = text.find(separator);
        if ((end == std::string_view::npos) != (i + 1 == N)) return false;
        parts[i] = text.substr(0, end);
        text.remove_prefix(i + 1 == N ? text.size() : end + 1);
    }
    return true;
}

bool canonical_hash_matches(std::string_view hash, std::string_view date) {
    for (const std::string_view host : kHosts) {
        const std::string canonical =
            fmt::format("POST\n/\n\nhost:{}\nx-amz-date:{}\n\nhost;x-amz-date\n{}", host, date,
                        codec::sha256_hex(""));
        if (codec::constant_time_equal(hash, codec::sha256_hex(canonical))) return true;
    }
    return false;
}

// Is the stamp, "YYYYMMDDTHHMMSSZ", within the skew? The stamps order as times do.
bool is_recent(std::string_view stamp, TimePoint now) {
    return stamp.size() == 16 && stamp >= format_amz_date(now - kClockSkewMax) &&
           stamp <= format_amz_date(now + kClockSkewMax);
}

}  // namespace

Result<std::shared_ptr<const contracts::Credential>> authorize(
    const AuthorizeRequest& request, contracts::CredentialSource& credentials, TimePoint now) {
    const auto credential = credentials.find(request.access_key_id);
    if (credential == nullptr) return errors::unknown_key();
    if (!codec::constant_time_equal(request.session_token.value_or(""), credential->session_token))
        return errors::unknown_key();
    if (credential->expires <= now) return errors::expired_token();
    std::array<std::string_view, 4> lines;
    std::array<std::string_view, 4> scope;  // date, region, service, terminator
    if (!split(request.string_to_sign, '\n', lines) || !split(lines[2], '/', scope) ||
        lines[0] != kAlgorithm || scope[2] != kService || scope[3] != "aws4_request" ||
        lines[1].substr(0, 8) != scope[0]) {
        return errors::bad_signature("The string to sign is malformed");
    }
    if (!is_recent(lines[1], now)) return errors::bad_signature("Signature expired");
    const auth::SigningKey key =
        auth::derive_signing_key(credential->secret_access_key, scope[0], scope[1], kService);
    const std::string signature = codec::hex_encode(codec::hmac_sha256(
        {reinterpret_cast<const char*>(key.data()), key.size()}, request.string_to_sign));
    if (!canonical_hash_matches(lines[3], lines[1]) ||
        !codec::constant_time_equal(signature, request.signature)) {
        return errors::bad_signature(
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method.");
    }
    return credential;
}

}  // namespace millrace::dax
