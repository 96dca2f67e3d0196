#include "store/transactional_store.h"

#include <algorithm>
#include <random>
#include <thread>

#include "core/bytes.h"
#include "core/check.h"
#include "core/log.h"
#include "store/key_codec.h"
#include "store/optimistic_txn.h"

namespace millrace::store {
namespace {

// After so many lost attempts a transaction runs alone, under the commit lock.
constexpr int kAttemptsBeforeAlone = 8;
// Tickets reserved per write of the ceiling; what is left of a block is skipped after a restart.
constexpr Ticket kTicketBlock = 1 << 20;
constexpr uint8_t kLeaseFormat = 1;

std::string ceiling_key() { return encode_key({Space::kSystem, "commit", "ceiling"}); }
std::string lease_key(std::string_view name) { return encode_key({Space::kSystem, "lease", name}); }

std::string encode_version(Version version) {
    std::string out;
    append_u64(out, version.major);
    append_u64(out, version.minor);
    return out;
}

Version decode_version(std::string_view bytes) {
    ByteReader reader(bytes);
    const uint64_t major = reader.u64();
    return {major, reader.u64()};
}

struct LeaseRow {
    std::string owner;
    uint64_t token = 0;
    int64_t expires_ms = 0;
};

std::string encode_lease(const LeaseRow& row) {
    std::string out;
    append_u8(out, kLeaseFormat);
    append_bytes(out, row.owner);
    append_u64(out, row.token);
    append_u64(out, static_cast<uint64_t>(row.expires_ms));
    return out;
}

LeaseRow decode_lease(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kLeaseFormat);
    LeaseRow row;
    row.owner = reader.bytes();
    row.token = reader.u64();
    row.expires_ms = static_cast<int64_t>(reader.u64());
    MR_ASSERT(reader.ok());
    return row;
}

void back_off(int attempt) {
    thread_local std::minstd_rand jitter{std::random_device{}()};
    if (attempt == 0) return;
    std::this_thread::sleep_for(
        std::chrono::microseconds(jitter() % (10u << std::min(attempt, 6))));
}

}  // namespace

TransactionalStore::TransactionalStore(std::unique_ptr<Engine> engine, const Clock& clock)
    : engine_(std::move(engine)), clock_(clock) {
    std::string value;
    const EngineStatus status = engine_->get(ceiling_key(), value);
    MR_ASSERT(status == EngineStatus::kOk || status == EngineStatus::kNotFound);
    const Ticket start = status == EngineStatus::kOk ? ByteReader(value).u64() : 0;
    last_committed_ = start;
    {
        const MutexLock lock(commit_mutex_);
        ceiling_ = start;  // the first commit writes the next one
    }
    durability_ = std::make_unique<DurabilityQueue>(*engine_, start, [this](EngineStatus failure) {
        latch(failure, "making commits durable failed: " + engine_->last_error());
    });
}

TransactionalStore::~TransactionalStore() { close(); }

void TransactionalStore::close() { durability_->stop(); }

void TransactionalStore::latch(EngineStatus status, std::string reason) {
    EngineStatus expected = EngineStatus::kOk;
    if (!latched_.compare_exchange_strong(expected, status)) return;
    log::error(
        "the store is read-only from now on, nothing acknowledged is lost; free space or replace "
        "the disk, "
        "then restart: {}",
        reason);
    const MutexLock lock(health_mutex_);
    reason_ = std::move(reason);
}

Health TransactionalStore::health() const {
    const bool writable = latched_.load() == EngineStatus::kOk;
    const MutexLock lock(health_mutex_);
    return {writable, reason_};
}

bool TransactionalStore::unchanged_since_begin(const OptimisticTxn& txn) const {
    return std::all_of(txn.read_slots_.begin(), txn.read_slots_.end(),
                       [&](CommitTable::Slot slot) { return commits_.ticket(slot) <= txn.begin_; });
}

