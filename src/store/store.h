// Store: ordered, durable, strictly serializable key-value store with append-only logs.
//
// Nothing of an engine shows here: the same contract test (store_contract_test.cc) runs against
// mem/ and rocks/, and a shared SQL engine fits behind it. A transaction may read and build on
// commits that are not yet on disk; whoever answers a client first waits for the Ticket that
// run() returned, which covers everything the transaction wrote AND read. So nothing that a power
// cut could take back is ever shown.
//
// Thread-safety: Store is safe from any thread; a Txn belongs to the thread that runs it.
// Ownership: a Txn and its scans must not outlive the call of the TxnFunction they were given to.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.h"
#include "store/key.h"

namespace millrace::store {

// A position in the order of commits. 0 is before everything. A ticket is durable once it and all
// before it are on disk.
using Ticket = uint64_t;

// A log record's place, assigned by the engine at commit: increasing in commit order over all logs.
// 128 bits, since a shared engine needs (epoch, transaction id, sequence).
struct Version {
    uint64_t major = 0;
    uint64_t minor = 0;
    friend auto operator<=>(const Version&, const Version&) = default;
};

// One append-only log, e.g. a shard of a table's stream. `id` at most 48 bytes.
struct LogId {
    std::string id;
};

struct LogRecord {
    Version version;
    std::string bytes;
};

// Rows of one partition, sort keys in [from, to), ascending or descending. An empty `to` means up
// to the partition's end.
struct ScanRange {
    Space space;
    std::string_view partition;
    std::string_view from;
    std::string_view to;
    bool descending = false;
};

// Called per row in order; the views live until it returns. Return false to stop.
using RowVisitor = std::function<bool(std::string_view sort, std::string_view value)>;
using SpaceVisitor =
    std::function<bool(std::string_view partition, std::string_view sort, std::string_view value)>;

// Which instance may do a piece of background work. The fencing token grows with every acquisition.
struct Lease {
    std::string name;
    std::string owner;
    uint64_t token = 0;
};

enum class CommitStatus : uint8_t {
    kOk,
    kConflict,     // run() gave up: the deadline passed while others kept winning
    kUnknown,      // the connection to a shared engine broke during commit
    kTooLarge,     // more than Limits says
    kReadOnly,     // an earlier I/O error latched the store; see health()
    kNoSpace,      // the disk is full
    kUnavailable,  // an I/O error while reading, or the store is closing
    kFenced,       // a required lease belongs to somebody else now
};

class Txn {
public:
    virtual ~Txn() = default;

    // The value, seeing this transaction's own writes. An I/O error makes the transaction fail as a
    // whole (run() returns kUnavailable and nothing it answered may be used), so operations need
    // no error path of their own here.
    virtual std::optional<std::string> get(KeyView key) = 0;
    // Puts the key into the conflict set without reading it: a commit of another that changes it
    // makes this one run again, if it writes. For what the caller has cached.
    virtual void watch(KeyView key) { (void)get(key); }
    // Of the keys that this transaction is going to change, before it reads them; only the first
    // call counts: transactions that lock a key run one after another, until they have committed
    // (not until the flush), instead of repeating each other. Only a hint: what is not locked
    // conflicts as ever.
    virtual void lock(std::span<const KeyView> keys) { (void)keys; }
    // The counter as it is now, with this transaction's own adds, but outside the conflict set: for
    // limits that need not be exact.
    virtual int64_t peek(KeyView key) = 0;
    // As many get()s; same order as the keys.
    virtual std::vector<std::optional<std::string>> get_many(std::span<const KeyView> keys) = 0;
    // The range is part of the conflict set: a commit of another that changes the partition makes
    // this one run again. O(rows visited).
    virtual void scan(const ScanRange& range, const RowVisitor& visit) = 0;
    // Rows of many partitions: from (partition, sort) inclusive on, ascending, while partition <
    // to_partition. Not in the conflict set and blind to own writes: for Scan, listings and
    // background work, never for a decision that a write depends on.
    virtual void scan_space(Space space, std::string_view from_partition,
                            std::string_view from_sort, std::string_view to_partition,
                            const SpaceVisitor& visit) = 0;

