// TransactionalStore: the Store over an embedded Engine. Optimistic: a transaction reads what is
// committed, remembers what it read, and commits under one short lock if nobody changed any of it
// since it began (CommitTable). The lock covers an unsynced write, never a flush, so a hot item's
// updates share a flush like any others. docs/adr/0003 has the reasons.
// Thread-safety: as Store says.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "core/mutex.h"
#include "core/time.h"
#include "store/commit_table.h"
#include "store/durability_queue.h"
#include "store/engine.h"
#include "store/store.h"

namespace millrace::store {

class OptimisticTxn;

class TransactionalStore final : public Store {
public:
    // Reads the commit ceiling and continues behind it.
    TransactionalStore(std::unique_ptr<Engine> engine, const Clock& clock);
    ~TransactionalStore() override;

    RunResult run(const TxnFunction& function, TimePoint deadline) override;
    CommitStatus read(KeyView key, std::optional<std::string>& value, Ticket& ticket) override;
    bool is_durable(Ticket ticket) const override { return ticket <= durability_->durable(); }
    void when_durable(Ticket ticket, std::function<void(bool)> callback) override {
        durability_->when_durable(ticket, std::move(callback));
    }
    bool wait_durable(Ticket ticket) override { return durability_->wait(ticket); }
    std::vector<LogRecord> read_log(const LogId& log, Version after, size_t rows_max,
                                    size_t bytes_max) override;
    Version log_end(const LogId& log) override;
    void trim_log(const LogId& log, Version through) override;
    std::optional<Lease> acquire(std::string_view name, std::string_view owner,
                                 Duration ttl) override;
    bool renew(const Lease& lease, Duration ttl) override;
    void release(const Lease& lease) override;
    Limits limits() const override { return {}; }
    Health health() const override;
    void close() override;

private:
    friend class OptimisticTxn;

    CommitStatus commit(OptimisticTxn& txn, RunResult& result) MR_REQUIRES(commit_mutex_);
    bool unchanged_since_begin(const OptimisticTxn& txn) const;
    void latch(EngineStatus status, std::string reason);

    std::unique_ptr<Engine> engine_;
    const Clock& clock_;
    CommitTable commits_;
    std::atomic<Ticket> last_committed_{0};
    // The first error closes the store for writes, before the next write is tried.
    std::atomic<EngineStatus> latched_{EngineStatus::kOk};
    mutable Mutex health_mutex_;
    std::string reason_ MR_GUARDED_BY(health_mutex_);
    // Of Txn::lock, by hash; taken before the commit lock, never after it.
    std::array<std::mutex, 1024> latches_;
    Mutex commit_mutex_;
    // Tickets below it may be used; the next ceiling is written with the commit that reaches it.
    Ticket ceiling_ MR_GUARDED_BY(commit_mutex_) = 0;
    std::unique_ptr<DurabilityQueue> durability_;
};

}  // namespace millrace::store