CommitStatus TransactionalStore::commit(OptimisticTxn& txn, RunResult& result) {
    switch (latched_.load(std::memory_order_acquire)) {
        case EngineStatus::kOk:
            break;
        case EngineStatus::kNoSpace:
            return CommitStatus::kNoSpace;
        default:
            return CommitStatus::kReadOnly;
    }
    if (!unchanged_since_begin(txn)) return CommitStatus::kConflict;
    for (const Lease& lease : txn.leases_) {
        std::string value;
        if (engine_->get(lease_key(lease.name), value) != EngineStatus::kOk)
            return CommitStatus::kFenced;
        const LeaseRow row = decode_lease(value);
        if (row.owner != lease.owner || row.token != lease.token) return CommitStatus::kFenced;
    }

    const Ticket ticket = last_committed_.load(std::memory_order_relaxed) + 1;
    const std::unique_ptr<EngineBatch> batch = engine_->make_batch();
    for (const auto& range : txn.erased_ranges_) batch->erase_range(range.from, range.to);
    for (const auto& [key, value] : txn.writes_) {
        if (value) {
            batch->put(key, *value);
        } else {
            batch->erase(key);
        }
    }
    // Sums are taken here, under the lock, so that adds never conflict.
    std::map<std::string_view, int64_t> sums;
    for (const auto& [key, delta] : txn.adds_) sums[key] += delta;
    for (const auto& [key, delta] : sums) {
        std::string value;
        const EngineStatus status = engine_->get(key, value);
        if (status != EngineStatus::kOk && status != EngineStatus::kNotFound)
            return CommitStatus::kUnavailable;
        const uint64_t old = status == EngineStatus::kOk ? ByteReader(value).u64() : 0;
        std::string sum;
        append_u64(sum, old + static_cast<uint64_t>(delta));
        batch->put(key, sum);
    }
    uint64_t index = 0;
    for (const auto& [log, bytes] : txn.appends_) {
        batch->put(encode_key({Space::kLog, log.id, encode_version({ticket, ++index})}), bytes);
    }
    Ticket ceiling = ceiling_;
    if (ticket >= ceiling) {
        ceiling = ticket + kTicketBlock;
        std::string value;
        append_u64(value, ceiling);
        batch->put(ceiling_key(), value);
    }

    // Before the values can be seen: see CommitTable.
    for (const CommitTable::Slot slot : txn.write_slots_) commits_.mark(slot, ticket);
    const EngineStatus status = engine_->apply(*batch);
    if (status != EngineStatus::kOk) {
        latch(status, "a write failed: " + engine_->last_error());
        return status == EngineStatus::kNoSpace ? CommitStatus::kNoSpace : CommitStatus::kReadOnly;
    }
    ceiling_ = ceiling;
    result.version = {ticket, 0};
    result.ticket = std::max(ticket, txn.read_ticket_);
    result.read_ticket = txn.read_ticket_;
    // Before a transaction can begin behind this commit: what such a one finds in a cache that a
    // hook keeps is never older than what it finds in the store.
    for (const auto& hook : txn.commit_hooks_) hook(result.version);
    last_committed_.store(ticket, std::memory_order_release);
    durability_->committed(ticket);
    return CommitStatus::kOk;
}

RunResult TransactionalStore::run(const TxnFunction& function, TimePoint deadline) {
    RunResult result;
    for (int attempt = 0;; ++attempt) {
        back_off(attempt);
        const bool alone = attempt >= kAttemptsBeforeAlone;
        const auto attempt_once = [&](bool locked) MR_NO_THREAD_SAFETY_ANALYSIS {
            OptimisticTxn txn(*this, locked);
            const TxnDecision decision = function(txn);
            if (txn.failed_) {
                result.status = CommitStatus::kUnavailable;
            } else if (txn.too_large_) {
                result.status = CommitStatus::kTooLarge;
            } else if (decision == TxnDecision::kCommit && txn.has_writes()) {
                if (!locked) commit_mutex_.lock();
                result.status = commit(txn, result);
                if (!locked) commit_mutex_.unlock();
            } else if (txn.read_slots_.size() > 1 && !unchanged_since_begin(txn)) {
                // Several reads must be of one moment, one read always is.
                result.status = CommitStatus::kConflict;
            } else {
                result.status = CommitStatus::kOk;
                result.ticket = result.read_ticket = txn.read_ticket_;
                if (decision == TxnDecision::kCommit) {
                    for (const auto& hook : txn.commit_hooks_) hook({});
                    return;
                }
            }
            if (result.status != CommitStatus::kOk || decision == TxnDecision::kRollback)
                txn.run_abort_hooks();
        };
        if (alone) {
            const MutexLock lock(commit_mutex_);
            attempt_once(true);
        } else {
            attempt_once(false);
        }
        if (result.status != CommitStatus::kConflict) return result;
        if (clock_.now() >= deadline) return result;
    }
}

