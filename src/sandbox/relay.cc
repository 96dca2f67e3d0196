#include "sandbox/relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace millrace::sandbox {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;
constexpr int kLookAgainMs = 1000;

int connect_to(uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        ::close(fd);
        return -1;
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

// A connection takes three files: two here, and one where the server accepts it.
size_t connections_for_files() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur / 8;
}

// What to wait for on the socket that one pipe reads and the other writes. One that only waits for
// the other side is not looked at: if it failed, that would be said again and again.
pollfd wanted(int fd, bool reads, bool waits_for_other, bool writes) {
    const auto events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    return {waits_for_other && !writes ? -1 : fd, events, 0};
}

}  // namespace

Relay::Relay(uint16_t target_port)
    : target_port_(target_port),
      connections_max_(std::min(kConnectionsMax, connections_for_files())) {
    if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) wake_[0] = wake_[1] = -1;
    thread_ = std::thread([this] { run(); });
}

void Relay::add(int listening_socket) {
    {
        const MutexLock lock(mutex_);
        added_.push_back(listening_socket);
    }
    (void)!::write(wake_[1], "x", 1);
}

void Relay::remove(int listening_socket) {
    {
        const MutexLock lock(mutex_);
        removed_.push_back(listening_socket);
    }
    (void)!::write(wake_[1], "x", 1);
}

void Relay::stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    (void)!::write(wake_[1], "x", 1);
    thread_.join();
    while (!connections_.empty()) close(connections_.begin());
    for (const auto& [listener, count] : listeners_) ::close(listener);
    ::close(wake_[0]);
    ::close(wake_[1]);
}

void Relay::accept_from(int listener) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) {
        no_more_files_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return;
    }
    const int one = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int server = connect_to(target_port_);
    if (server < 0) {
        ::close(client);
        return;
    }
    Connection& connection = connections_.emplace_back();
    connection.listener = listener;
    connection.up.from = connection.down.to = client;
    connection.up.to = connection.down.from = server;
    listeners_[listener] += 1;
}

Relay::Connections::iterator Relay::close(Connections::iterator connection) {
    ::close(connection->up.from);
    ::close(connection->up.to);
    listeners_[connection->listener] -= 1;
    no_more_files_ = false;
    return connections_.erase(connection);
}

bool Relay::pump(Pipe& pipe, short from_events) {
    // All was read before: it does not take answers any more either.
    if (pipe.ended && (from_events & (POLLHUP | POLLERR)) != 0) return false;
    if (pipe.buffer.empty() && !pipe.ended && (from_events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        pipe.buffer.resize(kBufferBytes);
        const ssize_t n = ::recv(pipe.from, pipe.buffer.data(), pipe.buffer.size(), 0);
        pipe.buffer.resize(n > 0 ? static_cast<size_t>(n) : 0);
        pipe.done = 0;
        if (n == 0) {
            pipe.ended = true;
            ::shutdown(pipe.to, SHUT_WR);
        } else if (n < 0 && errno != EAGAIN) {
            return false;
        }
    }
    if (!pipe.buffer.empty()) {
        const ssize_t n = ::send(pipe.to, pipe.buffer.data() + pipe.done,
                                 pipe.buffer.size() - pipe.done, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return false;
        if (n > 0) pipe.done += static_cast<size_t>(n);
        if (pipe.done == pipe.buffer.size()) pipe.buffer.clear();
    }
    return true;
}

void Relay::take_changes() {
    const MutexLock lock(mutex_);
    for (const int listener : added_) listeners_.emplace(listener, 0);
    added_.clear();
    for (const int listener : removed_) {
        for (auto it = connections_.begin(); it != connections_.end();)
            it = it->listener == listener ? close(it) : std::next(it);
        listeners_.erase(listener);
        ::close(listener);
    }
    removed_.clear();
}

void Relay::run() {
    std::vector<pollfd> fds;
    while (!stop_) {
        take_changes();
        fds.clear();
        fds.push_back({wake_[0], POLLIN, 0});
        for (const Connection& connection : connections_) {
            const auto add = [&](const Pipe& reads, const Pipe& writes) {
                const bool full = !reads.buffer.empty();
                fds.push_back(
                    wanted(reads.from, !full && !reads.ended, full, !writes.buffer.empty()));
            };
            add(connection.up, connection.down);
            add(connection.down, connection.up);
        }
        const size_t listeners_at = fds.size();
        const bool room = connections_.size() < connections_max_ && !no_more_files_;
        for (const auto& [listener, count] : listeners_) {
            if (room && count < kConnectionsOfListenerMax) fds.push_back({listener, POLLIN, 0});
        }
        if (::poll(fds.data(), fds.size(), kLookAgainMs) == 0) no_more_files_ = false;
        char drained[256];
        while (::read(wake_[0], drained, sizeof drained) > 0) {
        }
        size_t i = 1;
        for (auto it = connections_.begin(); it != connections_.end(); i += 2) {
            const bool alive = pump(it->up, fds[i].revents) && pump(it->down, fds[i + 1].revents) &&
                               !(it->up.ended && it->down.ended);
            it = alive ? std::next(it) : close(it);
        }
        for (i = listeners_at; i < fds.size(); ++i) {
            if (fds[i].revents != 0 && connections_.size() < connections_max_)
                accept_from(fds[i].fd);
        }
    }
}

}  // namespace millrace::sandbox
