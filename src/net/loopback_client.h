// LoopbackClient: a blocking HTTP client that sends bytes exactly as given, for tests of net and
// gateway. Thread-safety: confined to one thread. A server that does not answer makes reads end
// after 20 s.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

namespace millrace::net {

class LoopbackClient {
public:
    explicit LoopbackClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        const timeval limit{20, 0};  // a hung server fails the test instead of hanging it
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    ~LoopbackClient() { close(); }
    LoopbackClient(const LoopbackClient&) = delete;
    LoopbackClient& operator=(const LoopbackClient&) = delete;
    bool connected() const { return connected_; }
    int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    void send(const std::string& text) {
        size_t at = 0;
        while (at < text.size()) {
            const ssize_t n = ::send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
            if (n <= 0) return;
            at += static_cast<size_t>(n);
        }
    }
    // Reads until `text` has come; what came up to and including it.
    std::string read_until(const std::string& text) {
        size_t found = std::string::npos;
        while ((found = pending_.find(text)) == std::string::npos) {
            if (!more()) return "closed after: " + pending_;
        }
        const std::string taken = pending_.substr(0, found + text.size());
        pending_.erase(0, found + text.size());
        return taken;
    }
    std::string read(size_t n) {
        while (pending_.size() < n && more()) {
        }
        const std::string taken = pending_.substr(0, n);
        pending_.erase(0, n);
        return taken;
    }
    // One response: its head and its body (by Content-Length).
    std::string response(std::string* body = nullptr) {
        const std::string head = read_until("\r\n\r\n");
        const size_t at = head.find("Content-Length: ");
        const size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
        const std::string content = read(length);
        if (body != nullptr) *body = content;
        return head;
    }
    std::string read_all() {
        while (more()) {
        }
        return std::exchange(pending_, {});
    }

private:
    bool more() {
        char buffer[65536];
        const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
        if (n <= 0) return false;
        pending_.append(buffer, static_cast<size_t>(n));
        return true;
    }
    int fd_;
    bool connected_ = false;
    std::string pending_;
};

}  // namespace millrace::net
