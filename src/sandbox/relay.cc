#include "sandbox/relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace millrace::sandbox {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

int connect_to(uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return -1;
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

}  // namespace

Relay::Relay(uint16_t target_port) : target_port_(target_port) {
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
    for (const int fd : listeners_) ::close(fd);
    for (const Connection& connection : connections_) {
        ::close(connection.up.from);
        ::close(connection.up.to);
    }
    ::close(wake_[0]);
    ::close(wake_[1]);
}

void Relay::accept_from(int listener) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    const int one = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int server = connections_.size() < kConnectionsMax ? connect_to(target_port_) : -1;
    if (server < 0) {
        ::close(client);
        return;
    }
    Connection& connection = connections_.emplace_back();
    connection.up.from = connection.down.to = client;
    connection.up.to = connection.down.from = server;
}

bool Relay::pump(Pipe& pipe, short from_events) {
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

void Relay::run() {
    std::vector<pollfd> fds;
    while (!stop_) {
        {
            const MutexLock lock(mutex_);
            listeners_.insert(listeners_.end(), added_.begin(), added_.end());
            added_.clear();
            for (const int listener : removed_) {
                if (std::erase(listeners_, listener) > 0) ::close(listener);
            }
            removed_.clear();
        }
        fds.clear();
        fds.push_back({wake_[0], POLLIN, 0});
        for (const int listener : listeners_) fds.push_back({listener, POLLIN, 0});
        for (const Connection& connection : connections_) {
            const auto events = [](const Pipe& reads, const Pipe& writes) {
                return static_cast<short>((reads.buffer.empty() && !reads.ended ? POLLIN : 0) |
                                          (writes.buffer.empty() ? 0 : POLLOUT));
            };
            fds.push_back({connection.up.from, events(connection.up, connection.down), 0});
            fds.push_back({connection.down.from, events(connection.down, connection.up), 0});
        }
        ::poll(fds.data(), fds.size(), 1000);
        char drained[256];
        while (::read(wake_[0], drained, sizeof drained) > 0) {
        }
        size_t i = 1 + listeners_.size();
        for (auto it = connections_.begin(); it != connections_.end(); i += 2) {
            const bool alive = pump(it->up, fds[i].revents) && pump(it->down, fds[i + 1].revents) &&
                               !(it->up.ended && it->down.ended);
            if (!alive) {
                ::close(it->up.from);
                ::close(it->up.to);
                it = connections_.erase(it);
            } else {
                ++it;
            }
        }
        std::vector<int> kept;
        const std::vector<int> listeners = listeners_;
        for (size_t n = 0; n < listeners.size(); ++n) {
            const short events = fds[1 + n].revents;
            if ((events & (POLLERR | POLLNVAL)) != 0) {
                ::close(listeners[n]);
                continue;
            }
            kept.push_back(listeners[n]);
            if ((events & POLLIN) != 0) accept_from(listeners[n]);
        }
        listeners_ = kept;
    }
}

}  // namespace millrace::sandbox
