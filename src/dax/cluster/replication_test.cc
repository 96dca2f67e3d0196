// Whatever the order of writes, reads, replication, overflows, restarts and changes of the leader:
// what the leader has cached is never older than an acknowledged write, and once everything has
// arrived no node has anything cached but the truth.
#include "dax/cluster/replication.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "core/random.h"

namespace millrace::dax {
namespace {

CachedBytes bytes(uint64_t value) {
    return std::make_shared<const std::string>(std::to_string(value));
}
std::optional<uint64_t> cached(Cache& cache, std::string_view key) {
    const CachedBytes found = cache.find(key);
    return found == nullptr ? std::nullopt : std::optional<uint64_t>(std::stoull(*found));
}

struct Node3 {
    explicit Node3(Replication& replication, const Clock& clock)
        : cache(CacheOptions{.bytes_max = 1 << 20,
                             .shards = 2,
                             .ttl = {},
                             .written =
                                 [&replication](std::string_view key, const CachedBytes& left) {
                                     replication.written(key, left);
                                 }},
                clock) {}
    Cache cache;
};

class ReplicationTest : public ::testing::Test {
protected:
    explicit ReplicationTest(ReplicationOptions options = {})
        : replication(options, [this] { ++wakes; }) {
        for (int i = 0; i < 3; ++i) nodes.push_back(std::make_unique<Node3>(replication, clock));
        for (size_t i = 1; i < nodes.size(); ++i) replication.join(nodes[i]->cache);
    }
    Cache& cache(size_t i) { return nodes[i]->cache; }
    void write(std::string_view key, uint64_t value) {
        cache(0).finish_write(cache(0).begin_write(key), bytes(value));
    }
    void apply_all() {
        while (replication.apply()) {
        }
    }

    FakeClock clock;
    std::atomic<int> wakes{0};
    Replication replication;
    std::vector<std::unique_ptr<Node3>> nodes;
};

class ShortLogTest : public ReplicationTest {
protected:
    ShortLogTest() : ReplicationTest({.changes_max = 8, .bytes_max = 1 << 20}) {}
};

TEST_F(ReplicationTest, WritesArriveInOrderAndNotBeforeTheyAreCarried) {
    write("k", 1);
    write("k", 2);
    write("other", 3);
    EXPECT_EQ(wakes, 1);  // the rest came while something was waiting
    EXPECT_EQ(cached(cache(1), "k"), std::nullopt);
    apply_all();
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(cached(cache(i), "k"), 2U);
        EXPECT_EQ(cached(cache(i), "other"), 3U);
    }
    EXPECT_FALSE(replication.apply());
    // What the leader does not keep, nobody keeps.
    cache(0).finish_write(cache(0).begin_write("k"), nullptr);
    apply_all();
    EXPECT_EQ(cached(cache(2), "k"), std::nullopt);
}

TEST_F(ReplicationTest, ALateReadLosesAgainstAReplicatedWrite) {
    Cache::Read read = cache(1).begin_read("k");
    write("k", 2);
    apply_all();
    cache(1).finish_read(std::move(read), bytes(1));
    EXPECT_EQ(cached(cache(1), "k"), 2U);
}

TEST_F(ShortLogTest, WhoFallsBehindIsEmptied) {
    write("early", 1);
    apply_all();
    Cache::Read read = cache(1).begin_read("late");
    for (uint64_t i = 0; i < 9; ++i) write("k" + std::to_string(i), i);
    EXPECT_EQ(replication.flushes(), 2U);
    write("after", 7);
    apply_all();
    cache(1).finish_read(std::move(read), bytes(1));
    for (size_t i = 1; i < 3; ++i) {
        EXPECT_EQ(cached(cache(i), "early"), std::nullopt);
        EXPECT_EQ(cached(cache(i), "k3"), std::nullopt);
        EXPECT_EQ(cached(cache(i), "after"), 7U);
    }
    EXPECT_EQ(cached(cache(1), "late"), std::nullopt);
    EXPECT_EQ(cached(cache(0), "early"), 1U);
}

TEST_F(ReplicationTest, LargeItemsCountByTheirBytes) {
    const auto large = std::make_shared<const std::string>(std::string(400 << 10, 'x'));
    for (int i = 0; i < 100; ++i)
        cache(0).finish_write(cache(0).begin_write(std::to_string(i)), large);
    EXPECT_GE(replication.flushes(), 2U);
}

TEST_F(ReplicationTest, WhoBeginsToLeadHasEverythingFirst) {
    write("k", 1);
    replication.hand_over(&cache(0), cache(1));
    EXPECT_EQ(cached(cache(1), "k"), 1U);
    cache(1).finish_write(cache(1).begin_write("k"), bytes(2));
    apply_all();
    EXPECT_EQ(cached(cache(0), "k"), 2U);
    EXPECT_EQ(cached(cache(2), "k"), 2U);
}

TEST_F(ReplicationTest, NothingIsKeptWithoutReplicas) {
    replication.leave(cache(1));
    replication.leave(cache(2));
    write("k", 1);
    EXPECT_FALSE(replication.apply());
    replication.join(cache(1));
    EXPECT_FALSE(replication.apply());
    EXPECT_EQ(wakes, 0);
}

// One schedule of everything that may happen, chosen by a seed.
class Schedule {
public:
    Schedule(uint64_t seed, Replication& replication, std::vector<std::unique_ptr<Node3>>& nodes)
        : rng_(seed), replication_(replication), nodes_(nodes) {}

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            check_leader();
        }
        while (!writes_.empty()) end_write(0);
        while (!reads_.empty()) end_read(0);
        while (replication_.apply()) {
        }
        for (size_t i = 0; i < nodes_.size(); ++i) {
            for (const auto& [key, value] : upstream_) {
                const auto found = cached(nodes_[i]->cache, key);
                if (found) ++kept;
                EXPECT_TRUE(!found || *found == value) << "node " << i << ", key " << key;
            }
        }
    }
    int kept = 0;  // what was there to compare

