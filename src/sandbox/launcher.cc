// The launcher: the small static program that makes a function's sandbox and stays as its first
// process. It is carried inside the server's binary (launcher_image.h) and started with the number
// of a socket, where the plan comes from. As root it needs no user namespace, and becomes the
// function's own user; otherwise it makes one. Source: docs/adr/0006-sandbox.md,
// user_namespaces(7), pid_namespaces(7), pivot_root(2), mount_setattr(2).
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sandbox/launch_plan.h"
#include "sandbox/seccomp_filter.h"

namespace millrace::sandbox {
namespace {

// Where the new root is put together; hides what is there only from this process.
constexpr const char* kBase = "/tmp";
constexpr uint64_t kSharedMemoryBytes = 64 << 20;
// A tmpfs counts no inodes against its size: one a 16 KB, as a disk would have.
constexpr uint64_t kBytesPerInode = 16 * 1024;
// Lambda's own quotas of an execution environment.
constexpr rlim_t kProcessesMax = 1024;
constexpr rlim_t kFilesMax = 1024;
constexpr int kNotFound = 127;
constexpr int kBusyTriesMax = 1000;

int g_channel = -1;

[[noreturn]] void fail(const std::string& what) {
    const std::string message = kErrorMessage + what + ": " + std::strerror(errno);
    (void)!::send(g_channel, message.data(), message.size(), MSG_NOSIGNAL);
    ::_exit(125);
}

void need(bool good, const std::string& what) {
    if (!good) fail(what);
}

void write_file(const std::string& path, std::string_view text, bool must = true) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (must) need(written, "cannot write " + path);
    ::close(fd);
}

// A copy of a mount, not attached anywhere yet; -1 when there is no such path.
int take(const std::string& source, uint64_t attributes) {
    const int tree =
        ::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) return -1;
    mount_attr attr{};
    attr.attr_set = attributes;
    need(::mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0,
         "cannot restrict " + source);
    return tree;
}

void make_folders(const std::string& path) {
    for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
        ::mkdir(path.substr(0, at).c_str(), 0755);
}

