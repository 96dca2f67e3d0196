// Between sockets of the test: a "function" on one side, a "server" on the other.
#include "sandbox/relay.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <string>
#include <vector>

#include "sandbox/launch.h"

namespace millrace::sandbox {
namespace {

constexpr int kSoonMs = 10'000;

sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_anywhere() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(0);
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd, 256), 0);
    return fd;
}

uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
}

Fd connect_to(uint16_t port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
}

bool becomes(const Fd& fd, short events, int timeout_ms = kSoonMs) {
    pollfd one{fd.get(), events, 0};
    return ::poll(&one, 1, timeout_ms) == 1;
}

void reset(Fd& fd) {
    const linger now{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd.reset();
}

class RelayTest : public testing::Test {
protected:
    RelayTest() : server_(listen_anywhere()), relay_(port_of(server_.get())) {
        port_ = port_of(listener_);
        relay_.add(listener_);
    }
    Fd accept() {
        if (!becomes(server_, POLLIN)) return {};
        return Fd(::accept4(server_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    static void send(const Fd& fd, const std::string& text) {
        EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    static std::string receive(const Fd& fd) {
        char buffer[64];
        const ssize_t n =
            becomes(fd, POLLIN) ? ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT) : -1;
        return n < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(n));
    }
    Fd server_;
    int listener_ = listen_anywhere();
    uint16_t port_ = 0;
    Relay relay_;
};

TEST_F(RelayTest, CarriesBothDirectionsAndTheirEnds) {
    const Fd client = connect_to(port_);
    const Fd there = accept();
    send(client, "question");
    EXPECT_EQ(receive(there), "question");
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(receive(there), "");
    send(there, "answer");
    EXPECT_EQ(receive(client), "answer");
    ::shutdown(there.get(), SHUT_WR);
    EXPECT_EQ(receive(client), "");
}

// One after the other is let in as others end, and a second function is not held up.
TEST_F(RelayTest, AFunctionHasOnlySoManyConnections) {
    constexpr size_t kMore = 5;
    std::vector<Fd> clients;
    for (size_t n = 0; n < Relay::kConnectionsOfListenerMax + kMore; ++n)
        clients.push_back(connect_to(port_));
    std::vector<Fd> there;
    for (size_t n = 0; n < Relay::kConnectionsOfListenerMax; ++n) {
        there.push_back(accept());
        ASSERT_TRUE(there.back());
    }
    const int other = listen_anywhere();
    const uint16_t other_port = port_of(other);
    relay_.add(other);
    const Fd neighbour = connect_to(other_port);
    send(neighbour, "neighbour");
    // The next that comes through is the neighbour's, none of those that wait.
    EXPECT_EQ(receive(accept()), "neighbour");
    EXPECT_FALSE(becomes(server_, POLLIN, 0));
    for (size_t n = 0; n < kMore; ++n) {
        clients[n].reset();
        there[n].reset();
        EXPECT_TRUE(accept());
    }
}

// Half closed first, so that nothing is to be read from them when they go.
TEST_F(RelayTest, EndsWhenTheClientIsGone) {
    std::vector<Fd> there;
    for (size_t n = 0; n < Relay::kConnectionsOfListenerMax; ++n) {
        Fd client = connect_to(port_);
        there.push_back(accept());
        ::shutdown(client.get(), SHUT_WR);
        ASSERT_EQ(receive(there.back()), "");
        reset(client);
    }
    const Fd next = connect_to(port_);
    EXPECT_TRUE(accept());
}

// A reset server whose answer the function does not read: nothing spins while it waits for that.
TEST_F(RelayTest, WaitsForASlowReaderOfAResetServer) {
    const Fd client = connect_to(port_);
    Fd there = accept();
    const std::string block(64 * 1024, 'x');
    while (becomes(there, POLLOUT, 100))
        ::send(there.get(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    reset(there);
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    EXPECT_FALSE(becomes(client, 0, 300));
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const auto used_ms =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
    EXPECT_LT(used_ms, 100);
    std::string all(1 << 20, '\0');
    while (becomes(client, POLLIN) && ::recv(client.get(), all.data(), all.size(), 0) > 0) {
    }
    EXPECT_TRUE(becomes(client, 0, 0) || becomes(client, POLLRDHUP, 0));
}

}  // namespace
}  // namespace millrace::sandbox
