#include "sandbox/init.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace millrace::sandbox {
namespace {

int listen_on(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 128) != 0)
        return -1;
    return fd;
}

}  // namespace

int run_init(int argc, char** argv) {
    if (argc < 2) return 125;
    const int channel = std::atoi(argv[0]);
    int sockets[2] = {listen_on(kRuntimeApiPort), listen_on(kAwsPort)};
    if (sockets[0] < 0 || sockets[1] < 0) {
        std::perror("sandbox-init: listen");
        return 125;
    }
    char byte = 1;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof sockets)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof sockets);
    std::memcpy(CMSG_DATA(header), sockets, sizeof sockets);
    if (::sendmsg(channel, &message, 0) != 1) {
        std::perror("sandbox-init: sendmsg");
        return 125;
    }
    ::close(channel);
    ::execv(argv[1], argv + 1);
    std::fprintf(stderr, "sandbox-init: %s: %s\n", argv[1], std::strerror(errno));
    return 127;
}

bool receive_sockets(int fd, int& runtime_api, int& aws, int timeout_ms) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, timeout_ms) != 1) return false;
    int sockets[2] = {-1, -1};
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof sockets)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1) return false;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof sockets))
        return false;
    std::memcpy(sockets, CMSG_DATA(header), sizeof sockets);
    runtime_api = sockets[0];
    aws = sockets[1];
    return true;
}

}  // namespace millrace::sandbox
