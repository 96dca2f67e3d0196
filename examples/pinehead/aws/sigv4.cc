#include "aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace pinehead {
namespace {

std::string hex(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string digest(std::string_view bytes, const EVP_MD* algorithm) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out, &length, algorithm, nullptr) != 1) {
        throw std::runtime_error("digest failed");
    }
    return {reinterpret_cast<char*>(out), length};
}

std::string hmac(std::string_view key, std::string_view message) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), out,
             &length) == nullptr) {
        throw std::runtime_error("HMAC failed");
    }
    return {reinterpret_cast<char*>(out), length};
}

// Outside S3 the canonical path is the path on the wire encoded once more.
std::string encode_again(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c == '%') {
            out += "%25";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return hex(digest(bytes, EVP_sha256())); }
std::string md5_hex(std::string_view bytes) { return hex(digest(bytes, EVP_md5())); }

void sign(SignedRequest& request, const Credentials& credentials, std::string_view region,
          std::string_view service, std::string_view amz_date) {
    const std::string payload_hash = sha256_hex(request.body);
    request.headers["x-amz-date"] = amz_date;
    request.headers["x-amz-content-sha256"] = payload_hash;
    if (!credentials.session_token.empty())
        request.headers["x-amz-security-token"] = credentials.session_token;

    std::string canonical_headers;
    std::string signed_headers;
    for (const auto& [name, value] : request.headers) {
        canonical_headers += name + ":" + value + "\n";
        signed_headers += (signed_headers.empty() ? "" : ";") + name;
    }
    const std::string canonical = request.method + "\n" +
                                  (service == "s3" ? request.path : encode_again(request.path)) +
                                  "\n" + request.query + "\n" + canonical_headers + "\n" +
                                  signed_headers + "\n" + payload_hash;
    const std::string date(amz_date.substr(0, 8));
    const std::string scope =
        date + "/" + std::string(region) + "/" + std::string(service) + "/aws4_request";
    const std::string to_sign =
        "AWS4-HMAC-SHA256\n" + std::string(amz_date) + "\n" + scope + "\n" + sha256_hex(canonical);
    const std::string key =
        hmac(hmac(hmac(hmac("AWS4" + credentials.secret_access_key, date), region), service),
             "aws4_request");
    request.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id +
                                       "/" + scope + ", SignedHeaders=" + signed_headers +
                                       ", Signature=" + hex(hmac(key, to_sign));
}

}  // namespace pinehead
