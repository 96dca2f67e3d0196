#include "sandbox/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "codec/json_writer.h"
#include "sandbox/process_tree.h"

namespace millrace::sandbox {
namespace {

constexpr size_t kTailBytes = 4096;
constexpr size_t kLineBytesMax = 256 * 1024;
// Of a running event's log: more goes to the sink early.
constexpr size_t kPendingLogBytesMax = 256 * 1024;
constexpr int kMemoryCheckMs = 100;
constexpr int kProcessesMax = 1024;
// Beside the function's own: /dev/shm and the kernel's structures.
constexpr uint64_t kSpareMemoryBytes = 96 << 20;
constexpr const char* kTooLarge =
    "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
constexpr const char* kInvocationPath = "/2018-06-01/runtime/invocation/";

using Kind = contracts::InvocationResult::Kind;

void fail(contracts::InvocationResult& result, std::string_view type, const std::string& text) {
    result.kind = Kind::kFunctionError;
    result.payload = "{\"errorType\":" + codec::json_string(type) +
                     ",\"errorMessage\":" + codec::json_string(text) + "}";
}

// The error that the runtime reports.
void fail_as_told(contracts::InvocationResult& result, RuntimeRequest& request) {
    if (request.too_large) return fail(result, "Function.ResponseSizeTooLarge", kTooLarge);
    result.kind = Kind::kFunctionError;
    result.payload = std::move(request.body);
}

std::string timeout_text(const contracts::FunctionSpec& spec) {
    return fmt::format("Task timed out after {:.2f} seconds",
                       static_cast<double>(spec.timeout_seconds));
}

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1000; }

std::vector<std::string> variables_of(const EnvironmentSetup& setup) {
    const contracts::FunctionSpec& spec = *setup.spec;
    std::map<std::string, std::string> variables = spec.environment;
    variables["AWS_REGION"] = variables["AWS_DEFAULT_REGION"] = spec.region;
    variables["AWS_ACCESS_KEY_ID"] = setup.credential.access_key_id;
    variables["AWS_SECRET_ACCESS_KEY"] = setup.credential.secret_access_key;
    variables["AWS_SESSION_TOKEN"] = setup.credential.session_token;
    variables["AWS_ENDPOINT_URL"] = fmt::format("http://127.0.0.1:{}", kAwsPort);
    variables["AWS_LAMBDA_RUNTIME_API"] = fmt::format("127.0.0.1:{}", kRuntimeApiPort);
    variables["AWS_LAMBDA_FUNCTION_NAME"] = spec.name;
    variables["AWS_LAMBDA_FUNCTION_VERSION"] = spec.version;
    variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(spec.memory_mb);
    variables["AWS_LAMBDA_LOG_GROUP_NAME"] = spec.log_group;
    variables["AWS_LAMBDA_LOG_STREAM_NAME"] = setup.log_stream;
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
    if (spec.runtime.starts_with("python")) {
        const std::string own = variables["PYTHONPATH"];
        variables["PYTHONPATH"] = "/var/task:/var/runtime" + (own.empty() ? "" : ":" + own);
        variables["PYTHONDONTWRITEBYTECODE"] = "1";
    }
    std::vector<std::string> list;
    for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
    return list;
}

}  // namespace

Environment::~Environment() {
    kill();
    group_.reset();
    if (number_) setup_.pad->give_back(*number_);
    flush_log();
}

Result<void> Environment::start() {
    const contracts::FunctionSpec& spec = *setup_.spec;
    started_ = setup_.clock->now();
    MR_TRY(Place place, setup_.pad->take());
    number_ = place.number;
    group_ = std::move(place.group);
    LaunchPlan plan;
    choose_identity(*number_, plan);
    plan.tmp_bytes = static_cast<uint64_t>(spec.ephemeral_storage_mb) << 20;
    plan.binds = {{*setup_.code, "/var/task"}};
    if (spec.runtime.starts_with("python")) {
        plan.binds.push_back({setup_.python_path, "/var/runtime"});
        plan.arguments = {"/usr/bin/python3", "-m", "awslambdaric", spec.handler};
    } else {
        plan.arguments = {"/var/task/bootstrap"};
    }
    plan.environment = variables_of(setup_);
    // /tmp is memory, too, which a function may fill beside its own: what it uses itself is looked
    // at besides.
    const uint64_t memory_bytes = (static_cast<uint64_t>(spec.memory_mb) << 20) + plan.tmp_bytes;
    plan.memory_files = group_ != nullptr;
    if (group_ &&
        !group_->limit({memory_bytes + kSpareMemoryBytes, kProcessesMax, spec.memory_mb})) {
        abandon(std::move(place.prepared));
        return Error{.code = "SandboxFailure",
                     .http_status = 500,
                     .message = "the function's control group takes no limits"};
    }
    MR_TRY(launched_, launch(std::move(place.prepared), plan));
    alive_ = true;
    log_line(
        fmt::format("INIT_START Runtime Version: {}.millrace\tRuntime Version ARN: "
                    "arn:aws:lambda:{}::runtime:millrace",
                    spec.runtime, spec.region));
    return {};
}

