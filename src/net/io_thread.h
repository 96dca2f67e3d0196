// IoThread: one event loop of a Server with the connections that live on it.
// Thread-safety: everything but the constructor, start(), post_stop() and the counters belongs to
// its own thread. Ownership: owns its connections through their coroutines.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/wait_traits.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <optional>
#include <thread>

#include "core/mutex.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/exchange.h"
#include "net/inbox.h"
#include "net/response_writer.h"
#include "net/server.h"
#include "net/thread_pool.h"
#include "net/timer_wheel.h"
#include "net/tls.h"

namespace millrace::net {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

class Session;

// What is spoken on the sockets of a server.
class Protocol {
public:
    virtual ~Protocol() = default;
    // One connection's whole life. The session in it enlists itself with the thread.
    virtual Task<void> serve(IoThread* thread, Socket socket) = 0;
    // What a client is told for whom there is no room.
    virtual std::string_view refusal() const = 0;
};

// What the threads of one server share.
struct ServerShared {
    ServerShared(ServerOptions o, Protocol& pr, ThreadPool& p)
        : options(std::move(o)),
          protocol(pr),
          pool(p),
          connections(options.connections_max),
          body_memory(options.body_bytes_max) {}
    const ServerOptions options;
    Protocol& protocol;
    ThreadPool& pool;
    Budget connections;
    Budget body_memory;
    std::unique_ptr<TlsContext> tls;  // set before the threads start; nothing: plain
    // stop() waits here; signalled whenever a thread has no connection any more.
    Mutex mutex;
    std::condition_variable emptied;
};

class IoThread {
public:
    explicit IoThread(ServerShared& shared);
    ~IoThread();

    // The acceptor is open and listening.
    Acceptor& acceptor() { return *acceptor_; }
    void start();
    // Asks the thread to stop accepting and to close idle connections, or with `force` all of them.
    void post_stop(bool force);
    void finish();  // stops the loop and joins the thread
    uint64_t open_connections() const { return open_.load(std::memory_order_acquire); }

    asio::io_context& io() { return io_; }
    Inbox& inbox() { return inbox_; }
    TimerWheel& wheel() { return wheel_; }
    DateCache& date() { return date_; }
    ServerShared& shared() { return shared_; }
    bool stopping() const { return stopping_; }

    void enlist(Session& session);
    void leave(Session& session);

    // Written by this thread only, read by any.
    struct Counters {
        std::atomic<uint64_t> accepted{0}, refused{0}, requests{0}, bad_requests{0}, timeouts{0},
            bad_handshakes{0}, bytes_in{0}, bytes_out{0};
        static void add(std::atomic<uint64_t>& counter, uint64_t n) {
            counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
        }
    } counters;

private:
    Task<void> accept_loop();
    Task<void> tick_loop();
    ServerShared& shared_;
    std::unique_ptr<asio::io_context> io_owner_;  // reset before the members that coroutines use
    asio::io_context& io_;
    Inbox inbox_;
    TimerWheel wheel_;
    DateCache date_;
    std::optional<Acceptor> acceptor_;
    std::optional<Timer> timer_;
    Session* sessions_ = nullptr;  // doubly linked list
    std::atomic<uint64_t> open_{0};
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace millrace::net
