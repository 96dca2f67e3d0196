#include "dax/cluster/replication.h"

#include <algorithm>

namespace millrace::dax {

Replication::Replica* Replication::find(const Cache& cache) {
    const auto found = std::ranges::find(replicas_, &cache, &Replica::cache);
    return found == replicas_.end() ? nullptr : &*found;
}

uint64_t Replication::slowest() const {
    uint64_t next = end();
    for (const Replica& replica : replicas_) next = std::min(next, replica.next);
    return next;
}

void Replication::trim() {
    for (const uint64_t needed = slowest(); first_ < needed; ++first_) {
        bytes_ -= log_.front()->cost();
        log_.pop_front();
    }
}

void Replication::join(Cache& cache) {
    const MutexLock lock(mutex_);
    replicas_.push_back({&cache, end()});
}

void Replication::leave(Cache& cache) {
    const MutexLock applying(applying_);
    const MutexLock lock(mutex_);
    std::erase_if(replicas_, [&](const Replica& replica) { return replica.cache == &cache; });
    trim();
}

void Replication::hand_over(Cache* before, Cache& next) {
    {
        const MutexLock applying(applying_);
        while (apply_to(next)) {
        }
    }
    leave(next);
    if (before != nullptr) join(*before);
}

void Replication::written(std::string_view key, const CachedBytes& bytes) {
    bool first = false;
    {
        const MutexLock lock(mutex_);
        if (replicas_.empty()) return;
        first = log_.empty();
        log_.push_back(std::make_shared<const Change>(Change{std::string(key), bytes}));
        bytes_ += log_.back()->cost();
        while (too_long() && !log_.empty()) {
            const uint64_t behind = slowest();
            for (Replica& replica : replicas_) {
                if (replica.next != behind) continue;
                replica.flush = true;
                replica.next = end();
                ++flushes_;
            }
            trim();
            first = true;  // to be emptied
        }
    }
    if (first) wake_();
}

bool Replication::apply_to(Cache& cache) {
    bool flush = false;
    Changes piece;
    {
        const MutexLock lock(mutex_);
        Replica* replica = find(cache);
        if (replica == nullptr) return false;
        flush = replica->flush;
        replica->flush = false;
        // What came behind an overflow comes after the emptying.
        for (uint64_t n = replica->next; n < end() && piece.size() < kPieceMax; ++n)
            piece.push_back(log_[n - first_]);
    }
    if (flush) cache.clear();
    for (const auto& change : piece) cache.replicate(change->key, change->bytes);
    const MutexLock lock(mutex_);
    Replica* replica = find(cache);
    // An overflow meanwhile has moved its place already.
    if (!replica->flush) replica->next += piece.size();
    trim();
    return flush || !piece.empty();
}

bool Replication::apply() {
    const MutexLock applying(applying_);
    std::vector<Cache*> caches;
    {
        const MutexLock lock(mutex_);
        for (const Replica& replica : replicas_) caches.push_back(replica.cache);
    }
    bool more = false;
    for (Cache* cache : caches) more = apply_to(*cache) || more;
    return more;
}

uint64_t Replication::flushes() const {
    const MutexLock lock(mutex_);
    return flushes_;
}

}  // namespace millrace::dax
