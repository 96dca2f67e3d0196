#include "dax/cache/cache.h"

#include <algorithm>
#include <utility>

namespace millrace::dax {
namespace {

uint64_t cost_of(std::string_view key, const std::string& bytes) {
    return key.size() + bytes.capacity() + Cache::kEntryOverheadBytes;
}

}  // namespace

struct Cache::Read::Flight {
    std::string key;  // what the shard's map refers to
    uint64_t version = 0;
    std::vector<Waiter> waiters;  // guarded by the shard's mutex
};

Cache::Cache(CacheOptions options, const Clock& clock)
    : clock_(clock),
      shard_bytes_max_(options.bytes_max / std::max<size_t>(options.shards, 1)),
      written_(std::move(options.written)),
      ttl_(options.ttl.count()) {
    for (size_t i = 0; i < std::max<size_t>(options.shards, 1); ++i)
        shards_.push_back(std::make_unique<Shard>());
}

Cache::~Cache() = default;

Cache::Place Cache::place_of(std::string_view key) const {
    const uint64_t hash = std::hash<std::string_view>{}(key);
    return {*shards_[hash % shards_.size()], (hash >> 32) % kVersionsPerShard};
}

void Cache::drop(Shard& shard, Entries::iterator entry) {
    shard.bytes -= cost_of(entry->key, *entry->bytes);
    shard.by_key.erase(entry->key);
    shard.entries.erase(entry);
}

void Cache::drop(Shard& shard, std::string_view key) {
    const auto found = shard.by_key.find(key);
    if (found != shard.by_key.end()) drop(shard, found->second);
}

CachedBytes Cache::look_up(Shard& shard, std::string_view key) {
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) return nullptr;
    const Entries::iterator entry = found->second;
    // The clock is asked only about what could end.
    if (entry->ends != TimePoint::max() && entry->ends <= clock_.now()) {
        drop(shard, entry);
        return nullptr;
    }
    if (entry != shard.entries.begin())
        shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return entry->bytes;
}

void Cache::keep(Shard& shard, std::string_view key, const CachedBytes& bytes) {
    drop(shard, key);
    const uint64_t cost = cost_of(key, *bytes);
    if (cost > shard_bytes_max_) return;
    while (shard.bytes + cost > shard_bytes_max_) {
        drop(shard, std::prev(shard.entries.end()));
        ++shard.counters.evicted;
    }
    const Duration ttl(ttl_.load(std::memory_order_relaxed));
    const TimePoint ends = ttl.count() == 0 ? TimePoint::max() : clock_.now() + ttl;
    shard.entries.push_front({std::string(key), bytes, ends});
    shard.by_key.emplace(shard.entries.front().key, shard.entries.begin());
    shard.bytes += cost;
}

CachedBytes Cache::find(std::string_view key) {
    Shard& shard = place_of(key).shard;
    const MutexLock lock(shard.mutex);
    CachedBytes bytes = look_up(shard, key);
    if (bytes != nullptr) ++shard.counters.hits;
    return bytes;
}

Cache::Found Cache::find_or_read(std::string_view key, CachedBytes& bytes, Read& read,
                                 Waiter waiter) {
    const Place place = place_of(key);
    Shard& shard = place.shard;
    const MutexLock lock(shard.mutex);
    bytes = look_up(shard, key);
    if (bytes != nullptr) {
        ++shard.counters.hits;
        return Found::kHit;
    }
    ++shard.counters.misses;
    const Version& version = shard.versions[place.version];
    const auto found = shard.flights.find(key);
    if (found != shard.flights.end()) {
        // A read that began before a write ended must not answer whoever asks after that write.
        if (found->second->version == version.number) {
            ++shard.counters.joined;
            found->second->waiters.push_back(std::move(waiter));
            return Found::kJoined;
        }
        shard.flights.erase(found);  // its own waiters still hold on to it
    }
    auto flight = std::make_shared<Read::Flight>();
    flight->key = key;
    flight->version = version.number;
    shard.flights.emplace(flight->key, flight);
    read.key_ = key;
    read.version_ = version.number;
    read.flight_ = std::move(flight);
    return Found::kMiss;
}

Cache::Read Cache::begin_read(std::string_view key) {
    const Place place = place_of(key);
    const MutexLock lock(place.shard.mutex);
    ++place.shard.counters.misses;
    Read read;
    read.key_ = key;
    read.version_ = place.shard.versions[place.version].number;
    return read;
}

void Cache::finish_read(Read read, const Result<CachedBytes>& bytes) {
    std::vector<Waiter> waiters;
    {
        const Place place = place_of(read.key_);
        Shard& shard = place.shard;
        const MutexLock lock(shard.mutex);
        const Version& version = shard.versions[place.version];
        const bool current = version.number == read.version_ && version.writers == 0;
        if (bytes && current) keep(shard, read.key_, *bytes);
        if (read.flight_ != nullptr) {
            const auto found = shard.flights.find(read.key_);
            if (found != shard.flights.end() && found->second == read.flight_)
                shard.flights.erase(found);
            waiters.swap(read.flight_->waiters);
        }
    }
    for (const Waiter& waiter : waiters) waiter(bytes);
}

Cache::Write Cache::begin_write(std::string_view key) {
    const Place place = place_of(key);
    const MutexLock lock(place.shard.mutex);
    Version& version = place.shard.versions[place.version];
    ++version.writers;
    Write write;
    write.key_ = key;
    write.version_ = ++version.number;
    return write;
}

void Cache::finish_write(Write write, const CachedBytes& bytes) {
    const Place place = place_of(write.key_);
    const MutexLock lock(place.shard.mutex);
    Version& version = place.shard.versions[place.version];
    const bool alone = --version.writers == 0 && version.number == write.version_;
    ++version.number;
    const CachedBytes left = alone ? bytes : nullptr;
    if (left != nullptr) {
        keep(place.shard, write.key_, left);
    } else {
        drop(place.shard, write.key_);
    }
    if (written_) written_(write.key_, left);
}

void Cache::replicate(std::string_view key, const CachedBytes& bytes) {
    const Place place = place_of(key);
    const MutexLock lock(place.shard.mutex);
    Version& version = place.shard.versions[place.version];
    ++version.number;
    if (bytes != nullptr && version.writers == 0) {
        keep(place.shard, key, bytes);
    } else {
        drop(place.shard, key);
    }
}

void Cache::cancel_write(Write write) {
    const Place place = place_of(write.key_);
    const MutexLock lock(place.shard.mutex);
    Version& version = place.shard.versions[place.version];
    --version.writers;
    ++version.number;
}

void Cache::clear() {
    for (const auto& shard : shards_) {
        const MutexLock lock(shard->mutex);
        shard->by_key.clear();
        shard->entries.clear();
        shard->bytes = 0;
        // Reads under way bring what was there before.
        for (Version& version : shard->versions) ++version.number;
    }
}

CacheCounters Cache::counters() const {
    CacheCounters sum;
    for (const auto& shard : shards_) {
        const MutexLock lock(shard->mutex);
        sum.hits += shard->counters.hits;
        sum.misses += shard->counters.misses;
        sum.joined += shard->counters.joined;
        sum.evicted += shard->counters.evicted;
        sum.entries += shard->entries.size();
        sum.bytes += shard->bytes;
    }
    return sum;
}

}  // namespace millrace::dax