    virtual void put(KeyView key, std::string_view value) = 0;
    virtual void erase(KeyView key) = 0;
    // Rows of one partition, sort in [from, to); empty `to`: to the partition's end.
    virtual void erase_range(Space space, std::string_view partition, std::string_view from,
                             std::string_view to) = 0;
    // Adds to a 64-bit counter (8 bytes big-endian, two's complement; absent is 0) without putting
    // it into the conflict set.
    virtual void add(KeyView key, int64_t delta) = 0;
    // Appends a record; its version is assigned at commit, in commit order. A transaction's records
    // keep their order.
    virtual void append(const LogId& log, std::string_view bytes) = 0;
    // The commit fails with kFenced unless the lease is still held by its owner with its token.
    virtual void require(const Lease& lease) = 0;

    // Runs right after this transaction committed (not yet durable), in commit order over all
    // transactions, under the engine's commit lock: short, no store call, no blocking. `version` is
    // that of the commit. For in-memory indexes derived from the store. Dropped if the attempt
    // does not commit.
    virtual void on_commit(std::function<void(Version version)> hook) = 0;
    // Runs when this attempt does not commit (conflict, error, roll-back), e.g. to give back what
    // was reserved in memory.
    virtual void on_abort(std::function<void()> hook) = 0;
};

enum class TxnDecision : uint8_t { kCommit, kRollback };
// May run more than once; must not have effects except through the Txn.
using TxnFunction = std::function<TxnDecision(Txn&)>;

struct RunResult {
    CommitStatus status = CommitStatus::kOk;
    // Wait for it before showing anything that the transaction read or wrote (also after a
    // roll-back, whose answer depends on what it read).
    Ticket ticket = 0;
    // What it read alone: enough for an answer that may forget the transaction's own writes.
    Ticket read_ticket = 0;
    Version version;  // of the commit; zero for a roll-back or a read-only transaction
};

struct Limits {
    size_t key_bytes_max = kPartitionBytesMax + kSortBytesMax;
    size_t value_bytes_max = 16 << 20;
    size_t txn_bytes_max = 64 << 20;
};

// What an operator must know. `writable` false is final until a restart.
struct Health {
    bool writable = true;
    std::string reason;
};

class Store {
public:
    virtual ~Store() = default;

    // Runs the function in a transaction, again after conflicts with jitter, until it commits,
    // rolls back or the deadline passes. After some losses it runs alone, so it cannot starve.
    virtual RunResult run(const TxnFunction& function, TimePoint deadline = TimePoint::max()) = 0;

    // One key without a transaction: cheaper, equally consistent. `ticket` is raised to cover the
    // value. An I/O error gives kUnavailable.
    virtual CommitStatus read(KeyView key, std::optional<std::string>& value, Ticket& ticket) = 0;

    virtual bool is_durable(Ticket ticket) const = 0;
    // Calls back once, from the store's thread or right away, with true when durable, false when it
    // never will be (the store failed or closes). The callback must be short.
    virtual void when_durable(Ticket ticket, std::function<void(bool durable)> callback) = 0;
    // Blocks. False as above.
    virtual bool wait_durable(Ticket ticket) = 0;

    // Durable records behind `after` (exclusive), oldest first, at most rows_max of them and about
    // bytes_max bytes (at least one record, if there is one).
    virtual std::vector<LogRecord> read_log(const LogId& log, Version after, size_t rows_max,
                                            size_t bytes_max) = 0;
    // The version of the log's last durable record, or that of the newest durable commit if the log
    // is empty: reading after it gives only what is appended from now on.
    virtual Version log_end(const LogId& log) = 0;
    // Drops records up to and including `through`. Asynchronous in effect, durable in time.
    virtual void trim_log(const LogId& log, Version through) = 0;

    // nullopt: held by another. Held again by the same owner: prolonged, with the same token.
    virtual std::optional<Lease> acquire(std::string_view name, std::string_view owner,
                                         Duration ttl) = 0;
    virtual bool renew(const Lease& lease, Duration ttl) = 0;
    virtual void release(const Lease& lease) = 0;

    virtual Limits limits() const = 0;
    virtual Health health() const = 0;
    // Makes everything durable and stops the store's threads. Called once, last.
    virtual void close() = 0;
};

}  // namespace millrace::store
