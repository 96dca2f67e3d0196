// SandboxRunner: pools of environments, one thread each; an event goes to a warm environment of its
// function's revision, else a new one is started, up to a limit.
// Thread-safety: safe from any thread; stop() once. Ownership: blobs, clock and logs are the app's.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "contracts/function_runner.h"
#include "contracts/log_sink.h"
#include "core/random.h"
#include "sandbox/code_cache.h"
#include "sandbox/environment.h"
#include "sandbox/relay.h"

namespace millrace::sandbox {

struct RunnerOptions {
    std::string python_path;  // empty: no Python functions
    std::string cache_folder;
    uint16_t server_port = 0;  // of this server, for the functions' AWS calls
    size_t environments_max = 64;
    std::function<Result<std::string>(std::string_view blob_id)> blob_path;
};

class SandboxRunner final : public contracts::FunctionRunner {
public:
    static constexpr std::chrono::seconds kIdleMax{300};
    // An environment that had no event for this long is frozen until the next one.
    static constexpr std::chrono::seconds kFreezeAfter{1};
    // Credentials live longer than this.
    static constexpr std::chrono::hours kAgeMax{6};

    SandboxRunner(RunnerOptions options, const Clock& clock, Rng& rng, contracts::LogSink& logs,
                  contracts::CredentialProvider credentials);
    ~SandboxRunner() override { stop(); }

    void run(std::shared_ptr<const contracts::FunctionSpec> spec, contracts::Invocation invocation,
             std::function<void(contracts::InvocationResult)> done) override;
    void retire(std::string_view function_arn, std::string_view version,
                std::string_view revision) override;
    // Lets running events end for at most `grace`, then ends them; ends every environment.
    void stop(std::chrono::seconds grace = std::chrono::seconds(0));

private:
    struct Job {
        contracts::Invocation invocation;
        std::function<void(contracts::InvocationResult)> done;
    };
    struct Slot {
        std::shared_ptr<const contracts::FunctionSpec> spec;
        std::unique_ptr<Job> job;
        bool busy = true;
        bool retired = false;
        bool finished = false;  // takes no more events
        bool gone = false;      // its environment has ended
        std::condition_variable wake;
        std::thread thread;
    };
    void work(Slot* slot);
    Result<std::unique_ptr<Environment>> make_environment(const Slot& slot);
    void reap() MR_REQUIRES(mutex_);

    RunnerOptions options_;
    const Clock& clock_;
    Rng& rng_;
    contracts::LogSink& logs_;
    contracts::CredentialProvider credentials_;
    LaunchPad pad_;
    std::atomic<bool> abort_{false};
    CodeCache cache_;
    Relay relay_;
    Mutex mutex_;
    std::condition_variable ended_;
    bool stopping_ MR_GUARDED_BY(mutex_) = false;
    std::list<std::unique_ptr<Slot>> slots_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::sandbox
