#include "net/session.h"

#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace millrace::net {

void ReadBuffer::reserve(size_t n) {
    if (room() >= n) return;
    if (capacity_ - size() >= n) {
        std::memmove(data_.get(), data_.get() + begin_, size());
    } else {
        const size_t capacity = std::max(size() + n, capacity_ * 2);
        auto grown = std::make_unique_for_overwrite<char[]>(capacity);
        if (size() > 0) std::memcpy(grown.get(), data_.get() + begin_, size());
        data_ = std::move(grown);
        capacity_ = capacity;
    }
    end_ -= begin_;
    begin_ = 0;
}

void ReadBuffer::swap(ReadBuffer& other) noexcept {
    data_.swap(other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
}

void ReadBuffer::shrink(size_t capacity_max) {
    if (size() > 0 || capacity_ <= capacity_max) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
}

Session::Session(IoThread& thread, Socket socket) : thread_(thread), socket_(std::move(socket)) {
    boost::system::error_code ec;
    const auto endpoint = socket_.remote_endpoint(ec);
    if (!ec) peer_ = endpoint.address().to_string();
    socket_.set_option(asio::ip::tcp::no_delay(true), ec);
    socket_.non_blocking(true, ec);
    if (const TlsContext* tls = thread_.shared().tls.get())
        tls_ = std::make_unique<Tls>(*tls, socket_.native_handle());
    thread_.enlist(*this);
}

Session::~Session() {
    close();
    thread_.shared().connections.give_back(1);
    thread_.leave(*this);
}

void Session::close() {
    if (closed_) return;
    if (tls_ != nullptr) tls_->shutdown();
    closed_ = true;
    boost::system::error_code ec;
    socket_.close(ec);
}

void Session::shutdown_write() {
    if (closed_) return;
    if (tls_ != nullptr) tls_->shutdown();
    boost::system::error_code ec;
    socket_.shutdown(Socket::shutdown_send, ec);
}

Session::Client Session::look_at_client() {
    if (closed_) return Client::kGone;
    if (tls_ != nullptr) {
        switch (tls_->peek()) {
            case Tls::Status::kOk:
                return Client::kSends;
            case Tls::Status::kWantRead:
            case Tls::Status::kWantWrite:
                return Client::kQuiet;
            case Tls::Status::kClosed:
            case Tls::Status::kFailed:
                return Client::kGone;
        }
    }
    char byte = 0;
    const ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0) return Client::kSends;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? Client::kQuiet : Client::kGone;
}

Task<bool> Session::wait_for(Tls::Status wanted) {
    const auto direction =
        wanted == Tls::Status::kWantWrite ? Socket::wait_write : Socket::wait_read;
    const auto [ec] = co_await socket_.async_wait(direction, kAwaitTuple);
    co_return !ec && !closed_;
}

Task<bool> Session::open() {
    if (tls_ == nullptr) co_return true;
    arm(thread_.shared().options.tls_handshake_timeout);
    for (;;) {
        const Tls::Status status = tls_->handshake();
        if (status == Tls::Status::kOk) break;
        if (status != Tls::Status::kWantRead && status != Tls::Status::kWantWrite) {
            IoThread::Counters::add(thread_.counters.bad_handshakes, 1);
            co_return false;
        }
        const bool ready = co_await wait_for(status);
        if (!ready) {
            IoThread::Counters::add(thread_.counters.bad_handshakes, 1);
            co_return false;
        }
    }
    disarm();
    co_return true;
}

Task<bool> Session::receive_tls() {
    for (;;) {
        size_t n = 0;
        const std::span<char> room(in_.tail(), in_.room());
        const Tls::Status status = tls_->read(room, n);
        if (status == Tls::Status::kOk) {
            in_.commit(n);
            IoThread::Counters::add(thread_.counters.bytes_in, n);
            // A client that sends without pause must not keep the thread from the others.
            const asio::use_awaitable_t<Executor> awaited;
            co_await asio::post(thread_.io(), awaited);
            co_return !closed_;
        }
        if (status != Tls::Status::kWantRead && status != Tls::Status::kWantWrite) co_return false;
        const bool ready = co_await wait_for(status);
        if (!ready) co_return false;
    }
}

Task<bool> Session::receive() {
    if (closed_) co_return false;
    if (tls_ != nullptr) {
        const bool received = co_await receive_tls();
        co_return received;
    }
    const asio::mutable_buffer room(in_.tail(), in_.room());
    const auto [ec, n] = co_await socket_.async_read_some(room, kAwaitTuple);
    if (ec || n == 0) co_return false;
    in_.commit(n);
    IoThread::Counters::add(thread_.counters.bytes_in, n);
    co_return true;
}

// Sends what the socket takes at once. `failed`: the connection is dead.
size_t Session::write_now(std::string_view first, std::string_view second, bool& failed) {
    if (closed_) {
        failed = true;
        return 0;
    }
    if (tls_ != nullptr) {
        size_t sent = 0;
        const Tls::Status status = tls_->write(first, second, sent);
        failed = status == Tls::Status::kClosed || status == Tls::Status::kFailed;
        IoThread::Counters::add(thread_.counters.bytes_out, sent);
        return sent;
    }
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = second.empty() ? 1 : 2;
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        failed = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
        return 0;
    }
    IoThread::Counters::add(thread_.counters.bytes_out, static_cast<uint64_t>(n));
    return static_cast<size_t>(n);
}

Task<bool> Session::write_all(std::string_view first, std::string_view second) {
    for (;;) {
        bool failed = false;
        size_t sent = write_now(first, second, failed);
        if (failed) co_return false;
        const size_t from_first = std::min(sent, first.size());
        first.remove_prefix(from_first);
        second.remove_prefix(sent - from_first);
        if (first.empty()) std::swap(first, second);
        if (first.empty()) {
            disarm();
            co_return true;
        }
        arm(thread_.shared().options.write_timeout);
        const auto [ec] = co_await socket_.async_wait(Socket::wait_write, kAwaitTuple);
        if (ec || closed_) co_return false;
    }
}

}  // namespace millrace::net