private:
    struct Write {
        std::string key;
        Cache::Write write;
        std::optional<uint64_t> value;  // once the upstream has it
    };
    struct Read {
        std::string key;
        size_t node;
        Cache::Read read;
        std::optional<uint64_t> value;
    };
    size_t below(size_t n) { return static_cast<size_t>(rng_.next_u64() % n); }
    std::string some_key() { return std::string(1, static_cast<char>('a' + below(4))); }

    void step() {
        switch (below(10)) {
            case 0:
            case 1: {
                const std::string key = some_key();
                writes_.push_back({key, nodes_[leader_]->cache.begin_write(key), {}});
                return;
            }
            case 2:
                if (writes_.empty()) return;
                commit(writes_[below(writes_.size())]);
                return;
            case 3:
            case 4:
                if (!writes_.empty()) end_write(below(writes_.size()));
                return;
            case 5: {
                const size_t node = below(nodes_.size());
                const std::string key = some_key();
                if (nodes_[node]->cache.find(key) == nullptr)
                    reads_.push_back({key, node, nodes_[node]->cache.begin_read(key), {}});
                return;
            }
            case 6:
                if (reads_.empty()) return;
                fetch(reads_[below(reads_.size())]);
                return;
            case 7:
                if (!reads_.empty()) end_read(below(reads_.size()));
                return;
            case 8:
                if (below(3) == 0) replication_.apply();
                return;
            case 9:
                if (below(4) == 0) change_nodes();
                return;
        }
    }
    void commit(Write& write) {
        if (write.value) return;
        write.value = ++number_;
        upstream_[write.key] = number_;
    }
    void end_write(size_t i) {
        Write write = std::move(writes_[i]);
        writes_.erase(writes_.begin() + static_cast<ptrdiff_t>(i));
        Cache& cache = nodes_[leader_]->cache;
        if (!write.value) return cache.cancel_write(std::move(write.write));
        const bool unknown = below(8) == 0;
        cache.finish_write(std::move(write.write), unknown ? nullptr : bytes(*write.value));
        uint64_t& acknowledged = acknowledged_[write.key];
        acknowledged = std::max(acknowledged, *write.value);
    }
    void fetch(Read& read) {
        if (!read.value) read.value = upstream_[read.key];
    }
    void end_read(size_t i) {
        Read read = std::move(reads_[i]);
        reads_.erase(reads_.begin() + static_cast<ptrdiff_t>(i));
        fetch(read);
        nodes_[read.node]->cache.finish_read(std::move(read.read), bytes(*read.value));
    }
    void change_nodes() {
        const size_t node = below(nodes_.size());
        if (node == leader_) return;
        Cache& cache = nodes_[node]->cache;
        if (below(2) == 0) {
            // Started again.
            replication_.leave(cache);
            cache.clear();
            replication_.join(cache);
            return;
        }
        // As Leadership sees to it.
        while (!writes_.empty()) end_write(0);
        replication_.hand_over(&nodes_[leader_]->cache, cache);
        leader_ = node;
    }
    void check_leader() {
        for (const auto& [key, value] : acknowledged_) {
            const auto found = cached(nodes_[leader_]->cache, key);
            EXPECT_TRUE(!found || *found >= value) << "key " << key;
        }
    }

    SeededRng rng_;
    Replication& replication_;
    std::vector<std::unique_ptr<Node3>>& nodes_;
    size_t leader_ = 0;
    uint64_t number_ = 0;
    std::map<std::string, uint64_t> upstream_;
    std::map<std::string, uint64_t> acknowledged_;
    std::vector<Write> writes_;
    std::vector<Read> reads_;
};

