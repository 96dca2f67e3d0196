// Environment: one isolated process of a function and the Runtime API that it talks to. Runs one
// event at a time. Thread-safety: confined to the thread that runs it. Ownership: kills its process
// when destroyed. Source: Lambda Developer Guide, "Using the Lambda runtime API for custom
// runtimes" and "Lambda execution environment".
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contracts/function_runner.h"
#include "contracts/log_sink.h"
#include "sandbox/code_cache.h"
#include "sandbox/launch_pad.h"
#include "sandbox/runtime_messages.h"

namespace millrace::sandbox {

struct EnvironmentSetup {
    std::string python_path;  // folder with awslambdaric; empty: no Python
    CodeLease code;           // the folder with it, of the host
    LaunchPad* pad = nullptr;
    const std::atomic<bool>* abort = nullptr;  // set: what runs is ended
    std::shared_ptr<const contracts::FunctionSpec> spec;
    contracts::Credential credential;
    std::string log_stream;
    const Clock* clock = nullptr;
    contracts::LogSink* logs = nullptr;
};

class Environment {
public:
    static constexpr int kInitSeconds = 10;
    // What a function writes faster than this waits in its pipe, and then the function does.
    static constexpr int64_t kOutputBytesPerSecondMax = 8 << 20;

    explicit Environment(EnvironmentSetup setup) : setup_(std::move(setup)) {}
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    // Starts the process; an error says why it could not be isolated or started.
    Result<void> start();
    // The listening socket of the functions' AWS calls; the caller's from now on.
    int take_aws_socket() { return launched_.aws.release(); }
    // Runs one event. Afterwards alive() tells whether it can run another; finish() has to follow.
    contracts::InvocationResult run(const contracts::Invocation& invocation);
    // What is left to do once the answer is given: the end of the log.
    void finish();
    bool alive() const { return alive_; }
    // Looks whether the process ended while nothing ran.
    bool check_alive();
    // Stops what still runs between two events; run() wakes it. What cannot be stopped ends.
    void freeze();

private:
    enum class Wait : uint8_t { kRequest, kTimeout, kExited };
    // Reads output and the Runtime API until a request is there, the process ended, time is up or
    // the server stops: whatever the function sends, or does not read.
    Wait wait_for_request(TimePoint deadline, RuntimeRequest& request);
    void accept_connection();
    void read_connection();
    void hang_up();
    bool init(const contracts::Invocation& invocation, TimePoint deadline,
              contracts::InvocationResult& result);
    void handle(const contracts::Invocation& invocation, TimePoint deadline,
                contracts::InvocationResult& result);
    // Sends what the runtime takes at once; the rest as wait_for_request() goes on.
    void answer(int status, const RuntimeHeaders& headers, std::string_view body);
    void send_answer();
    void answer_error(int status, std::string_view type, std::string_view text);
    void read_output();
    void log_line(std::string text);
    void flush_log();
    void thaw();
    void kill();
    bool reap(bool wait);
    std::string exit_text(const std::string& request_id) const;
    void look_at_memory(TimePoint now);
    void write_report();

    EnvironmentSetup setup_;
    std::optional<size_t> number_;  // on the pad
    std::unique_ptr<ControlGroup> group_;
    Launched launched_;
    Fd connection_;
    std::string answer_;  // not sent yet: until it is, no more is read
    size_t answer_sent_ = 0;
    bool alive_ = false;
    bool frozen_ = false;
    int exit_status_ = 0;
    bool first_ = true;
    bool next_is_waiting_ = false;  // the runtime asked for an event already
    TimePoint started_{};
    TimePoint next_memory_check_{};
    TimePoint memory_looked_at_{};
    TimePoint output_counted_{};
    int64_t output_allowance_ = kOutputBytesPerSecondMax;
    int64_t memory_most_mb_ = 0;
    std::string report_;  // of the last event, not written yet
    std::optional<Duration> init_duration_;
    RuntimeReader reader_;
    std::string partial_line_;
    std::vector<contracts::LogLine> lines_;
    size_t lines_bytes_ = 0;
    std::string tail_;
};

}  // namespace millrace::sandbox
