// TLS of a server's connections, by OpenSSL on the session's own non-blocking socket: version 1.2
// or later, server-authenticated. OpenSSL writes with write(2), so the process must ignore SIGPIPE.
// Thread-safety: TlsContext is safe from any thread; a Tls belongs to its connection's io thread.
// Ownership: a Tls keeps what it needs of the context; the socket is the session's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/mutex.h"
#include "core/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace millrace::net {

// PEM files. The certificate's chain may follow it.
struct TlsFiles {
    std::string certificate;
    std::string key;
};

class TlsContext {
public:
    // The error's message names the file and OpenSSL's reason.
    static Result<std::unique_ptr<TlsContext>> open(TlsFiles files);
    // Reads the files again, for connections that come from now on. After an error the old ones
    // stay.
    Result<void> reload();
    std::shared_ptr<ssl_ctx_st> current() const;

private:
    explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
    const TlsFiles files_;
    mutable Mutex mutex_;
    std::shared_ptr<ssl_ctx_st> current_ MR_GUARDED_BY(mutex_);
};

class Tls {
public:
    enum class Status : uint8_t {
        kOk,
        kWantRead,   // go on when the socket is readable
        kWantWrite,  // go on when the socket is writable
        kClosed,     // by the client, in order
        kFailed,     // broken or refused: the connection is dead
    };

    Tls(const TlsContext& context, int socket);
    ~Tls();

    Status handshake();
    // kOk: `n` bytes, at least one.
    Status read(std::span<char> out, size_t& n);
    // Sends until both are sent or the socket takes no more; `n` bytes of them are sent. After
    // kWantRead and kWantWrite it must be called with the bytes not sent.
    Status write(std::string_view first, std::string_view second, size_t& n);
    // Is there something to read? Nothing is taken.
    Status peek();
    // Tells the client that nothing more comes, if the socket takes it.
    void shutdown();

private:
    Status status_of(int result);
    std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
    bool failed_ = false;
    std::string record_;  // head and body of an answer, to be one record
};

}  // namespace millrace::net
