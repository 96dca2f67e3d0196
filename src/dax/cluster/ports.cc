#include "dax/cluster/ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace millrace::dax {
namespace {

// No message of the protocol begins so.
constexpr char kNonsense = '\xff';

class Probe {
public:
    Probe(const sockaddr_in& address)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) {
            finish(Pulse::kAlive);  // says nothing about who is asked
        } else if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                       0 &&
                   errno != EINPROGRESS) {
            finish(Pulse::kDead);
        }
    }
    ~Probe() { finish(pulse_); }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    Pulse pulse() const { return pulse_; }
    pollfd wanted() const { return {fd_, static_cast<short>(sent_ ? POLLIN : POLLOUT), 0}; }
    bool done() const { return fd_ < 0; }
    void go_on() {
        if (!sent_) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) return finish(Pulse::kDead);
            sent_ = true;
            ::send(fd_, &kNonsense, 1, MSG_NOSIGNAL);
            return;
        }
        char byte = 0;
        const ssize_t n = ::recv(fd_, &byte, 1, 0);
        // An alert of TLS is as good, and a reset: it was closed before the byte was read.
        if (n >= 0 || errno != EAGAIN) finish(Pulse::kAlive);
    }

private:
    void finish(Pulse pulse) {
        pulse_ = pulse;
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int fd_;
    bool sent_ = false;
    Pulse pulse_ = Pulse::kSilent;
};

}  // namespace

Result<std::unique_ptr<net::Server>> Ports::listen(net::ServerOptions options,
                                                   net::Protocol& protocol, net::ThreadPool& pool) {
    const MutexLock lock(mutex_);
    const bool any = options.port == 0;
    for (uint32_t port = any ? range_.first : options.port;; ++port) {
        if (any && port > range_.last) {
            Error error;
            error.code = "ListenFailed";
            error.message = fmt::format("no port of {} to {} is free", range_.first, range_.last);
            return error;
        }
        options.port = static_cast<uint16_t>(port);
        if (any && taken_.contains(options.port)) continue;
        auto server = std::make_unique<net::Server>(options, protocol, pool);
        const Result<void> started = server->start();
        if (started || !any) taken_.insert(options.port);
        if (started) return server;
        if (!any) return started.error();
    }
}

void Ports::release(uint16_t port) {
    const MutexLock lock(mutex_);
    taken_.erase(port);
}

std::string reachable_address(const std::string& listen) {
    return listen == "0.0.0.0" || listen == "localhost" ? "127.0.0.1" : listen;
}

std::vector<Pulse> feel_pulses(const std::string& address, const std::vector<uint16_t>& ports,
                               std::chrono::milliseconds patience) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    ::inet_pton(AF_INET, reachable_address(address).c_str(), &where.sin_addr);
    std::vector<std::unique_ptr<Probe>> probes;
    for (const uint16_t port : ports) {
        where.sin_port = htons(port);
        probes.push_back(std::make_unique<Probe>(where));
    }
    // In steps, so that no clock is needed to know how long it took.
    constexpr std::chrono::milliseconds kStep{20};
    for (std::chrono::milliseconds waited{0}; waited < patience;) {
        std::vector<pollfd> wanted;
        std::vector<Probe*> asked;
        for (const auto& probe : probes) {
            if (probe->done()) continue;
            wanted.push_back(probe->wanted());
            asked.push_back(probe.get());
        }
        if (wanted.empty()) break;
        if (::poll(wanted.data(), wanted.size(), static_cast<int>(kStep.count())) == 0)
            waited += kStep;
        for (size_t i = 0; i < asked.size(); ++i) {
            if (wanted[i].revents != 0) asked[i]->go_on();
        }
    }
    std::vector<Pulse> pulses;
    for (const auto& probe : probes) pulses.push_back(probe->pulse());
    return pulses;
}

}  // namespace millrace::dax