// Attaches at a path relative to the new root, whose folders and file are made.
void attach(int tree, const std::string& target) {
    struct stat kind{};
    need(::fstat(tree, &kind) == 0, "cannot look at what becomes " + target);
    make_folders(target);
    if (S_ISDIR(kind.st_mode)) {
        ::mkdir(target.c_str(), 0755);
    } else {
        ::close(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
    need(::move_mount(tree, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0,
         "cannot mount " + target);
    ::close(tree);
}

void mount_tmpfs(const std::string& target, unsigned long flags, const std::string& options) {
    ::mkdir(target.c_str(), 0755);
    need(::mount("tmpfs", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | flags, options.c_str()) ==
             0,
         "cannot mount a tmpfs on " + target);
}

std::string scratch_options(uint64_t bytes) {
    return "mode=1777,size=" + std::to_string(bytes) +
           ",nr_inodes=" + std::to_string(bytes / kBytesPerInode);
}

void close_for_writing(const char* target, uint64_t attributes) {
    mount_attr attr{};
    attr.attr_set = attributes;
    need(::mount_setattr(AT_FDCWD, target, 0, &attr, sizeof attr) == 0,
         std::string("cannot make read-only: ") + target);
}

void make_root(const LaunchPlan& plan) {
    constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "cannot own mounts");
    struct Part {
        int tree;
        std::string target;
    };
    std::vector<Part> parts;
    std::vector<std::pair<std::string, std::string>> links;
    const auto add = [&](const std::string& source, const std::string& target, bool must) {
        const int tree = take(source, kReadOnly);
        if (must) need(tree >= 0, "cannot open " + source);
        if (tree >= 0) parts.push_back({tree, target.substr(1)});
    };
    add("/usr", "/usr", true);
    for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
        char text[256] = {};
        if (::readlink(name, text, sizeof text - 1) > 0) {
            links.emplace_back(text, name + 1);
        } else {
            add(name, name, false);
        }
    }
    for (const char* name : {"/etc/ld.so.cache", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
                             "/etc/alternatives", "/etc/pki/tls/certs"}) {
        add(name, name, false);
    }
    for (const Bind& bind : plan.binds) add(bind.source, bind.target, true);
    for (const char* name : {"null", "zero", "full", "random", "urandom"}) {
        const std::string path = std::string("/dev/") + name;
        const int tree = take(path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        need(tree >= 0, "cannot open " + path);
        parts.push_back({tree, path.substr(1)});
    }

    mount_tmpfs(kBase, 0, "mode=0755,size=1m,nr_inodes=1k");
    need(::chdir(kBase) == 0, "cannot enter the new root");
    mount_tmpfs("dev", MS_NOEXEC, "mode=0755,size=64k,nr_inodes=64");
    for (Part& part : parts) attach(part.tree, part.target);
    for (const auto& [text, name] : links) (void)!::symlink(text.c_str(), name.c_str());
    for (const auto& [text, name] : {std::pair{"/proc/self/fd", "dev/fd"},
                                     {"/proc/self/fd/0", "dev/stdin"},
                                     {"/proc/self/fd/1", "dev/stdout"},
                                     {"/proc/self/fd/2", "dev/stderr"}}) {
        (void)!::symlink(text, name);
    }
    mount_tmpfs("dev/shm", MS_NOEXEC, scratch_options(kSharedMemoryBytes));
    mount_tmpfs("tmp", 0, scratch_options(plan.tmp_bytes));
    const std::string ids = std::to_string(plan.uid) + ":" + std::to_string(plan.gid);
    ::mkdir("etc", 0755);
    write_file("etc/passwd", "sbx_user:x:" + ids + "::/tmp:/usr/sbin/nologin\n");
    write_file("etc/group", "sbx_user:x:" + std::to_string(plan.gid) + ":\n");
    write_file("etc/hosts", "127.0.0.1 localhost\n");
    // While the host's own is still visible: in a user namespace that is the condition for it.
    ::mkdir("proc", 0755);
    need(
        ::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr) == 0,
        "cannot mount /proc");
    for (const char* name :
         {"proc/kcore", "proc/keys", "proc/kmsg", "proc/sysrq-trigger", "proc/timer_list"}) {
        struct stat there{};
        if (::stat(name, &there) != 0) continue;
        need(::mount("dev/null", name, nullptr, MS_BIND, nullptr) == 0,
             std::string("cannot hide ") + name);
    }
    need(::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 &&
             ::chdir("/") == 0,
         "cannot change to the new root");
    close_for_writing("/dev", MOUNT_ATTR_RDONLY);
    close_for_writing("/", kReadOnly);
}

void bring_loopback_up() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP;
    need(fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0, "cannot bring the loopback up");
    ::close(fd);
}

int listen_on(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
             ::listen(fd, 128) == 0,
         "cannot listen inside");
    return fd;
}

void limit(__rlimit_resource resource, rlim_t value) {
    // Lower where the server itself has less.
    rlimit now{};
    ::getrlimit(resource, &now);
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
    const rlimit wanted{value, value};
    need(::setrlimit(resource, &wanted) == 0, "cannot set a limit");
}

// One byte: a core that is piped to a program of the host is written whatever the limit, but for
// this one (core(5)). Where the server may have none at all, raising that takes rights.
void forbid_cores() {
    const rlimit one{1, 1};
    if (::setrlimit(RLIMIT_CORE, &one) != 0) limit(RLIMIT_CORE, 0);
}

