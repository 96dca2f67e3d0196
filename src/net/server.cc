#include "net/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "core/log.h"
#include "net/connection.h"
#include "net/io_thread.h"

namespace millrace::net {
namespace {

constexpr int kBacklog = 1024;

Error listen_error(const ServerOptions& options, const std::string& reason) {
    Error error;
    error.code = "ListenFailed";
    error.message =
        fmt::format("cannot listen on {}:{}: {}", options.address, options.port, reason);
    return error;
}

}  // namespace

IoThread::IoThread(ServerShared& shared)
    : shared_(shared),
      io_owner_(std::make_unique<asio::io_context>(1)),
      io_(*io_owner_),
      inbox_(io_) {
    acceptor_.emplace(io_);
    timer_.emplace(io_);
}

IoThread::~IoThread() {
    finish();
    // Coroutines that the grace period cut off: first those that wait for events, then those that
    // wait for the socket; their frames use the wheel and the list, which are still here.
    inbox_.abandon();
    acceptor_.reset();
    timer_.reset();
    io_owner_.reset();
}

void IoThread::start() {
    asio::co_spawn(io_, accept_loop(), asio::detached);
    asio::co_spawn(io_, tick_loop(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
}

Task<void> IoThread::accept_loop() {
    for (;;) {
        auto [ec, socket] = co_await acceptor_->async_accept(kAwaitTuple);
        if (stopping_) co_return;
        if (ec) {
            // Out of file descriptors or memory: wait for connections to end.
            log::warn("accepting a connection failed: {}", ec.message());
            Timer pause(io_);
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(kAwaitTuple);
            if (stopping_) co_return;
            continue;
        }
        if (!shared_.connections.take(1)) {
            Counters::add(counters.refused, 1);
            const std::string_view refusal = shared_.protocol.refusal();
            if (shared_.tls != nullptr) continue;
            ::send(socket.native_handle(), refusal.data(), refusal.size(),
                   MSG_NOSIGNAL | MSG_DONTWAIT);
            continue;
        }
        Counters::add(counters.accepted, 1);
        asio::co_spawn(io_, shared_.protocol.serve(this, std::move(socket)), asio::detached);
    }
}

Task<void> IoThread::tick_loop() {
    auto next = std::chrono::steady_clock::now();
    for (;;) {
        next += TimerWheel::kTick;
        timer_->expires_at(next);
        const auto [ec] = co_await timer_->async_wait(kAwaitTuple);
        if (ec) co_return;
        wheel_.tick();
    }
}

void IoThread::post_stop(bool force) {
    asio::post(io_, [this, force] {
        stopping_ = true;
        boost::system::error_code ec;
        acceptor_->close(ec);
        for (Session* session = sessions_; session != nullptr;) {
            Session* next = session->next_;
            session->stop(force);
            session = next;
        }
    });
}

void IoThread::finish() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    // The loop may have been stopped before it came to the posted stop.
    boost::system::error_code ec;
    if (acceptor_) acceptor_->close(ec);
}

void IoThread::enlist(Session& session) {
    session.next_ = sessions_;
    if (sessions_ != nullptr) sessions_->previous_ = &session;
    sessions_ = &session;
    open_.fetch_add(1, std::memory_order_release);
}

void IoThread::leave(Session& session) {
    if (session.previous_ != nullptr) session.previous_->next_ = session.next_;
    if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
    if (sessions_ == &session) sessions_ = session.next_;
    if (open_.fetch_sub(1, std::memory_order_release) > 1 || !stopping_) return;
    const MutexLock lock(shared_.mutex);  // so that stop() is not between looking and waiting
    shared_.emptied.notify_all();
}

Server::Server(ServerOptions options, Handler& handler, ThreadPool& pool)
    : http_(std::make_unique<HttpProtocol>(handler)),
      shared_(std::make_unique<ServerShared>(std::move(options), *http_, pool)) {}

Server::Server(ServerOptions options, Protocol& protocol, ThreadPool& pool)
    : shared_(std::make_unique<ServerShared>(std::move(options), protocol, pool)) {}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

Result<void> Server::start() {
    const ServerOptions& options = shared_->options;
    if (options.tls) {
        MR_TRY(shared_->tls, TlsContext::open(*options.tls));
    }
    boost::system::error_code ec;
    const std::string host = options.address == "localhost" ? "127.0.0.1" : options.address;
    const auto address = asio::ip::make_address(host, ec);
    if (ec) return listen_error(options, "the address must be an IPv4 or IPv6 address");
    asio::ip::tcp::endpoint endpoint(address, options.port);
    if (options.port != 0) {
        // Our own sockets share the port among each other; another process's must not go unnoticed.
        asio::io_context io;
        asio::ip::tcp::acceptor probe(io);
        probe.open(endpoint.protocol(), ec);
        if (!ec) probe.set_option(asio::ip::tcp::acceptor::reuse_address(true), ec);
        if (!ec) probe.bind(endpoint, ec);
        if (!ec) probe.listen(1, ec);
        if (ec) return listen_error(options, ec.message());
    }
    size_t count = options.threads;
    if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
    for (size_t i = 0; i < count; ++i) {
        auto thread = std::make_unique<IoThread>(*shared_);
        Acceptor& acceptor = thread->acceptor();
        acceptor.open(endpoint.protocol(), ec);
        if (ec) return listen_error(options, ec.message());
        acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), ec);
        const int on = 1;
        if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
            return listen_error(options, std::strerror(errno));
        }
        acceptor.bind(endpoint, ec);
        if (!ec) acceptor.listen(kBacklog, ec);
        if (ec) return listen_error(options, ec.message());
        endpoint.port(acceptor.local_endpoint().port());
        threads_.push_back(std::move(thread));
    }
    port_ = endpoint.port();
    for (auto& thread : threads_) thread->start();
    started_ = true;
    return {};
}

uint16_t Server::port() const { return port_; }

Result<void> Server::reload_certificate() {
    return shared_->tls == nullptr ? Result<void>() : shared_->tls->reload();
}

void Server::stop(std::chrono::milliseconds grace) {
    if (!started_) return;
    started_ = false;
    const auto wait_for_end = [this](std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        MutexLock lock(shared_->mutex);
        for (;;) {
            uint64_t open = 0;
            for (const auto& thread : threads_) open += thread->open_connections();
            const auto left = end - std::chrono::steady_clock::now();
            if (open == 0 || left.count() <= 0) return;
            lock.wait_for(shared_->emptied, left);
        }
    };
    for (auto& thread : threads_) thread->post_stop(false);
    wait_for_end(grace);
    for (auto& thread : threads_) thread->post_stop(true);
    wait_for_end(std::chrono::milliseconds(500));
    for (auto& thread : threads_) thread->finish();
}

ServerCounters Server::counters() const {
    ServerCounters sum;
    for (const auto& thread : threads_) {
        const IoThread::Counters& c = thread->counters;
        sum.accepted += c.accepted.load(std::memory_order_relaxed);
        sum.refused += c.refused.load(std::memory_order_relaxed);
        sum.requests += c.requests.load(std::memory_order_relaxed);
        sum.bad_requests += c.bad_requests.load(std::memory_order_relaxed);
        sum.timeouts += c.timeouts.load(std::memory_order_relaxed);
        sum.bad_handshakes += c.bad_handshakes.load(std::memory_order_relaxed);
        sum.bytes_in += c.bytes_in.load(std::memory_order_relaxed);
        sum.bytes_out += c.bytes_out.load(std::memory_order_relaxed);
        sum.open += thread->open_connections();
    }
    return sum;
}

}  // namespace millrace::net
