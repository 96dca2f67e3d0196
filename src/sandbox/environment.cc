#include "sandbox/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "codec/json_writer.h"
#include "core/http.h"
#include "sandbox/init.h"

namespace millrace::sandbox {
namespace {

constexpr size_t kTailBytes = 4096;
constexpr size_t kLineBytesMax = 256 * 1024;
// Larger than what is allowed, so that the runtime is told so; beyond, it is ended.
constexpr size_t kRequestBytesMax = size_t{32} << 20;
constexpr int kStartTimeoutMs = 10'000;
constexpr int kMemoryCheckMs = 100;
constexpr int64_t kSharedMemoryBytes = 64 << 20;
constexpr int kSendTimeoutSeconds = 5;

std::string status_text(int status) {
    return status == 200 ? "OK" : status == 202 ? "Accepted" : "Error";
}

// The processes below `pid`, itself included, through /proc.
void collect_processes(pid_t pid, std::vector<pid_t>& all) {
    all.push_back(pid);
    const std::string path = fmt::format("/proc/{0}/task/{0}/children", pid);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    char text[4096];
    const ssize_t n = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    if (n <= 0) return;
    text[n] = '\0';
    for (char* at = text; *at != '\0';) {
        const long child = std::strtol(at, &at, 10);
        if (child > 0) collect_processes(static_cast<pid_t>(child), all);
        while (*at == ' ') ++at;
    }
}

}  // namespace

Environment::Environment(EnvironmentSetup setup) : setup_(std::move(setup)) {}

Environment::~Environment() {
    kill();
    flush_log();
    for (const int fd : {runtime_socket_, connection_, output_}) {
        if (fd >= 0) ::close(fd);
    }
}

Result<void> Environment::start() {
    const contracts::FunctionSpec& spec = *setup_.spec;
    int channel[2];
    int output[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) {
        return Error{.code = "SandboxFailure", .http_status = 500, .message = "socketpair failed"};
    }
    if (::pipe2(output, O_CLOEXEC) != 0) {
        ::close(channel[0]);
        ::close(channel[1]);
        return Error{.code = "SandboxFailure", .http_status = 500, .message = "pipe failed"};
    }
    std::vector<std::string> args = {"bwrap",
                                     "--unshare-user",
                                     "--unshare-ipc",
                                     "--unshare-pid",
                                     "--unshare-net",
                                     "--unshare-uts",
                                     "--unshare-cgroup-try",
                                     "--disable-userns",
                                     "--die-with-parent",
                                     "--new-session",
                                     "--cap-drop",
                                     "ALL",
                                     "--uid",
                                     "993",
                                     "--gid",
                                     "990",
                                     "--hostname",
                                     "sandbox",
                                     "--ro-bind",
                                     "/usr",
                                     "/usr",
                                     "--symlink",
                                     "usr/lib",
                                     "/lib",
                                     "--symlink",
                                     "usr/lib64",
                                     "/lib64",
                                     "--symlink",
                                     "usr/bin",
                                     "/bin",
                                     "--symlink",
                                     "usr/sbin",
                                     "/sbin",
                                     "--dir",
                                     "/etc",
                                     "--ro-bind-try",
                                     "/etc/ld.so.cache",
                                     "/etc/ld.so.cache",
                                     "--ro-bind-try",
                                     "/etc/ssl/certs",
                                     "/etc/ssl/certs",
                                     "--ro-bind-try",
                                     "/etc/ssl/openssl.cnf",
                                     "/etc/ssl/openssl.cnf",
                                     "--ro-bind-try",
                                     "/etc/alternatives",
                                     "/etc/alternatives",
                                     "--proc",
                                     "/proc",
                                     "--dev",
                                     "/dev",
                                     "--size",
                                     std::to_string(kSharedMemoryBytes),
                                     "--tmpfs",
                                     "/dev/shm",
                                     "--size",
                                     std::to_string(int64_t{spec.ephemeral_storage_mb} << 20),
                                     "--tmpfs",
                                     "/tmp",
                                     "--ro-bind",
                                     setup_.code_folder,
                                     "/var/task",
                                     "--ro-bind",
                                     setup_.self,
                                     "/opt/.millrace"};
    const bool python = spec.runtime.starts_with("python");
    if (python) args.insert(args.end(), {"--ro-bind", setup_.python_path, "/var/runtime"});
    args.insert(args.end(), {"--remount-ro", "/", "--chdir", "/var/task"});
    std::map<std::string, std::string> variables = spec.environment;
    variables["AWS_REGION"] = variables["AWS_DEFAULT_REGION"] = spec.region;
    variables["AWS_ACCESS_KEY_ID"] = setup_.credential.access_key_id;
    variables["AWS_SECRET_ACCESS_KEY"] = setup_.credential.secret_access_key;
    variables["AWS_SESSION_TOKEN"] = setup_.credential.session_token;
    variables["AWS_ENDPOINT_URL"] = fmt::format("http://127.0.0.1:{}", kAwsPort);
    variables["AWS_LAMBDA_RUNTIME_API"] = fmt::format("127.0.0.1:{}", kRuntimeApiPort);
    variables["AWS_LAMBDA_FUNCTION_NAME"] = spec.name;
    variables["AWS_LAMBDA_FUNCTION_VERSION"] = spec.version;
    variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(spec.memory_mb);
    variables["AWS_LAMBDA_LOG_GROUP_NAME"] = spec.log_group;
    variables["AWS_LAMBDA_LOG_STREAM_NAME"] = setup_.log_stream;
    variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
    variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + spec.runtime;
    variables["_HANDLER"] = spec.handler;
    variables["LAMBDA_TASK_ROOT"] = "/var/task";
    variables["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
    variables["HOME"] = "/tmp";
    variables["TZ"] = ":UTC";
    variables["LANG"] = "en_US.UTF-8";
    variables.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin");
    variables.try_emplace("LD_LIBRARY_PATH",
                          "/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib");
    if (python) {
        const auto own = variables.find("PYTHONPATH");
        variables["PYTHONPATH"] =
            "/var/task:/var/runtime" + (own == variables.end() ? "" : ":" + own->second);
        variables["PYTHONDONTWRITEBYTECODE"] = "1";
    }
    args.insert(args.end(), {"/opt/.millrace", "sandbox-init", std::to_string(channel[1])});
    if (python) {
        args.insert(args.end(), {"/usr/bin/python3", "-m", "awslambdaric", spec.handler});
    } else {
        args.emplace_back("/var/task/bootstrap");
    }
    // bwrap itself runs with an empty environment: LD_PRELOAD and its like are the function's to
    // set, but only inside. Its variables go through a file of arguments, since arguments show in
    // /proc.
    const int arguments = ::memfd_create("bwrap-args", MFD_CLOEXEC);
    std::string settings;
    for (const auto& [name, value] : variables) {
        for (const std::string_view part :
             {std::string_view("--setenv"), std::string_view(name), std::string_view(value)}) {
            settings += part;
            settings += '\0';
        }
    }
    if (arguments < 0 ||
        ::write(arguments, settings.data(), settings.size()) !=
            static_cast<ssize_t>(settings.size()) ||
        ::lseek(arguments, 0, SEEK_SET) != 0) {
        for (const int fd : {channel[0], channel[1], output[0], output[1], arguments}) ::close(fd);
        return Error{
            .code = "SandboxFailure", .http_status = 500, .message = "memfd_create failed"};
    }
    args.insert(args.begin() + 1, {"--args", std::to_string(arguments)});
    std::vector<char*> argv;
    for (std::string& argument : args) argv.push_back(argument.data());
    argv.push_back(nullptr);
    char* no_environment[] = {nullptr};

    started_ = setup_.clock->now();
    pid_ = ::vfork();
    if (pid_ == 0) {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::setpgid(0, 0);
        ::dup2(output[1], 1);
        ::dup2(output[1], 2);
        for (const int fd : {channel[1], arguments}) ::fcntl(fd, F_SETFD, 0);
        ::execve("/usr/bin/bwrap", argv.data(), no_environment);
        ::_exit(126);
    }
    ::close(output[1]);
    ::close(channel[1]);
    ::close(arguments);
    output_ = output[0];
    ::fcntl(output_, F_SETFL, O_NONBLOCK);
    alive_ = pid_ > 0;
    const bool received =
        alive_ && receive_sockets(channel[0], runtime_socket_, aws_socket_, kStartTimeoutMs);
    ::close(channel[0]);
    if (!received) {
        read_output();
        const std::string why = lines_.empty() ? partial_line_ : lines_.back().text;
        kill();
        return Error{.code = "SandboxFailure",
                     .http_status = 500,
                     .message = "the function could not be isolated: " +
                                (why.empty() ? "bwrap did not start" : why)};
    }
    log_line(
        fmt::format("INIT_START Runtime Version: {}.millrace\tRuntime Version ARN: "
                    "arn:aws:lambda:{}::runtime:millrace",
                    spec.runtime, spec.region));
    return {};
}

void Environment::log_line(std::string text) {
    if (tail_.size() > 4 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    tail_ += text + "\n";
    lines_.push_back({setup_.clock->now(), std::move(text)});
}

void Environment::flush_log() {
    if (lines_.empty()) return;
    const contracts::FunctionSpec& spec = *setup_.spec;
    setup_.logs->write(spec.account_id, spec.region, spec.log_group, setup_.log_stream,
                       std::move(lines_));
    lines_.clear();
}

void Environment::read_output() {
    char buffer[16384];
    for (;;) {
        const ssize_t n = ::read(output_, buffer, sizeof buffer);
        if (n <= 0) return;
        partial_line_.append(buffer, static_cast<size_t>(n));
        for (;;) {
            const size_t end = partial_line_.find('\n');
            if (end == std::string::npos && partial_line_.size() < kLineBytesMax) break;
            const size_t length = std::min(end, kLineBytesMax);
            std::string line = partial_line_.substr(0, length);
            partial_line_.erase(
                0, std::min(partial_line_.size(), end == std::string::npos ? length : length + 1));
            // The runtime interface client writes line ends inside one message as carriage returns.
            std::replace(line.begin(), line.end(), '\r', '\n');
            log_line(std::move(line));
        }
    }
}

int64_t Environment::memory_used_mb() const {
    std::vector<pid_t> processes;
    collect_processes(pid_, processes);
    int64_t pages = 0;
    for (const pid_t process : processes) {
        const int fd = ::open(fmt::format("/proc/{}/statm", process).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        char text[128] = {};
        const ssize_t n = ::read(fd, text, sizeof text - 1);
        ::close(fd);
        long total = 0;
        long resident = 0;
        long shared = 0;
        if (n > 0 && std::sscanf(text, "%ld %ld %ld", &total, &resident, &shared) == 3)
            pages += resident - shared;
    }
    return pages * ::sysconf(_SC_PAGESIZE) >> 20;
}

bool Environment::check_alive() {
    if (alive_ && !reaped_ && ::waitpid(pid_, &exit_status_, WNOHANG) == pid_) {
        reaped_ = true;
        alive_ = false;
    }
    return alive_;
}

void Environment::kill() {
    if (pid_ <= 0 || reaped_) return;
    // The namespace's first process takes all others with it.
    std::vector<pid_t> processes;
    collect_processes(pid_, processes);
    for (const pid_t process : processes) ::kill(process, SIGKILL);
    ::waitpid(pid_, &exit_status_, 0);
    reaped_ = true;
    alive_ = false;
}

bool Environment::take_message(HttpMessage& message) {
    const size_t head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    size_t length = 0;
    bool chunked = false;
    std::string error_type;
    size_t at = received_.find("\r\n");
    const std::string_view first(received_.data(), at);
    while (at < head_end) {
        const size_t start = at + 2;
        at = received_.find("\r\n", start);
        const std::string_view line(received_.data() + start, at - start);
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        const std::string_view name = line.substr(0, colon);
        if (equals_ignore_case(name, "content-length"))
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (equals_ignore_case(name, "transfer-encoding")) chunked = true;
        if (equals_ignore_case(name, "lambda-runtime-function-error-type")) error_type = value;
    }
    const size_t body_at = head_end + 4;
    std::string body;
    size_t consumed = 0;
    if (chunked) {
        size_t position = body_at;
        for (;;) {
            const size_t line_end = received_.find("\r\n", position);
            if (line_end == std::string::npos) return false;
            size_t size = 0;
            std::from_chars(received_.data() + position, received_.data() + line_end, size, 16);
            position = line_end + 2;
            if (received_.size() < position + size + 2) return false;
            if (size == 0) {
                consumed = position + 2;
                break;
            }
            body.append(received_, position, size);
            position += size + 2;
        }
    } else {
        if (received_.size() < body_at + length) return false;
        body.assign(received_, body_at, length);
        consumed = body_at + length;
    }
    const size_t space = first.find(' ');
    message.method = first.substr(0, space);
    message.path = first.substr(space + 1, first.rfind(' ') - space - 1);
    message.error_type = std::move(error_type);
    message.body = std::move(body);
    received_.erase(0, consumed);
    return true;
}

Environment::Wait Environment::wait_for_message(TimePoint deadline, HttpMessage& message) {
    for (;;) {
        if (take_message(message)) return Wait::kMessage;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - setup_.clock->now())
                .count();
        if (left <= 0) return Wait::kTimeout;
        pollfd fds[3] = {
            {output_, POLLIN, 0}, {runtime_socket_, POLLIN, 0}, {connection_, POLLIN, 0}};
        const nfds_t count = connection_ >= 0 ? 3 : 2;
        const int ready =
            ::poll(fds, count, static_cast<int>(std::min<int64_t>(left + 1, kMemoryCheckMs)));
        if (const TimePoint now = setup_.clock->now(); now >= next_memory_check_) {
            next_memory_check_ = now + std::chrono::milliseconds(kMemoryCheckMs);
            if (memory_used_mb() > setup_.spec->memory_mb) {
                kill();
                return Wait::kOutOfMemory;
            }
        }
        if (fds[0].revents != 0) read_output();
        if (count == 3 && fds[2].revents != 0) {
            char buffer[65536];
            const ssize_t n = ::recv(connection_, buffer, sizeof buffer, 0);
            if (n <= 0) {
                ::close(connection_);
                connection_ = -1;
                received_.clear();
            } else {
                received_.append(buffer, static_cast<size_t>(n));
                if (received_.size() > kRequestBytesMax) {
                    kill();
                    return Wait::kExited;
                }
            }
        }
        if ((fds[1].revents & POLLIN) != 0) {
            const int accepted = ::accept4(runtime_socket_, nullptr, nullptr, SOCK_CLOEXEC);
            if (accepted >= 0) {
                const int one = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                // A runtime that does not read what it asked for must not hold the timeout up.
                timeval limit{kSendTimeoutSeconds, 0};
                ::setsockopt(accepted, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
                if (connection_ >= 0) ::close(connection_);
                connection_ = accepted;
                received_.clear();
            }
        }
        if ((fds[0].revents & POLLHUP) != 0 || ready == 0) {
            if (::waitpid(pid_, &exit_status_, WNOHANG) == pid_) {
                reaped_ = true;
                alive_ = false;
                read_output();
                return Wait::kExited;
            }
        }
    }
}

void Environment::answer(int status,
                         const std::vector<std::pair<std::string, std::string>>& headers,
                         const std::string& body) {
    std::string out =
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
                    status, status_text(status), body.size());
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    out += "\r\n" + body;
    size_t done = 0;
    while (done < out.size()) {
        const ssize_t n = ::send(connection_, out.data() + done, out.size() - done, MSG_NOSIGNAL);
        if (n <= 0) return;
        done += static_cast<size_t>(n);
    }
}

std::string Environment::exit_text(const std::string& request_id) {
    // bwrap reports its child's end as its own status: 128 and more for signals.
    const int code =
        WIFEXITED(exit_status_) ? WEXITSTATUS(exit_status_) : 128 + WTERMSIG(exit_status_);
    if (code == 0)
        return fmt::format("RequestId: {} Error: Runtime exited without providing a reason",
                           request_id);
    if (code == 128 + SIGKILL)
        return fmt::format("RequestId: {} Error: Runtime exited with error: signal: killed",
                           request_id);
    return fmt::format("RequestId: {} Error: Runtime exited with error: exit status {}", request_id,
                       code);
}

contracts::InvocationResult Environment::run(const contracts::Invocation& invocation) {
    const contracts::FunctionSpec& spec = *setup_.spec;
    const Clock& clock = *setup_.clock;
    contracts::InvocationResult result;
    result.log_stream = setup_.log_stream;
    HttpMessage message;
    std::string init_report;
    const auto fail = [&](std::string type, const std::string& text) {
        result.kind = contracts::InvocationResult::Kind::kFunctionError;
        result.payload = "{\"errorType\":" + codec::json_string(type) +
                         ",\"errorMessage\":" + codec::json_string(text) + "}";
    };
    TimePoint begin = clock.now();
    const TimePoint init_deadline =
        begin + std::chrono::seconds(std::max(kInitSeconds, spec.timeout_seconds));
    bool init_failed = false;
    while (!next_is_waiting_ && !init_failed) {
        const Wait waited = wait_for_message(init_deadline, message);
        if (waited == Wait::kMessage && message.method == "GET" &&
            message.path.ends_with("/runtime/invocation/next")) {
            next_is_waiting_ = true;
        } else if (waited == Wait::kMessage && message.path.ends_with("/runtime/init/error")) {
            answer(202, {}, "{\"status\":\"OK\"}");
            result.kind = contracts::InvocationResult::Kind::kFunctionError;
            result.payload = message.body;
            init_failed = true;
        } else if (waited == Wait::kMessage) {
            answer(202, {}, "{\"status\":\"OK\"}");
        } else {
            if (waited == Wait::kTimeout) {
                fail("Sandbox.Timedout",
                     fmt::format("RequestId: {} Error: Task timed out after {:.2f} seconds",
                                 invocation.request_id, static_cast<double>(spec.timeout_seconds)));
            } else {
                fail("Runtime.ExitError", exit_text(invocation.request_id));
            }
            init_failed = true;
        }
    }
    if (first_) {
        const double init_ms = static_cast<double>((clock.now() - started_).count()) / 1000;
        init_report = fmt::format("\tInit Duration: {:.2f} ms", init_ms);
        first_ = false;
    }
    log_line(fmt::format("START RequestId: {} Version: {}", invocation.request_id, spec.version));
    begin = clock.now();
    if (!init_failed) {
        next_is_waiting_ = false;
        const TimePoint deadline = begin + std::chrono::seconds(spec.timeout_seconds);
        std::vector<std::pair<std::string, std::string>> headers = {
            {"Lambda-Runtime-Aws-Request-Id", invocation.request_id},
            {"Lambda-Runtime-Deadline-Ms", std::to_string(epoch_ms(deadline))},
            {"Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_arn},
        };
        if (!invocation.trace_id.empty())
            headers.emplace_back("Lambda-Runtime-Trace-Id", invocation.trace_id);
        if (!invocation.client_context.empty())
            headers.emplace_back("Lambda-Runtime-Client-Context", invocation.client_context);
        answer(200, headers, invocation.payload);
        const std::string prefix = "/2018-06-01/runtime/invocation/" + invocation.request_id;
        for (bool done = false; !done;) {
            const Wait waited = wait_for_message(deadline, message);
            switch (waited) {
                case Wait::kMessage:
                    if (message.path == prefix + "/response") {
                        if (message.body.size() > kResponseBytesMax) {
                            answer(413, {},
                                   "{\"errorType\":\"RequestEntityTooLarge\",\"errorMessage\":"
                                   "\"Exceeded maximum allowed "
                                   "payload size (6291556 bytes).\"}");
                            fail("Function.ResponseSizeTooLarge",
                                 "Response payload size exceeded maximum allowed payload size "
                                 "(6291556 bytes).");
                        } else {
                            answer(202, {}, "{\"status\":\"OK\"}");
                            result.payload = std::move(message.body);
                        }
                        done = true;
                    } else if (message.path == prefix + "/error") {
                        answer(202, {}, "{\"status\":\"OK\"}");
                        result.kind = contracts::InvocationResult::Kind::kFunctionError;
                        result.payload = std::move(message.body);
                        done = true;
                    } else if (message.path.starts_with("/2018-06-01/runtime/invocation/") &&
                               message.method == "POST") {
                        answer(400, {},
                               "{\"errorType\":\"InvalidRequestID\",\"errorMessage\":\"Invalid "
                               "request ID\"}");
                    } else {
                        answer(403, {},
                               "{\"errorType\":\"InvalidStateTransition\",\"errorMessage\":"
                               "\"Invalid state transition\"}");
                    }
                    break;
                case Wait::kTimeout:
                    kill();
                    fail("Sandbox.Timedout",
                         fmt::format("RequestId: {} Error: Task timed out after {:.2f} seconds",
                                     invocation.request_id,
                                     static_cast<double>(spec.timeout_seconds)));
                    done = true;
                    break;
                case Wait::kExited:
                case Wait::kOutOfMemory:
                    fail("Runtime.ExitError", exit_text(invocation.request_id));
                    done = true;
                    break;
            }
        }
    }
    read_output();
    if (init_failed) kill();
    const double duration_ms = static_cast<double>((clock.now() - begin).count()) / 1000;
    if (!alive_ && !partial_line_.empty()) log_line(std::move(partial_line_));
    if (!alive_) partial_line_.clear();
    const bool timed_out = result.payload.find("Sandbox.Timedout") != std::string::npos;
    if (timed_out) {
        log_line(fmt::format("{} {} Task timed out after {:.2f} seconds",
                             format_iso8601_ms(clock.now()), invocation.request_id,
                             static_cast<double>(spec.timeout_seconds)));
    }
    log_line(fmt::format("END RequestId: {}", invocation.request_id));
    log_line(
        fmt::format("REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {:.0f} ms\tMemory "
                    "Size: {} MB\tMax Memory "
                    "Used: {} MB{}",
                    invocation.request_id, duration_ms, std::ceil(duration_ms), spec.memory_mb,
                    alive_ ? memory_used_mb() : 0, init_report));
    if (invocation.want_log_tail) {
        result.log_tail =
            tail_.size() > kTailBytes ? tail_.substr(tail_.size() - kTailBytes) : tail_;
    }
    tail_.clear();
    flush_log();
    return result;
}

}  // namespace millrace::sandbox
