#include "services/lambda/invoker.h"

#include "core/one_shot.h"

namespace millrace::lambda {
namespace {

using Kind = contracts::InvocationResult::Kind;

contracts::InvocationResult throttled(std::string reason) {
    contracts::InvocationResult result;
    result.kind = Kind::kThrottled;
    result.payload = std::move(reason);
    return result;
}

}  // namespace

void Invoker::run(std::shared_ptr<const contracts::FunctionSpec> spec, int reserved,
                  contracts::Invocation invocation, Done done) {
    contracts::FunctionRunner* runner = runner_.load();
    if (runner == nullptr) return done(throttled(""));
    const std::string arn = spec->arn;
    bool full = false;
    {
        const MutexLock lock(mutex_);
        int& running = running_[arn];
        full = reserved >= 0 && running >= reserved;
        if (!full) running += 1;
        if (running == 0) running_.erase(arn);
    }
    if (full) return done(throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
    runner->run(std::move(spec), std::move(invocation),
                [this, arn, done = std::move(done)](contracts::InvocationResult result) {
                    {
                        const MutexLock lock(mutex_);
                        const auto running = running_.find(arn);
                        if (--running->second == 0) running_.erase(running);
                    }
                    done(std::move(result));
                });
}

contracts::InvocationResult Invoker::run_and_wait(
    std::shared_ptr<const contracts::FunctionSpec> spec, int reserved,
    contracts::Invocation invocation) {
    const auto done = std::make_shared<OneShot<contracts::InvocationResult>>();
    run(std::move(spec), reserved, std::move(invocation),
        [done](contracts::InvocationResult result) { done->give(std::move(result)); });
    return done->wait();
}

void Invoker::begin(std::shared_ptr<const contracts::FunctionSpec> spec, int reserved,
                    contracts::Invocation invocation) {
    const std::string id = invocation.request_id;
    {
        const MutexLock lock(mutex_);
        if (!results_.try_emplace(id).second) return;
    }
    run(std::move(spec), reserved, std::move(invocation),
        [this, id](contracts::InvocationResult result) {
            keep(id, std::move(result));
            hub_.signal(key_of(id));
        });
}

void Invoker::keep(const std::string& id, contracts::InvocationResult result) {
    const TimePoint now = clock_.now();
    const MutexLock lock(mutex_);
    while (!kept_.empty() && kept_.front().first + kResultKept <= now) {
        results_.erase(kept_.front().second);
        kept_.pop_front();
    }
    results_[id] = std::move(result);
    kept_.emplace_back(now, id);
}

std::optional<contracts::InvocationResult> Invoker::result(const std::string& id) {
    const MutexLock lock(mutex_);
    const auto found = results_.find(id);
    if (found == results_.end() || !found->second) return std::nullopt;
    std::optional<contracts::InvocationResult> result = std::move(found->second);
    results_.erase(found);
    return result;
}

size_t Invoker::unfetched() {
    const MutexLock lock(mutex_);
    return results_.size();
}

}  // namespace millrace::lambda
