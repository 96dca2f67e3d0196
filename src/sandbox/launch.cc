#include "sandbox/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sandbox/launcher_image.h"

namespace millrace::sandbox {
namespace {

constexpr int kStartTimeoutMs = 10'000;
// As root: users that no system gives to people, services or containers, one an environment, so
// that no two environments share a user's limits (docs/adr/0006).
constexpr uid_t kFirstUser = 1'879'048'192;
// In a user namespace: what functions see on AWS.
constexpr uid_t kUserInside = 993;
constexpr gid_t kGroupInside = 990;

Error failure(const std::string& what) {
    return Error{.code = "SandboxFailure",
                 .http_status = 500,
                 .message = "the function could not be isolated: " + what};
}

Fd memory_file(const char* name, std::string_view bytes) {
    Fd file(::memfd_create(name, MFD_CLOEXEC));
    if (!file ||
        ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        return {};
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

int launcher_program() {
    static const Fd program = memory_file("millrace-launcher", launcher_image());
    return program.get();
}

struct Message {
    char letter = 0;
    std::string content;
    int sockets[2] = {-1, -1};
};

bool receive(int channel, Message& message) {
    pollfd wait{channel, POLLIN, 0};
    if (::poll(&wait, 1, kStartTimeoutMs) != 1) return false;
    char buffer[1024];
    iovec data{buffer, sizeof buffer};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof message.sockets)] = {};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
    if (n < 1) return false;
    message.letter = buffer[0];
    message.content.assign(buffer + 1, static_cast<size_t>(n - 1));
    const cmsghdr* passed = CMSG_FIRSTHDR(&header);
    if (passed != nullptr && passed->cmsg_type == SCM_RIGHTS &&
        passed->cmsg_len == CMSG_LEN(sizeof message.sockets)) {
        std::memcpy(message.sockets, CMSG_DATA(passed), sizeof message.sockets);
    }
    return true;
}

// The child shares this process's memory until it executes: only system calls in it.
pid_t start_launcher(char* const* arguments, int output, int channel,
                     const std::vector<std::string>& groups) {
    const int program = launcher_program();
    char* no_environment[] = {nullptr};
    const pid_t pid = ::vfork();
    if (pid != 0) return pid;
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const std::string& group : groups) {
        const int file = ::open(group.c_str(), O_WRONLY | O_CLOEXEC);
        if (file < 0 || ::write(file, "0", 1) != 1) ::_exit(124);
        ::close(file);
    }
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::fcntl(channel, F_SETFD, 0);
    ::syscall(SYS_execveat, program, "", arguments, no_environment, AT_EMPTY_PATH);
    ::_exit(126);
}

}  // namespace

void Fd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

void choose_identity(size_t n, LaunchPlan& plan) {
    plan.user_namespace = ::geteuid() != 0;
    plan.uid = plan.user_namespace ? kUserInside : kFirstUser + static_cast<uid_t>(n);
    plan.gid = plan.user_namespace ? kGroupInside : kFirstUser + static_cast<gid_t>(n);
}

Result<Prepared> prepare(const std::vector<std::string>& groups) {
    Prepared prepared;
    int channel[2];
    int output[2];
    // Packets, so that a message is never torn.
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
        return failure("no socket pair");
    prepared.life.reset(channel[0]);
    const Fd other_end(channel[1]);
    if (::pipe2(output, O_CLOEXEC) != 0) return failure("no pipe");
    prepared.output.reset(output[0]);
    const Fd writing_end(output[1]);
    if (launcher_program() < 0) return failure("no memory file");
    std::string arguments[] = {"millrace-launcher", std::to_string(other_end.get())};
    char* pointers[] = {arguments[0].data(), arguments[1].data(), nullptr};
    prepared.launcher = start_launcher(pointers, writing_end.get(), other_end.get(), groups);
    if (prepared.launcher < 0) return failure("no process");
    ::fcntl(prepared.output.get(), F_SETFL, O_NONBLOCK);
    return prepared;
}

void abandon(Prepared prepared) {
    prepared.life.reset();
    ::waitpid(prepared.launcher, nullptr, 0);
}

Result<Launched> launch(Prepared prepared, const LaunchPlan& plan) {
    Launched launched;
    launched.output = std::move(prepared.output);
    launched.life = std::move(prepared.life);
    const pid_t launcher = prepared.launcher;
    const std::string bytes = encode(plan);
    std::string why;
    if (::send(launched.life.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        why = "the launcher takes no plan";
    }
    Message message;
    while (why.empty() && (launched.pid < 0 || !launched.runtime_api)) {
        if (!receive(launched.life.get(), message)) {
            why = "the launcher ended or did not answer";
        } else if (message.letter == kErrorMessage) {
            why = message.content;
        } else if (message.letter == kPidMessage && message.content.size() == sizeof(pid_t)) {
            std::memcpy(&launched.pid, message.content.data(), sizeof(pid_t));
            launched.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, launched.pid, 0)));
        } else if (message.letter == kSocketsMessage) {
            launched.runtime_api.reset(message.sockets[0]);
            launched.aws.reset(message.sockets[1]);
        }
    }
    int status = 0;
    if (!why.empty()) ::kill(launcher, SIGKILL);
    ::waitpid(launcher, &status, 0);
    if (why.empty()) return launched;
    // What went wrong may have been said before the process was named.
    while (launched.pid < 0 && receive(launched.life.get(), message)) {
        if (message.letter == kPidMessage && message.content.size() == sizeof(pid_t))
            std::memcpy(&launched.pid, message.content.data(), sizeof(pid_t));
    }
    if (launched.pid > 0) {
        ::kill(launched.pid, SIGKILL);
        ::waitpid(launched.pid, &status, 0);
    }
    return failure(why);
}

Result<void> check_isolation(const std::vector<std::string>& groups) {
    LaunchPlan plan;
    choose_identity(0, plan);
    plan.tmp_bytes = 1 << 20;
    plan.binds = {{"/usr", "/var/task"}};
    plan.arguments = {"/bin/true"};
    MR_TRY(Prepared prepared, prepare(groups));
    MR_TRY(Launched launched, launch(std::move(prepared), plan));
    int status = 0;
    ::waitpid(launched.pid, &status, 0);
    return {};
}

}  // namespace millrace::sandbox
