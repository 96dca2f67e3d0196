#include "sandbox/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/log.h"

namespace millrace::sandbox {
namespace {

using Kind = contracts::InvocationResult::Kind;

// Enough of a function is its revision: code, configuration and version.
bool same(const contracts::FunctionSpec& a, const contracts::FunctionSpec& b) {
    return a.arn == b.arn && a.version == b.version && a.revision == b.revision;
}

}  // namespace

SandboxRunner::SandboxRunner(RunnerOptions options, const Clock& clock, Rng& rng,
                             contracts::LogSink& logs, contracts::CredentialProvider credentials)
    : options_(std::move(options)),
      clock_(clock),
      rng_(rng),
      logs_(logs),
      credentials_(std::move(credentials)),
      cache_(options_.cache_folder),
      relay_(options_.server_port) {}

void SandboxRunner::run(std::shared_ptr<const contracts::FunctionSpec> spec,
                        contracts::Invocation invocation,
                        std::function<void(contracts::InvocationResult)> done) {
    auto job = std::make_unique<Job>(Job{std::move(invocation), std::move(done)});
    {
        const MutexLock lock(mutex_);
        reap();
        if (!stopping_) {
            // The most recently used one: it is the warmest, and idle ones can end.
            for (const auto& slot : slots_) {
                if (!slot->busy && !slot->retired && !slot->finished && same(*slot->spec, *spec)) {
                    slot->busy = true;
                    slot->job = std::move(job);
                    slot->wake.notify_one();
                    return;
                }
            }
            if (slots_.size() >= options_.environments_max) {
                // An idle environment of another function makes room.
                for (const auto& slot : slots_) {
                    if (!slot->busy && !slot->finished) {
                        slot->retired = true;
                        slot->wake.notify_one();
                        break;
                    }
                }
            }
            if (slots_.size() < options_.environments_max + 8) {
                auto slot = std::make_unique<Slot>();
                slot->spec = std::move(spec);
                slot->job = std::move(job);
                Slot* raw = slot.get();
                slots_.push_front(std::move(slot));
                raw->thread = std::thread([this, raw] { work(raw); });
                return;
            }
        }
    }
    contracts::InvocationResult result;
    result.kind = Kind::kThrottled;
    job->done(std::move(result));
}

Result<std::unique_ptr<Environment>> SandboxRunner::make_environment(const Slot& slot) {
    const auto& spec = slot.spec;
    EnvironmentSetup setup;
    setup.pad = &pad_;
    setup.abort = &abort_;
    setup.python_path = options_.python_path;
    setup.spec = spec;
    setup.clock = &clock_;
    setup.logs = &logs_;
    if (spec->runtime.starts_with("python") && setup.python_path.empty()) {
        return Error{
            .code = "SandboxFailure",
            .http_status = 500,
            .message = "no Python runtime is installed beside the server (runtimes/python)"};
    }
    MR_TRY(const std::string zip, options_.blob_path(spec->code_blob_id));
    MR_TRY(setup.code, cache_.unpack(spec->code_sha256, zip));
    MR_TRY(setup.credential, credentials_(*spec));
    const std::string date = format_iso8601(clock_.now());
    setup.log_stream = fmt::format("{}/{}/{}/[{}]{}", date.substr(0, 4), date.substr(5, 2),
                                   date.substr(8, 2), spec->version, rng_.hex(32));
    auto environment = std::make_unique<Environment>(std::move(setup));
    MR_CHECK_OK(environment->start());
    return environment;
}

void SandboxRunner::work(Slot* slot) {
    std::unique_ptr<Environment> environment;
    int aws_socket = -1;
    TimePoint born = clock_.now();
    const auto end_environment = [&] {
        if (environment) relay_.remove(aws_socket);
        environment.reset();
    };
    for (;;) {
        std::unique_ptr<Job> job;
        bool idle = true;
        bool frozen = false;
        for (const TimePoint since = clock_.now(); idle;) {
            bool freeze = false;
            {
                MutexLock lock(mutex_);
                const Duration left = since + kIdleMax - clock_.now();
                idle = !slot->job && !slot->retired && !stopping_ && left > Duration::zero();
                if (!idle) {
                    job = std::move(slot->job);
                    slot->finished = job == nullptr;
                } else if (frozen || !environment) {
                    lock.wait_for(slot->wake, left);
                } else {
                    freeze = lock.wait_for(slot->wake, kFreezeAfter) == std::cv_status::timeout;
                }
            }
            if (freeze) environment->freeze();
            frozen = frozen || freeze;
        }
        if (!job) break;
        contracts::InvocationResult result;
        if (!environment || !environment->check_alive() || clock_.now() - born > kAgeMax) {
            end_environment();
            auto made = make_environment(*slot);
            if (made) {
                environment = std::move(*made);
                aws_socket = environment->take_aws_socket();
                relay_.add(aws_socket);
                born = clock_.now();
            } else {
                result.kind = Kind::kStartFailed;
                result.payload = made.error().message;
                log::error("function {}: {}", slot->spec->name, made.error().message);
            }
        }
        if (environment) result = environment->run(job->invocation);
        {
            const MutexLock lock(mutex_);
            slot->busy = false;
        }
        job->done(std::move(result));
        if (environment) {
            environment->finish();
            if (!environment->alive()) end_environment();
        }
    }
    end_environment();
    const MutexLock lock(mutex_);
    slot->gone = true;
    ended_.notify_all();
}

void SandboxRunner::reap() {
    slots_.remove_if([](const std::unique_ptr<Slot>& slot) {
        // Its thread needs the lock no more: joining earlier, under the lock, would never end.
        if (!slot->gone) return false;
        slot->thread.join();
        return true;
    });
}

void SandboxRunner::retire(std::string_view function_arn, std::string_view version,
                           std::string_view revision) {
    const MutexLock lock(mutex_);
    for (const auto& slot : slots_) {
        if (slot->spec->arn != function_arn) continue;
        if (!version.empty() && slot->spec->version != version) continue;
        if (!revision.empty() && slot->spec->revision == revision) continue;
        slot->retired = true;
        slot->wake.notify_one();
    }
}

void SandboxRunner::stop(std::chrono::seconds grace) {
    std::list<std::unique_ptr<Slot>> slots;
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        for (const auto& slot : slots_) slot->wake.notify_one();
        const auto end = std::chrono::steady_clock::now() + grace;
        const auto all_gone = [&]() MR_NO_THREAD_SAFETY_ANALYSIS {
            return std::all_of(slots_.begin(), slots_.end(),
                               [](const auto& slot) { return slot->gone; });
        };
        for (auto now = std::chrono::steady_clock::now(); !all_gone() && now < end;
             now = std::chrono::steady_clock::now()) {
            lock.wait_for(ended_, end - now);
        }
        abort_ = true;
        slots.swap(slots_);
    }
    for (const auto& slot : slots) slot->thread.join();
    pad_.stop();
    relay_.stop();
}

}  // namespace millrace::sandbox