// From here on nothing can be gained that the function may not have.
void drop_rights(const LaunchPlan& plan) {
    forbid_cores();
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
        need(::prctl(PR_CAPBSET_DROP, capability) == 0, "cannot drop a capability");
    if (!plan.user_namespace) {
        need(::setgroups(0, nullptr) == 0 && ::setresgid(plan.gid, plan.gid, plan.gid) == 0 &&
                 ::setresuid(plan.uid, plan.uid, plan.uid) == 0,
             "cannot become the function's user");
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    need(::syscall(SYS_capset, &header, none) == 0, "cannot give capabilities up");
    need(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "cannot set no_new_privs");
    need(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "cannot hide from /proc");
    // Even when frozen; the thread that started this stays as long as the sandbox.
    need(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "cannot end with the server");
    limit(RLIMIT_NOFILE, kFilesMax);
    limit(RLIMIT_NPROC, kProcessesMax);
    ::umask(022);
}

void send_sockets(const int (&sockets)[2]) {
    char letter = kSocketsMessage;
    iovec data{&letter, 1};
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
    need(::sendmsg(g_channel, &message, MSG_NOSIGNAL) == 1, "cannot pass the sockets");
    ::close(sockets[0]);
    ::close(sockets[1]);
}

std::vector<char*> pointers(std::vector<std::string>& list) {
    std::vector<char*> all;
    for (std::string& text : list) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

[[noreturn]] void become_function(LaunchPlan& plan) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::setsid();
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    std::vector<char*> arguments = pointers(plan.arguments);
    std::vector<char*> environment = pointers(plan.environment);
    need(::chdir("/var/task") == 0, "cannot enter the code");
    // A file just unpacked is busy while a process that the server starts still has it open for
    // writing: until that executes, some milliseconds.
    for (int tries = 0; tries < kBusyTriesMax; ++tries) {
        ::execve(arguments[0], arguments.data(), environment.data());
        if (errno != ETXTBSY) break;
        ::usleep(1000);
    }
    const std::string why = std::string(arguments[0]) + ": " + std::strerror(errno) + "\n";
    (void)!::write(2, why.data(), why.size());
    ::_exit(errno == ENOENT ? kNotFound : 126);
}

// The first process: reaps, and ends with the function or with the server; all others end with it.
[[noreturn]] void watch(pid_t function) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
        int status = 0;
        pid_t ended = 0;
        while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
            if (ended == function)
                ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        pollfd fds[2] = {{signals, POLLIN, 0}, {g_channel, POLLIN, 0}};
        ::poll(fds, 2, -1);
        if (fds[1].revents != 0) ::_exit(128 + SIGKILL);
        signalfd_siginfo drained{};
        while (::read(signals, &drained, sizeof drained) > 0) {
        }
    }
}

[[noreturn]] void first_process(LaunchPlan& plan) {
    ::setsid();
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    ::umask(0);
    make_root(plan);
    need(::sethostname("sandbox", 7) == 0, "cannot set the host name");
    bring_loopback_up();
    const int sockets[2] = {listen_on(kRuntimeApiPort), listen_on(kAwsPort)};
    drop_rights(plan);
    send_sockets(sockets);
    need(install_seccomp_filter(plan.memory_files), "cannot filter system calls");
    const pid_t function = ::fork();
    need(function >= 0, "cannot start a process");
    if (function == 0) become_function(plan);
    ::close(1);
    ::close(2);
    watch(function);
}

void enter_user_namespace(const LaunchPlan& plan) {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    need(::unshare(CLONE_NEWUSER) == 0,
         "cannot make a user namespace (is kernel.unprivileged_userns_clone or "
         "user.max_user_namespaces 0, or an AppArmor rule in the way?)");
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", std::to_string(plan.uid) + " " + std::to_string(uid) + " 1");
    write_file("/proc/self/gid_map", std::to_string(plan.gid) + " " + std::to_string(gid) + " 1");
}

int run(int argc, char** argv) {
    if (argc != 2) return 125;
    g_channel = std::atoi(argv[1]);
    std::string bytes(kPlanBytesMax, '\0');
    const ssize_t n = ::recv(g_channel, bytes.data(), bytes.size(), 0);
    if (n <= 0) return 125;  // the server is gone, or needs no more
    bytes.resize(static_cast<size_t>(n));
    LaunchPlan plan;
    errno = EINVAL;
    need(decode(bytes, plan), "the plan is damaged");
    if (plan.user_namespace) enter_user_namespace(plan);
    // A sibling: its parent is the server, which waits for it.
    constexpr long kFlags = CLONE_PARENT | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                            CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | SIGCHLD;
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone, kFlags, 0, 0, 0, 0));
    need(pid >= 0, "cannot make namespaces");
    if (pid == 0) first_process(plan);
    char message[1 + sizeof pid] = {kPidMessage};
    std::memcpy(message + 1, &pid, sizeof pid);
    return ::send(g_channel, message, sizeof message, MSG_NOSIGNAL) == sizeof message ? 0 : 125;
}

}  // namespace
}  // namespace millrace::sandbox

int main(int argc, char** argv) { return millrace::sandbox::run(argc, argv); }
