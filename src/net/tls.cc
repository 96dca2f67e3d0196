#include "net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace millrace::net {
namespace {

// Most that one record of TLS holds.
constexpr size_t kRecordBytesMax = 16 * 1024;
// All of TLS 1.2 with forward secrecy and authenticated encryption; 1.3 has only such.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Error failure(const std::string& what) {
    char reason[256] = "no reason given";
    const unsigned long code = ERR_peek_last_error();
    if (code != 0) ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return Error{
        .code = "Tls", .http_status = 500, .message = fmt::format("TLS: {}: {}", what, reason)};
}

Result<std::shared_ptr<SSL_CTX>> load(const TlsFiles& files) {
    ERR_clear_error();
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1) {
        return failure("OpenSSL cannot be used");
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    // Sessions are resumed by tickets, which cost no memory here.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
        return failure("cannot use the certificate " + files.certificate);
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return failure("cannot use the private key " + files.key);
    }
    return context;
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::open(TlsFiles files) {
    std::unique_ptr<TlsContext> context(new TlsContext(std::move(files)));
    MR_CHECK_OK(context->reload());
    return context;
}

Result<void> TlsContext::reload() {
    MR_TRY(std::shared_ptr<SSL_CTX> loaded, load(files_));
    const MutexLock lock(mutex_);
    current_ = std::move(loaded);
    return {};
}

std::shared_ptr<SSL_CTX> TlsContext::current() const {
    const MutexLock lock(mutex_);
    return current_;
}

Tls::Tls(const TlsContext& context, int socket) : ssl_(SSL_new(context.current().get()), SSL_free) {
    failed_ = ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket) != 1;
    if (!failed_) SSL_set_accept_state(ssl_.get());
}

Tls::~Tls() = default;

Tls::Status Tls::status_of(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_NONE:
            return Status::kOk;
        case SSL_ERROR_WANT_READ:
            return Status::kWantRead;
        case SSL_ERROR_WANT_WRITE:
            return Status::kWantWrite;
        case SSL_ERROR_ZERO_RETURN:
            return Status::kClosed;
        default:
            failed_ = true;
            return Status::kFailed;
    }
}

// OpenSSL's errors are a queue of the thread: what another connection left there must not be taken
// for this one's.
Tls::Status Tls::handshake() {
    if (failed_) return Status::kFailed;
    ERR_clear_error();
    return status_of(SSL_do_handshake(ssl_.get()));
}

Tls::Status Tls::read(std::span<char> out, size_t& n) {
    if (failed_) return Status::kFailed;
    ERR_clear_error();
    return status_of(SSL_read_ex(ssl_.get(), out.data(), out.size(), &n));
}

Tls::Status Tls::peek() {
    if (failed_) return Status::kFailed;
    ERR_clear_error();
    char byte = 0;
    size_t n = 0;
    return status_of(SSL_peek_ex(ssl_.get(), &byte, 1, &n));
}

Tls::Status Tls::write(std::string_view first, std::string_view second, size_t& n) {
    n = 0;
    while (!first.empty() || !second.empty()) {
        if (failed_) return Status::kFailed;
        std::string_view record = first.empty() ? second : first;
        if (!first.empty() && !second.empty() && first.size() < kRecordBytesMax) {
            record_.assign(first);
            record_.append(second.substr(0, kRecordBytesMax - first.size()));
            record = record_;
        }
        size_t sent = 0;
        ERR_clear_error();
        const Status status =
            status_of(SSL_write_ex(ssl_.get(), record.data(), record.size(), &sent));
        if (status != Status::kOk) return status;
        n += sent;
        const size_t from_first = std::min(sent, first.size());
        first.remove_prefix(from_first);
        second.remove_prefix(sent - from_first);
    }
    return Status::kOk;
}

void Tls::shutdown() {
    if (failed_ || !SSL_is_init_finished(ssl_.get())) return;
    ERR_clear_error();
    status_of(SSL_shutdown(ssl_.get()));
}

}  // namespace millrace::net
