// Server: HTTP/1.1 (or another Protocol) on N io threads, each with its own io_context and its own
// listening socket on the same port (SO_REUSEPORT), so that a connection's life is spent on one
// thread. Thread-safety: start, stop and the accessors are called by one owner thread. Ownership:
// refers to the handler and the pool, which must outlive it. After stop() returned no thread of the
// server runs, but coroutines cut off by the grace period still exist until the destructor: sources
// of events (store, pool) must be closed between stop() and the destructor.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/exchange.h"
#include "net/thread_pool.h"
#include "net/tls.h"

namespace millrace::net {

struct ServerOptions {
    std::string address = "127.0.0.1";
    uint16_t port = 0;   // 0: any free one
    size_t threads = 0;  // 0: as many as the machine has cores
    uint64_t connections_max = 10'000;
    uint64_t body_bytes_max = uint64_t{1} << 30;      // of all request bodies in memory together
    std::chrono::milliseconds head_timeout{10'000};   // from a head's first byte to its last
    std::chrono::milliseconds idle_timeout{75'000};   // between requests
    std::chrono::milliseconds body_timeout{30'000};   // without any progress of a body
    std::chrono::milliseconds write_timeout{30'000};  // without any progress of an answer
    std::optional<TlsFiles> tls;                      // nothing: plain
    std::chrono::milliseconds tls_handshake_timeout{10'000};  // from the connection to its end
};

// Counts since the start, over all threads.
struct ServerCounters {
    uint64_t accepted = 0;
    uint64_t refused = 0;  // for want of room
    uint64_t open = 0;
    uint64_t requests = 0;
    uint64_t bad_requests = 0;  // refused by the HTTP reader
    uint64_t timeouts = 0;
    uint64_t bad_handshakes = 0;  // of TLS: refused, broken or too slow
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
};

class HttpProtocol;
class IoThread;
class Protocol;  // net/io_thread.h
struct ServerShared;

class Server {
public:
    Server(ServerOptions options, Handler& handler, ThreadPool& pool);
    // Of another protocol than HTTP.
    Server(ServerOptions options, Protocol& protocol, ThreadPool& pool);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Reads the certificate, binds, listens and starts the threads. The error's message names the
    // file or address and the reason.
    Result<void> start();
    uint16_t port() const;
    // Reads the certificate's files again, for new connections; after an error the old one stays.
    Result<void> reload_certificate();
    // Stops accepting, closes idle connections, lets requests in flight end for up to `grace`, then
    // closes what is left and joins the threads.
    void stop(std::chrono::milliseconds grace);
    ServerCounters counters() const;

private:
    std::unique_ptr<HttpProtocol> http_;  // before what refers to it
    std::unique_ptr<ServerShared> shared_;
    std::vector<std::unique_ptr<IoThread>> threads_;
    uint16_t port_ = 0;
    bool started_ = false;
};

}  // namespace millrace::net