void Environment::log_line(std::string text) {
    if (tail_.size() > 4 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    tail_ += text;
    tail_ += '\n';
    lines_bytes_ += text.size();
    lines_.push_back({setup_.clock->now(), std::move(text)});
    if (lines_bytes_ > kPendingLogBytesMax) flush_log();
}

void Environment::flush_log() {
    if (lines_.empty()) return;
    const contracts::FunctionSpec& spec = *setup_.spec;
    setup_.logs->write(spec.account_id, spec.region, spec.log_group, setup_.log_stream,
                       std::move(lines_));
    lines_.clear();
    lines_bytes_ = 0;
}

void Environment::read_output() {
    char buffer[16384];
    while (output_allowance_ > 0) {
        const ssize_t n = ::read(launched_.output.get(), buffer, sizeof buffer);
        if (n <= 0) return;
        output_allowance_ -= n;
        partial_line_.append(buffer, static_cast<size_t>(n));
        for (;;) {
            const size_t end = partial_line_.find('\n');
            if (end == std::string::npos && partial_line_.size() < kLineBytesMax) break;
            const size_t length = std::min(end, kLineBytesMax);
            std::string line = partial_line_.substr(0, length);
            partial_line_.erase(0, end == length ? length + 1 : length);
            // The runtime interface client writes line ends inside one message as carriage returns.
            std::replace(line.begin(), line.end(), '\r', '\n');
            log_line(std::move(line));
        }
    }
}

void Environment::look_at_memory(TimePoint now) {
    memory_looked_at_ = now;
    next_memory_check_ = now + std::chrono::milliseconds(kMemoryCheckMs);
    std::optional<uint64_t> bytes;
    if (group_) bytes = group_->memory_used();
    if (!bytes) {
        const uint64_t bytes_max = static_cast<uint64_t>(setup_.spec->memory_mb) << 20;
        bytes = memory_of_tree(launched_.pid, bytes_max);
    }
    memory_most_mb_ = std::max(memory_most_mb_, static_cast<int64_t>(*bytes >> 20));
}

bool Environment::reap(bool wait) {
    if (!alive_ || ::waitpid(launched_.pid, &exit_status_, wait ? 0 : WNOHANG) != launched_.pid)
        return false;
    alive_ = false;
    return true;
}

bool Environment::check_alive() {
    reap(false);
    return alive_;
}

void Environment::kill() {
    if (!alive_) return;
    // The namespace's first process takes all others with it, and has ended once they have.
    ::kill(launched_.pid, SIGKILL);
    thaw();
    reap(true);
}

void Environment::freeze() {
    if (frozen_ || !alive_) return;
    frozen_ = true;
    if (group_ && group_->freeze(true)) return;
    if (!stop_tree(launched_.pid)) kill();
}

void Environment::thaw() {
    if (!frozen_) return;
    frozen_ = false;
    if (group_ && group_->freeze(false)) return;
    signal_tree(launched_.pid, SIGCONT);
}

void Environment::accept_connection() {
    Fd accepted(
        ::accept4(launched_.runtime_api.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted) return;
    const int one = 1;
    ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    hang_up();
    connection_ = std::move(accepted);
}

void Environment::hang_up() {
    connection_.reset();
    reader_.clear();
    answer_.clear();
}

void Environment::read_connection() {
    char buffer[65536];
    const ssize_t n = ::recv(connection_.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
        reader_.append({buffer, static_cast<size_t>(n)});
    } else if (n == 0 || errno != EAGAIN) {
        hang_up();
    }
}

Environment::Wait Environment::wait_for_request(TimePoint deadline, RuntimeRequest& request) {
    for (;;) {
        const TimePoint now = setup_.clock->now();
        if (now >= deadline) return Wait::kTimeout;
        if (*setup_.abort) {
            kill();
            return Wait::kExited;
        }
        if (now >= next_memory_check_) {
            look_at_memory(now);
            const int64_t elapsed_us =
                std::min<int64_t>(1'000'000, (now - output_counted_).count());
            output_allowance_ =
                std::min(kOutputBytesPerSecondMax,
                         output_allowance_ + kOutputBytesPerSecondMax * elapsed_us / 1'000'000);
            output_counted_ = now;
            if (memory_most_mb_ > setup_.spec->memory_mb) {
                kill();
                return Wait::kExited;
            }
        }
        if (answer_.empty()) {
            const RuntimeReader::Status status = reader_.take(request);
            if (status == RuntimeReader::Status::kRequest) return Wait::kRequest;
            if (status == RuntimeReader::Status::kBad) {
                kill();
                return Wait::kExited;
            }
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now).count() + 1;
        // -1: not looked at.
        const auto wanted = static_cast<short>(answer_.empty() ? POLLIN : POLLOUT);
        pollfd fds[4] = {{connection_.get(), wanted, 0},
                         {launched_.runtime_api.get(), POLLIN, 0},
                         {output_allowance_ > 0 ? launched_.output.get() : -1, POLLIN, 0},
                         {launched_.process.get(), POLLIN, 0}};
        ::poll(fds, 4, static_cast<int>(std::min<int64_t>(left, kMemoryCheckMs)));
        if ((fds[2].revents & POLLIN) != 0) read_output();
        if (fds[0].revents != 0 && answer_.empty()) {
            read_connection();
        } else if (fds[0].revents != 0) {
            send_answer();
        }
        if ((fds[1].revents & POLLIN) != 0) accept_connection();
        // Its last words first.
        if (fds[3].revents != 0 && (fds[0].revents & POLLIN) == 0 && reap(true)) {
            read_output();
            return Wait::kExited;
        }
    }
}

void Environment::answer(int status, const RuntimeHeaders& headers, std::string_view body) {
    answer_ = runtime_answer(status, headers, body);
    answer_sent_ = 0;
    send_answer();
}

void Environment::send_answer() {
    while (answer_sent_ < answer_.size()) {
        const ssize_t n = ::send(connection_.get(), answer_.data() + answer_sent_,
                                 answer_.size() - answer_sent_, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return hang_up();
        answer_sent_ += static_cast<size_t>(n);
    }
    answer_ = {};
}

void Environment::answer_error(int status, std::string_view type, std::string_view text) {
    answer(status, {},
           "{\"errorType\":" + codec::json_string(type) +
               ",\"errorMessage\":" + codec::json_string(text) + "}");
}

std::string Environment::exit_text(const std::string& request_id) const {
    // The first process reports the function's end as its own status: 128 and more for signals.
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

// False: it did not get as far as asking for an event; `result` says why.
bool Environment::init(const contracts::Invocation& invocation, TimePoint deadline,
                       contracts::InvocationResult& result) {
    RuntimeRequest request;
    while (!next_is_waiting_) {
        const Wait waited = wait_for_request(deadline, request);
        if (waited == Wait::kRequest && request.method == "GET" &&
            request.path.ends_with("/runtime/invocation/next")) {
            next_is_waiting_ = true;
        } else if (waited == Wait::kRequest && request.path.ends_with("/runtime/init/error")) {
            answer(202, {}, R"({"status":"OK"})");
            fail_as_told(result, request);
            return false;
        } else if (waited == Wait::kRequest) {
            answer_error(403, "InvalidStateTransition", "Invalid state transition");
        } else if (waited == Wait::kTimeout) {
            fail(result, "Sandbox.Timedout",
                 fmt::format("RequestId: {} Error: {}", invocation.request_id,
                             timeout_text(*setup_.spec)));
            return false;
        } else {
            fail(result, "Runtime.ExitError", exit_text(invocation.request_id));
            log_line(exit_text(invocation.request_id) + "\nRuntime.ExitError");
            return false;
        }
    }
    return true;
}

void Environment::handle(const contracts::Invocation& invocation, TimePoint deadline,
                         contracts::InvocationResult& result) {
    next_is_waiting_ = false;
    RuntimeHeaders headers = {
        {"Lambda-Runtime-Aws-Request-Id", invocation.request_id},
        {"Lambda-Runtime-Deadline-Ms", std::to_string(epoch_ms(deadline))},
        {"Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_arn},
    };
    if (!invocation.trace_id.empty())
        headers.emplace_back("Lambda-Runtime-Trace-Id", invocation.trace_id);
    if (!invocation.client_context.empty())
        headers.emplace_back("Lambda-Runtime-Client-Context", invocation.client_context);
    answer(200, headers, invocation.payload);
    const std::string prefix = kInvocationPath + invocation.request_id;
    RuntimeRequest request;
    for (;;) {
        const Wait waited = wait_for_request(deadline, request);
        if (waited == Wait::kTimeout) {
            kill();
            fail(result, "Sandbox.Timedout",
                 fmt::format("RequestId: {} Error: {}", invocation.request_id,
                             timeout_text(*setup_.spec)));
            return;
        }
        if (waited == Wait::kExited) {
            fail(result, "Runtime.ExitError", exit_text(invocation.request_id));
            log_line(exit_text(invocation.request_id) + "\nRuntime.ExitError");
            return;
        }
        if (request.method == "POST" && request.path == prefix + "/response") {
            if (request.streaming) {
                answer_error(400, "InvalidResponseMode", "Responses are not streamed here");
                fail(result, "Runtime.InvalidResponseMode",
                     "The runtime streamed its response, which is not supported.");
                kill();
            } else if (request.too_large) {
                answer_error(413, "RequestEntityTooLarge", kTooLarge);
                fail(result, "Function.ResponseSizeTooLarge", kTooLarge);
            } else {
                answer(202, {}, R"({"status":"OK"})");
                result.payload = std::move(request.body);
            }
            return;
        }
        if (request.method == "POST" && request.path == prefix + "/error") {
            answer(202, {}, R"({"status":"OK"})");
            fail_as_told(result, request);
            return;
        }
        if (request.method == "POST" && request.path.starts_with(kInvocationPath)) {
            answer_error(400, "InvalidRequestID", "Invalid request ID");
        } else {
            answer_error(403, "InvalidStateTransition", "Invalid state transition");
        }
    }
}

contracts::InvocationResult Environment::run(const contracts::Invocation& invocation) {
    const contracts::FunctionSpec& spec = *setup_.spec;
    const Clock& clock = *setup_.clock;
    thaw();
    contracts::InvocationResult result;
    result.log_stream = setup_.log_stream;
    TimePoint begin = clock.now();
    // Looking costs more than a short event: during the event only when it takes longer.
    next_memory_check_ = begin + std::chrono::milliseconds(kMemoryCheckMs);
    // Only its start has time of its own: later, asking for the event is part of it.
    const Duration init_max = std::chrono::seconds(
        first_ ? std::max(kInitSeconds, spec.timeout_seconds) : spec.timeout_seconds);
    const bool ready = init(invocation, begin + init_max, result);
    log_line(fmt::format("START RequestId: {} Version: {}", invocation.request_id, spec.version));
    if (first_) {
        begin = clock.now();
        init_duration_ = begin - started_;
        first_ = false;
    }
    if (ready) handle(invocation, begin + std::chrono::seconds(spec.timeout_seconds), result);
    const TimePoint end = clock.now();
    read_output();
    if (!ready) kill();
    if (!alive_ && !partial_line_.empty()) log_line(std::exchange(partial_line_, {}));
    if (result.kind == Kind::kFunctionError &&
        end - begin >= std::chrono::seconds(spec.timeout_seconds)) {
        log_line(fmt::format("{} {} {}", format_iso8601_ms(end), invocation.request_id,
                             timeout_text(spec)));
    }
    log_line(fmt::format("END RequestId: {}", invocation.request_id));
    report_ = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {:.0f} ms\tMemory Size: {} MB"
        "\tMax Memory Used: ",
        invocation.request_id, milliseconds(end - begin), std::ceil(milliseconds(end - begin)),
        spec.memory_mb);
    if (invocation.want_log_tail) {
        write_report();
        result.log_tail =
            tail_.size() > kTailBytes ? tail_.substr(tail_.size() - kTailBytes) : tail_;
    }
    return result;
}

void Environment::write_report() {
    if (report_.empty()) return;
    const TimePoint now = setup_.clock->now();
    if (alive_ && now - memory_looked_at_ >= std::chrono::milliseconds(kMemoryCheckMs))
        look_at_memory(now);
    report_ += fmt::format("{} MB", std::min<int64_t>(memory_most_mb_, setup_.spec->memory_mb));
    if (init_duration_)
        report_ += fmt::format("\tInit Duration: {:.2f} ms", milliseconds(*init_duration_));
    init_duration_.reset();
    log_line(std::exchange(report_, {}));
}

void Environment::finish() {
    write_report();
    tail_.clear();
    flush_log();
}

}  // namespace millrace::sandbox