TEST_F(ShortLogTest, EverySchedulesEndIsTheTruth) {
    int kept = 0;
    uint64_t flushes = 0;
    for (uint64_t seed = 0; seed < 300; ++seed) {
        Replication log({.changes_max = 4, .bytes_max = 1 << 20}, [] {});
        std::vector<std::unique_ptr<Node3>> three;
        for (int i = 0; i < 3; ++i) three.push_back(std::make_unique<Node3>(log, clock));
        log.join(three[1]->cache);
        log.join(three[2]->cache);
        Schedule schedule(seed, log, three);
        schedule.run(400);
        kept += schedule.kept;
        flushes += log.flushes();
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
    EXPECT_GT(kept, 1000);
    EXPECT_GT(flushes, 100U);
}

// Writers at the leader, readers at a replica, and the log too short for both.
TEST_F(ShortLogTest, ThreadsEndAtTheTruth) {
    constexpr size_t kKeys = 4;
    constexpr uint64_t kWrites = 3'000;
    std::array<std::atomic<uint64_t>, kKeys> upstream{};
    const auto name = [](size_t key) { return std::string(1, static_cast<char>('a' + key)); };
    std::atomic<size_t> writing{2};
    std::vector<std::thread> threads;
    for (size_t first = 0; first < 2; ++first) {
        threads.emplace_back([&, first] {
            for (uint64_t value = 1; value <= kWrites; ++value) {
                for (size_t key = first; key < kKeys; key += 2) {
                    Cache::Write write = cache(0).begin_write(name(key));
                    upstream[key] = value;
                    cache(0).finish_write(std::move(write), bytes(value));
                    EXPECT_EQ(cached(cache(0), name(key)), value);
                }
            }
            --writing;
        });
    }
    threads.emplace_back([&] {
        for (size_t key = 0; writing > 0; key = (key + 1) % kKeys) {
            if (cache(1).find(name(key)) != nullptr) continue;
            Cache::Read read = cache(1).begin_read(name(key));
            const uint64_t value = upstream[key];
            cache(1).finish_read(std::move(read), bytes(value));
        }
    });
    threads.emplace_back([&] {
        while (writing > 0) replication.apply();
    });
    for (auto& thread : threads) thread.join();
    apply_all();
    for (size_t node = 0; node < 3; ++node) {
        for (size_t key = 0; key < kKeys; ++key) {
            const auto found = cached(cache(node), name(key));
            EXPECT_TRUE(!found || *found == kWrites) << "node " << node << ", key " << key;
        }
    }
}

}  // namespace
}  // namespace millrace::dax