CommitStatus TransactionalStore::read(KeyView key, std::optional<std::string>& value,
                                      Ticket& ticket) {
    const std::string encoded = encode_key(key);
    std::string bytes;
    const EngineStatus status = engine_->get(encoded, bytes);
    ticket = std::max(ticket, commits_.ticket(commits_.slot_of_key(encoded)));
    if (status == EngineStatus::kIoError) return CommitStatus::kUnavailable;
    value.reset();
    if (status == EngineStatus::kOk) value = std::move(bytes);
    return CommitStatus::kOk;
}

std::vector<LogRecord> TransactionalStore::read_log(const LogId& log, Version after,
                                                    size_t rows_max, size_t bytes_max) {
    std::vector<LogRecord> records;
    const Version first{after.major, after.minor + 1};
    const Version end{durability_->durable() + 1, 0};
    if (rows_max == 0 || first >= end) return records;
    size_t bytes = 0;
    const std::string prefix = encode_key({Space::kLog, log.id, {}});
    engine_->scan(
        prefix + encode_version(first), prefix + encode_version(end), false,
        [&](std::string_view key, std::string_view value) {
            if (!records.empty() && bytes + value.size() > bytes_max) return false;
            bytes += value.size();
            records.push_back({decode_version(key.substr(prefix.size())), std::string(value)});
            return records.size() < rows_max;
        });
    return records;
}

Version TransactionalStore::log_end(const LogId& log) {
    const Version end{durability_->durable() + 1, 0};
    Version last{end.major - 1, ~uint64_t{0} - 1};
    const std::string prefix = encode_key({Space::kLog, log.id, {}});
    engine_->scan(prefix, prefix + encode_version(end), true,
                  [&](std::string_view key, std::string_view) {
                      last = decode_version(key.substr(prefix.size()));
                      return false;
                  });
    return last;
}

void TransactionalStore::trim_log(const LogId& log, Version through) {
    const std::string to = encode_version({through.major, through.minor + 1});
    run(
        [&](Txn& txn) {
            txn.erase_range(Space::kLog, log.id, {}, to);
            return TxnDecision::kCommit;
        },
        TimePoint::max());
}

std::optional<Lease> TransactionalStore::acquire(std::string_view name, std::string_view owner,
                                                 Duration ttl) {
    std::optional<Lease> lease;
    const RunResult result = run(
        [&](Txn& txn) {
            lease.reset();
            const KeyView key{Space::kSystem, "lease", name};
            const std::optional<std::string> value = txn.get(key);
            LeaseRow row;
            if (value) row = decode_lease(*value);
            const TimePoint now = clock_.now();
            const bool mine = value && row.owner == owner;
            if (value && !mine && row.expires_ms > epoch_ms(now)) return TxnDecision::kRollback;
            if (!mine || row.expires_ms <= epoch_ms(now)) row.token += 1;
            row.owner = owner;
            row.expires_ms = epoch_ms(now + ttl);
            txn.put(key, encode_lease(row));
            lease = Lease{std::string(name), row.owner, row.token};
            return TxnDecision::kCommit;
        },
        TimePoint::max());
    if (result.status != CommitStatus::kOk || !wait_durable(result.ticket)) return std::nullopt;
    return lease;
}

bool TransactionalStore::renew(const Lease& lease, Duration ttl) {
    bool held = false;
    const RunResult result = run(
        [&](Txn& txn) {
            const KeyView key{Space::kSystem, "lease", lease.name};
            const std::optional<std::string> value = txn.get(key);
            LeaseRow row;
            if (value) row = decode_lease(*value);
            held = value && row.owner == lease.owner && row.token == lease.token;
            if (!held) return TxnDecision::kRollback;
            row.expires_ms = epoch_ms(clock_.now() + ttl);
            txn.put(key, encode_lease(row));
            return TxnDecision::kCommit;
        },
        TimePoint::max());
    return held && result.status == CommitStatus::kOk && wait_durable(result.ticket);
}

void TransactionalStore::release(const Lease& lease) {
    run(
        [&](Txn& txn) {
            const KeyView key{Space::kSystem, "lease", lease.name};
            const std::optional<std::string> value = txn.get(key);
            if (!value) return TxnDecision::kRollback;
            LeaseRow row = decode_lease(*value);
            if (row.owner != lease.owner || row.token != lease.token) return TxnDecision::kRollback;
            row.expires_ms = 0;  // the row stays: its token must never be given again
            txn.put(key, encode_lease(row));
            return TxnDecision::kCommit;
        },
        TimePoint::max());
}

}  // namespace millrace::store
