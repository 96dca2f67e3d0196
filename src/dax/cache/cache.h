// Cache: encoded answers by key, for items and for pages of queries. Sharded, least recently used
// within a memory bound, each entry with an end of its own. Concurrent misses of one key become one
// read; what a read brings is kept only if no write of the key began or ended meanwhile.
//
// How a late read loses: each key hashes to a slot of versions. begin_write and finish_write move
// the version on; a read remembers the version it began with, and is kept only under the same
// version. Two writes of a slot that overlap leave nothing in the cache, since nobody knows here
// which of them the table took last. Keys that share a slot only cost each other a fill.
//
// Thread-safety: safe from any thread; a hit takes one shard's mutex for a lookup and a relink.
// Callbacks run on the thread that finishes the read, without a mutex held. Ownership: the clock
// must outlive it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"

namespace millrace::dax {

// Immutable, shared by the cache and the answers being written. Empty: the upstream has nothing.
using CachedBytes = std::shared_ptr<const std::string>;

// Learns what writes leave behind: null bytes: nothing. Called for each key in the order of its
// writes, with a mutex of the cache held.
using WriteObserver = std::function<void(std::string_view key, const CachedBytes& bytes)>;

struct CacheOptions {
    uint64_t bytes_max = uint64_t{256} << 20;
    size_t shards = 64;
    Duration ttl = std::chrono::minutes(5);  // zero: entries do not end
    WriteObserver written;
};

struct CacheCounters {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t joined = 0;  // misses that waited for another's read
    uint64_t evicted = 0;
    uint64_t entries = 0;
    uint64_t bytes = 0;
};

class Cache {
public:
    // What an entry costs beside its key and bytes: nodes of the map and the list, the control
    // block.
    static constexpr uint64_t kEntryOverheadBytes = 192;

    // What the read brought, or why it failed: the same for all who waited.
    using Waiter = std::function<void(const Result<CachedBytes>&)>;

    // A read under way. Finished exactly once, with finish_read.
    class Read {
    public:
        Read() = default;

    private:
        friend class Cache;
        struct Flight;
        std::shared_ptr<Flight> flight_;
        std::string key_;
        uint64_t version_ = 0;
    };
    // A write under way. Finished exactly once, with finish_write.
    class Write {
    private:
        friend class Cache;
        std::string key_;
        uint64_t version_ = 0;
    };
    enum class Found : uint8_t {
        kHit,     // `bytes` are the answer
        kMiss,    // the caller reads, then calls finish_read
        kJoined,  // another reads; the waiter is called
    };

    Cache(CacheOptions options, const Clock& clock);
    ~Cache();

    // Null: not there. Counts as a hit or nothing.
    CachedBytes find(std::string_view key);
    Found find_or_read(std::string_view key, CachedBytes& bytes, Read& read, Waiter waiter);
    // A read that nobody joins (part of a batch).
    Read begin_read(std::string_view key);
    // Keeps the bytes (if the read did not fail) unless a write came between, and wakes who waits.
    void finish_read(Read read, const Result<CachedBytes>& bytes);

    Write begin_write(std::string_view key);
    // Null: what is stored now is not known, nothing stays in the cache.
    void finish_write(Write write, const CachedBytes& bytes);
    // The write failed for sure: the entry is as good as before.
    void cancel_write(Write write);
    // What a write left in another cache, in that cache's order. Reads under way lose; nobody
    // observes it.
    void replicate(std::string_view key, const CachedBytes& bytes);

    // For entries made from now on.
    void set_ttl(Duration ttl) { ttl_.store(ttl.count(), std::memory_order_relaxed); }
    void clear();
    CacheCounters counters() const;

private:
    static constexpr size_t kVersionsPerShard = 1024;
    struct Entry {
        std::string key;
        CachedBytes bytes;
        TimePoint ends;
    };
    using Entries = std::list<Entry>;
    struct Version {
        uint64_t number = 0;
        uint32_t writers = 0;
    };
    struct Shard {
        mutable Mutex mutex;
        Entries entries MR_GUARDED_BY(mutex);  // the most recently used first
        std::unordered_map<std::string_view, Entries::iterator> by_key MR_GUARDED_BY(mutex);
        std::unordered_map<std::string_view, std::shared_ptr<Read::Flight>> flights
            MR_GUARDED_BY(mutex);
        std::array<Version, kVersionsPerShard> versions MR_GUARDED_BY(mutex){};
        uint64_t bytes MR_GUARDED_BY(mutex) = 0;
        CacheCounters counters MR_GUARDED_BY(mutex);
    };
    struct Place {
        Shard& shard;
        size_t version;
    };
    Place place_of(std::string_view key) const;
    CachedBytes look_up(Shard& shard, std::string_view key) MR_REQUIRES(shard.mutex);
    void keep(Shard& shard, std::string_view key, const CachedBytes& bytes)
        MR_REQUIRES(shard.mutex);
    void drop(Shard& shard, Entries::iterator entry) MR_REQUIRES(shard.mutex);
    void drop(Shard& shard, std::string_view key) MR_REQUIRES(shard.mutex);

    const Clock& clock_;
    const uint64_t shard_bytes_max_;
    const WriteObserver written_;
    std::atomic<Duration::rep> ttl_;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace millrace::dax
