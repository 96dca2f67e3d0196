// Making signatures: the signing half of sigv4.h. Not on the server's path.
#include <algorithm>

#include "auth/canonical.h"
#include "auth/pattern.h"
#include "auth/sigv4.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/hmac_key.h"
#include "codec/url.h"

namespace millrace::auth {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

bool is_never_signed(std::string_view name) {
    for (const std::string_view skipped : {"authorization", "user-agent", "expect",
                                           "x-amzn-trace-id", "connection", "transfer-encoding"}) {
        if (equals_ignore_case(name, skipped)) return true;
    }
    return false;
}

std::string signed_header_list(const HttpRequest& request) {
    std::vector<std::string> names;
    for (const HttpHeader& header : request.headers) {
        if (!is_never_signed(header.name)) names.push_back(to_lower(header.name));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string list;
    for (const std::string& name : names) {
        if (!list.empty()) list += ';';
        list += name;
    }
    return list;
}

std::string scope_of(const SigningTarget& target, std::string_view date) {
    std::string scope(date);
    scope.append("/")
        .append(target.region)
        .append("/")
        .append(target.service)
        .append("/aws4_request");
    return scope;
}

std::string signature_of(const std::string& canonical, const std::string& amz_date,
                         const std::string& scope, const SigningCredential& credential,
                         const SigningTarget& target) {
    const std::string string_to_sign =
        "AWS4-HMAC-SHA256\n" + amz_date + "\n" + scope + "\n" + codec::sha256_hex(canonical);
    const SigningKey key =
        derive_signing_key(credential.secret_access_key, std::string_view(amz_date).substr(0, 8),
                           target.region, target.service);
    return codec::hex_encode(codec::hmac_sha256(codec::view_of(key), string_to_sign));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> sign(const HttpRequest& request,
                                                      std::string_view payload_sha256,
                                                      const SigningCredential& credential,
                                                      const SigningTarget& target) {
    const std::string amz_date = format_amz_date(target.at);
    const std::string scope = scope_of(target, std::string_view(amz_date).substr(0, 8));
    const bool s3 = target.service == "s3";
    Headers added;
    added.emplace_back("X-Amz-Date", amz_date);
    if (!credential.session_token.empty())
        added.emplace_back("X-Amz-Security-Token", credential.session_token);
    if (s3) added.emplace_back("X-Amz-Content-Sha256", payload_sha256);
    HttpRequest complete = request;
    for (const auto& [name, value] : added) complete.headers.push_back({name, value});
    const std::string list = signed_header_list(complete);
    std::string canonical;
    write_canonical_request(
        {.request = &complete, .signed_headers = list, .payload_hash = payload_sha256, .s3 = s3},
        canonical);
    std::string authorization = "AWS4-HMAC-SHA256 Credential=";
    authorization.append(credential.access_key_id).append("/").append(scope);
    authorization.append(", SignedHeaders=").append(list).append(", Signature=");
    authorization += signature_of(canonical, amz_date, scope, credential, target);
    added.emplace_back("Authorization", std::move(authorization));
    return added;
}

std::string presign(const HttpRequest& request, std::string_view payload_sha256,
                    const SigningCredential& credential, const SigningTarget& target,
                    int64_t expires_seconds) {
    const std::string amz_date = format_amz_date(target.at);
    const std::string scope = scope_of(target, std::string_view(amz_date).substr(0, 8));
    const std::string list = signed_header_list(request);
    std::string query(request.query);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!query.empty()) query += '&';
        query.append(name).append("=").append(codec::url_encode(value));
    };
    add("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    add("X-Amz-Credential", std::string(credential.access_key_id) + "/" + scope);
    add("X-Amz-Date", amz_date);
    add("X-Amz-Expires", std::to_string(expires_seconds));
    add("X-Amz-SignedHeaders", list);
    if (!credential.session_token.empty()) add("X-Amz-Security-Token", credential.session_token);
    HttpRequest complete = request;
    complete.query = query;
    std::string canonical;
    write_canonical_request({.request = &complete,
                             .signed_headers = list,
                             .payload_hash = payload_sha256,
                             .s3 = target.service == "s3",
                             .presigned = true},
                            canonical);
    return std::string(request.path) + "?" + query +
           "&X-Amz-Signature=" + signature_of(canonical, amz_date, scope, credential, target);
}

std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string_view>& signed_headers,
                              std::string_view payload_hash, bool s3, bool presigned) {
    std::string list;
    for (const std::string_view name : signed_headers) {
        if (!list.empty()) list += ';';
        list += name;
    }
    std::string canonical;
    write_canonical_request({.request = &request,
                             .signed_headers = list,
                             .payload_hash = payload_hash,
                             .s3 = s3,
                             .presigned = presigned},
                            canonical);
    return canonical;
}

}  // namespace millrace::auth
