// Invoker: every invocation of this server passes here: it keeps reserved concurrency, and the
// results of synchronous invocations until their callers fetch them.
// Thread-safety: safe from any thread. Ownership: hub and clock are the app's, the runner is given
// once and outlives every invocation.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "contracts/function_runner.h"
#include "contracts/wake_hub.h"
#include "core/mutex.h"
#include "core/time.h"

namespace millrace::lambda {

class Invoker {
public:
    using Done = std::function<void(contracts::InvocationResult)>;
    // A result that nobody fetched is dropped after it: its caller is gone. Callers that are there
    // are woken at once.
    static constexpr std::chrono::seconds kResultKept{60};

    Invoker(contracts::WakeHub& hub, const Clock& clock) : hub_(hub), clock_(clock) {}

    void start(contracts::FunctionRunner& runner) { runner_ = &runner; }
    // Null until the server is up.
    contracts::FunctionRunner* runner() { return runner_.load(); }

    // `reserved`: how many invocations of the function may run at a time; -1: no such limit.
    void run(std::shared_ptr<const contracts::FunctionSpec> spec, int reserved,
             contracts::Invocation invocation, Done done);
    contracts::InvocationResult run_and_wait(std::shared_ptr<const contracts::FunctionSpec> spec,
                                             int reserved, contracts::Invocation invocation);

    // Begins an invocation whose result is fetched with its request id, once however often it is
    // called with that id; key_of(id) is signalled when the result is there.
    void begin(std::shared_ptr<const contracts::FunctionSpec> spec, int reserved,
               contracts::Invocation invocation);
    // Nothing while it runs; the result once.
    std::optional<contracts::InvocationResult> result(const std::string& id);
    static std::string key_of(const std::string& id) { return "lambda:" + id; }
    // Invocations that were begun and whose results were not fetched.
    size_t unfetched();

private:
    void keep(const std::string& id, contracts::InvocationResult result);

    contracts::WakeHub& hub_;
    const Clock& clock_;
    std::atomic<contracts::FunctionRunner*> runner_{nullptr};
    Mutex mutex_;
    std::unordered_map<std::string, int> running_ MR_GUARDED_BY(mutex_);  // by function ARN
    // By request id; nothing while it runs.
    std::unordered_map<std::string, std::optional<contracts::InvocationResult>> results_
        MR_GUARDED_BY(mutex_);
    std::deque<std::pair<TimePoint, std::string>> kept_ MR_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace millrace::lambda
