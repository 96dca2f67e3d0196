#include "app/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "app/files.h"

namespace millrace::app {
namespace {

namespace fs = std::filesystem;

template <auto release>
struct Release {
    template <class T>
    void operator()(T* object) const {
        release(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Memory = std::unique_ptr<BIO, Release<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

struct Pair {
    Key key;
    Certificate certificate;
};

// A clock that is behind ours must find the certificate valid.
constexpr Duration kBackdated = std::chrono::hours(24);
constexpr long kVersion3 = 2;
constexpr size_t kSerialBytes = 16;

Error failure(const std::string& what) {
    char reason[256] = "no reason given";
    const unsigned long code = ERR_peek_last_error();
    if (code != 0) ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return Error{
        .code = "Certificates", .http_status = 500, .message = fmt::format("{}: {}", what, reason)};
}

Memory memory_of(const std::string& text) {
    return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long n = BIO_get_mem_data(memory, &data);
    return {data, static_cast<size_t>(n)};
}

std::optional<Pair> read_pair(const std::string& certificate_file, const std::string& key_file) {
    const auto certificate_text = read_file(certificate_file);
    const auto key_text = read_file(key_file);
    if (!certificate_text || !key_text) return std::nullopt;
    Pair pair;
    pair.certificate.reset(
        PEM_read_bio_X509(memory_of(*certificate_text).get(), nullptr, nullptr, nullptr));
    pair.key.reset(PEM_read_bio_PrivateKey(memory_of(*key_text).get(), nullptr, nullptr, nullptr));
    const bool whole = pair.certificate != nullptr && pair.key != nullptr &&
                       X509_check_private_key(pair.certificate.get(), pair.key.get()) == 1;
    ERR_clear_error();
    if (!whole) return std::nullopt;
    return pair;
}

bool valid_until(const X509* certificate, TimePoint time) {
    time_t until = static_cast<time_t>(epoch_seconds(time));
    return X509_cmp_time(X509_get0_notAfter(certificate), &until) > 0;
}

bool is_address(const std::string& name) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

bool is_for(X509* certificate, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const int matches =
            is_address(name) ? X509_check_ip_asc(certificate, name.c_str(), 0)
                             : X509_check_host(certificate, name.data(), name.size(), 0, nullptr);
        if (matches != 1) return false;
    }
    return true;
}

bool extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Signed by `issuer`, or by itself. `names` empty: an authority.
Result<Pair> make_pair(const std::string& common_name, const Pair* issuer,
                       const std::vector<std::string>& names, TimePoint now, Duration life) {
    Pair pair;
    pair.key.reset(EVP_EC_gen("P-256"));
    pair.certificate.reset(X509_new());
    X509* certificate = pair.certificate.get();
    unsigned char serial[kSerialBytes];
    if (pair.key == nullptr || certificate == nullptr || RAND_bytes(serial, sizeof serial) != 1)
        return failure("cannot make a certificate");
    serial[0] &= 0x7f;  // positive
    const std::unique_ptr<BIGNUM, Release<BN_free>> number(
        BN_bin2bn(serial, sizeof serial, nullptr));
    X509_NAME* subject = X509_get_subject_name(certificate);
    const bool authority = names.empty();
    X509* signer = issuer == nullptr ? certificate : issuer->certificate.get();
    std::string alternatives;
    for (const std::string& name : names) {
        alternatives += fmt::format("{}{}:{}", alternatives.empty() ? "" : ",",
                                    is_address(name) ? "IP" : "DNS", name);
    }
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
    const bool made =
        X509_set_version(certificate, kVersion3) == 1 &&
        BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr &&
        ASN1_TIME_set(X509_getm_notBefore(certificate),
                      static_cast<time_t>(epoch_seconds(now - kBackdated))) != nullptr &&
        ASN1_TIME_set(X509_getm_notAfter(certificate),
                      static_cast<time_t>(epoch_seconds(now + life - kBackdated))) != nullptr &&
        X509_set_pubkey(certificate, pair.key.get()) == 1 &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
        X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
        extend(certificate, signer, NID_subject_key_identifier, "hash") &&
        extend(certificate, signer, NID_authority_key_identifier, "keyid:always") &&
        extend(certificate, signer, NID_basic_constraints,
               authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
        extend(certificate, signer, NID_key_usage,
               authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
        (authority || (extend(certificate, signer, NID_ext_key_usage, "serverAuth") &&
                       extend(certificate, signer, NID_subject_alt_name, alternatives))) &&
        X509_sign(certificate, issuer == nullptr ? pair.key.get() : issuer->key.get(),
                  EVP_sha256()) > 0;
    if (!made) return failure("cannot make a certificate");
    return pair;
}

// The key first: a certificate whose key was not kept is made again.
Result<void> write_pair(const Pair& pair, const X509* issuer, const std::string& certificate_file,
                        const std::string& key_file) {
    const Memory key(BIO_new(BIO_s_mem()));
    const Memory certificate(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PrivateKey(key.get(), pair.key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) != 1 ||
        PEM_write_bio_X509(certificate.get(), pair.certificate.get()) != 1 ||
        (issuer != nullptr && PEM_write_bio_X509(certificate.get(), issuer) != 1)) {
        return failure("cannot write a certificate");
    }
    MR_CHECK_OK(write_file(key_file, text_of(key.get()), 0600));
    return write_file(certificate_file, text_of(certificate.get()), 0644);
}

}  // namespace

Result<Certificates> keep_certificates(const std::string& folder,
                                       const std::vector<std::string>& names, TimePoint now) {
    std::error_code error;
    fs::create_directories(folder, error);
    Certificates files{folder + "/ca.pem", {folder + "/server.pem", folder + "/server-key.pem"}};
    const std::string authority_key = folder + "/ca-key.pem";
    auto authority = read_pair(files.authority, authority_key);
    if (!authority || !valid_until(authority->certificate.get(), now + kCertificateLife)) {
        MR_TRY(authority, make_pair("Millrace local authority", nullptr, {}, now, kAuthorityLife));
        MR_CHECK_OK(write_pair(*authority, nullptr, files.authority, authority_key));
    }
    const auto server = read_pair(files.server.certificate, files.server.key);
    const bool good = server && valid_until(server->certificate.get(), now + kCertificateRenewal) &&
                      X509_verify(server->certificate.get(), authority->key.get()) == 1 &&
                      is_for(server->certificate.get(), names);
    ERR_clear_error();
    if (!good) {
        MR_TRY(const Pair made,
               make_pair("Millrace server", &*authority, names, now, kCertificateLife));
        MR_CHECK_OK(write_pair(made, authority->certificate.get(), files.server.certificate,
                               files.server.key));
    }
    return files;
}

}  // namespace millrace::app
