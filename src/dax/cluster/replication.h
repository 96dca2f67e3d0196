// Replication: carries what writes leave in the leader's item cache to those of the replicas, in
// order. One log in memory; each replica has a place in it. A replica that falls behind the log's
// bound is emptied instead, so that nothing stale stays. Why that converges: docs/adr/0011.
// Thread-safety: safe from any thread. written() is called with a mutex of the leader's cache held
// and takes none of another cache. Ownership: a cache must not go between join and leave.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "dax/cache/cache.h"

namespace millrace::dax {

struct ReplicationOptions {
    size_t changes_max = 10'000;
    uint64_t bytes_max = 16 << 20;  // keys and items together
};

class Replication {
public:
    // `wake`: something is waiting where nothing was.
    Replication(ReplicationOptions options, std::function<void()> wake)
        : options_(options), wake_(std::move(wake)) {}

    // A replica's cache gets all that is written from now on.
    void join(Cache& cache);
    // When it returns nothing is applied to the cache any more.
    void leave(Cache& cache);
    // While nobody writes: `next` gets all that waited for it, and is then the one that others
    // follow; `before`, if there still is one, follows from now on.
    void hand_over(Cache* before, Cache& next);

    void written(std::string_view key, const CachedBytes& bytes);
    // Applies a bounded piece to every replica. True: more is waiting.
    bool apply();

    uint64_t flushes() const;

private:
    static constexpr size_t kPieceMax = 256;
    struct Change {
        std::string key;
        CachedBytes bytes;
        uint64_t cost() const { return key.size() + (bytes == nullptr ? 0 : bytes->size()); }
    };
    struct Replica {
        Cache* cache;
        uint64_t next;  // number of the first change that it has not got
        bool flush = false;
    };
    using Changes = std::vector<std::shared_ptr<const Change>>;

    // False: nothing waited for it.
    bool apply_to(Cache& cache) MR_REQUIRES(applying_);
    Replica* find(const Cache& cache) MR_REQUIRES(mutex_);
    uint64_t end() const MR_REQUIRES(mutex_) { return first_ + log_.size(); }
    bool too_long() const MR_REQUIRES(mutex_) {
        return log_.size() > options_.changes_max || bytes_ > options_.bytes_max;
    }
    uint64_t slowest() const MR_REQUIRES(mutex_);
    void trim() MR_REQUIRES(mutex_);

    const ReplicationOptions options_;
    const std::function<void()> wake_;
    Mutex applying_;  // before mutex_: changes are applied by one thread at a time
    mutable Mutex mutex_;
    std::deque<std::shared_ptr<const Change>> log_ MR_GUARDED_BY(mutex_);
    uint64_t first_ MR_GUARDED_BY(mutex_) = 0;  // number of the log's first change
    uint64_t bytes_ MR_GUARDED_BY(mutex_) = 0;
    uint64_t flushes_ MR_GUARDED_BY(mutex_) = 0;
    std::vector<Replica> replicas_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dax
