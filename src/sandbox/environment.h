// Environment: one isolated process of a function and the Runtime API that it talks to. Runs one
// event at a time. Thread-safety: confined to the thread that runs it. Ownership: kills its process
// when destroyed. Source: Lambda Developer Guide, "Using the Lambda runtime API for custom
// runtimes" and "Lambda execution environment".
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contracts/function_runner.h"
#include "contracts/log_sink.h"
#include "sandbox/code_cache.h"

namespace millrace::sandbox {

struct EnvironmentSetup {
    std::string self;         // path of the millrace binary
    std::string python_path;  // folder with awslambdaric; empty: no Python
    std::string code_folder;  // unpacked, of the host
    CodeLease code_lease;     // on it
    std::shared_ptr<const contracts::FunctionSpec> spec;
    contracts::Credential credential;
    std::string log_stream;
    const Clock* clock = nullptr;
    contracts::LogSink* logs = nullptr;
};

class Environment {
public:
    static constexpr int kInitSeconds = 10;
    static constexpr size_t kResponseBytesMax = 6'291'556;

    explicit Environment(EnvironmentSetup setup);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    // Starts the process; an error says why it could not be isolated or started.
    Result<void> start();
    int aws_socket() const { return aws_socket_; }
    // Runs one event. Afterwards alive() tells whether it can run another.
    contracts::InvocationResult run(const contracts::Invocation& invocation);
    bool alive() const { return alive_; }
    // Looks whether the process ended while nothing ran.
    bool check_alive();
    const contracts::FunctionSpec& spec() const { return *setup_.spec; }
    const EnvironmentSetup& setup() const { return setup_; }

private:
    struct HttpMessage {
        std::string method;
        std::string path;
        std::string error_type;
        std::string body;
    };
    enum class Wait : uint8_t { kMessage, kTimeout, kExited, kOutOfMemory };
    // Reads output and the Runtime API until a request is there, the process ended or time is up.
    Wait wait_for_message(TimePoint deadline, HttpMessage& message);
    bool take_message(HttpMessage& message);
    void answer(int status, const std::vector<std::pair<std::string, std::string>>& headers,
                const std::string& body);
    void read_output();
    void log_line(std::string text);
    void flush_log();
    void kill();
    std::string exit_text(const std::string& request_id);
    int64_t memory_used_mb() const;

    EnvironmentSetup setup_;
    pid_t pid_ = -1;
    int runtime_socket_ = -1;  // listening
    int aws_socket_ = -1;      // listening; the relay closes it
    int connection_ = -1;
    int output_ = -1;
    bool alive_ = false;
    bool reaped_ = false;
    int exit_status_ = 0;
    bool first_ = true;
    bool next_is_waiting_ = false;  // the runtime asked for an event already
    TimePoint started_{};
    TimePoint next_memory_check_{};
    std::string received_;
    std::string partial_line_;
    std::vector<contracts::LogLine> lines_;
    std::string tail_;
};

}  // namespace millrace::sandbox
