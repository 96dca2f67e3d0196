// OptimisticTxn: one attempt of a transaction of TransactionalStore. See there.
// Thread-safety: confined to the thread that runs it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/transactional_store.h"

namespace millrace::store {

class OptimisticTxn final : public Txn {
public:
    // `alone`: under the commit lock, where nothing is locked any more.
    OptimisticTxn(TransactionalStore& store, bool alone);

    std::optional<std::string> get(KeyView key) override;
    void watch(KeyView key) override;
    int64_t peek(KeyView key) override;
    void lock(std::span<const KeyView> keys) override;
    std::vector<std::optional<std::string>> get_many(std::span<const KeyView> keys) override;
    void scan(const ScanRange& range, const RowVisitor& visit) override;
    void scan_space(Space space, std::string_view from_partition, std::string_view from_sort,
                    std::string_view to_partition, const SpaceVisitor& visit) override;
    void put(KeyView key, std::string_view value) override;
    void erase(KeyView key) override;
    void erase_range(Space space, std::string_view partition, std::string_view from,
                     std::string_view to) override;
    void add(KeyView key, int64_t delta) override;
    void append(const LogId& log, std::string_view bytes) override;
    void require(const Lease& lease) override { leases_.push_back(lease); }
    void on_commit(std::function<void(Version)> hook) override {
        commit_hooks_.push_back(std::move(hook));
    }
    void on_abort(std::function<void()> hook) override { abort_hooks_.push_back(std::move(hook)); }

    void run_abort_hooks();
    bool has_writes() const;

private:
    friend class TransactionalStore;

    struct ErasedRange {
        Space space;
        std::string partition;
        std::string from;  // encoded
        std::string to;    // encoded
    };

    // What this transaction wrote under the key: nullptr if nothing, else the value or an erasure.
    const std::optional<std::string>* own_write(const std::string& key) const;
    void note_read(CommitTable::Slot slot);
    bool fits(KeyView key, size_t value_bytes);

    TransactionalStore& store_;
    const bool alone_;
    Ticket begin_;
    std::vector<std::unique_lock<std::mutex>> latches_;
    // What was read, and the newest ticket among it.
    std::vector<CommitTable::Slot> read_slots_;
    Ticket read_ticket_ = 0;
    bool failed_ = false;  // an engine read failed
    bool too_large_ = false;
    size_t bytes_ = 0;
    // By encoded key; an empty optional erases. Applied after the erased ranges.
    std::map<std::string, std::optional<std::string>, std::less<>> writes_;
    std::vector<CommitTable::Slot> write_slots_;
    std::vector<ErasedRange> erased_ranges_;
    std::vector<std::pair<std::string, int64_t>> adds_;
    std::vector<std::pair<LogId, std::string>> appends_;
    std::vector<Lease> leases_;
    std::vector<std::function<void(Version)>> commit_hooks_;
    std::vector<std::function<void()>> abort_hooks_;
};

}  // namespace millrace::store
