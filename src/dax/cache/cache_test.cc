#include "dax/cache/cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>

#include "core/random.h"

namespace millrace::dax {
namespace {

CachedBytes bytes(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class CacheTest : public ::testing::Test {
protected:
    // The cached text; nothing: not cached.
    std::optional<std::string> cached(std::string_view key) {
        const CachedBytes found = cache.find(key);
        return found == nullptr ? std::nullopt : std::optional(*found);
    }
    void put(std::string_view key, const std::string& text) {
        cache.finish_write(cache.begin_write(key), bytes(text));
    }
    static void nobody(const Result<CachedBytes>&) { FAIL() << "nobody waits"; }

    FakeClock clock;
    Cache cache{CacheOptions{.bytes_max = 1 << 20, .shards = 4}, clock};
};

TEST_F(CacheTest, AMissIsReadOnceAndKept) {
    CachedBytes found;
    Cache::Read read;
    std::vector<std::string> answers;
    ASSERT_EQ(cache.find_or_read("k", found, read, nobody), Cache::Found::kMiss);
    for (int i = 0; i < 1000; ++i) {
        Cache::Read other;
        ASSERT_EQ(cache.find_or_read("k", found, other,
                                     [&](const Result<CachedBytes>& b) { answers.push_back(**b); }),
                  Cache::Found::kJoined);
    }
    cache.finish_read(std::move(read), bytes("v"));
    EXPECT_EQ(answers, std::vector<std::string>(1000, "v"));
    Cache::Read none;
    EXPECT_EQ(cache.find_or_read("k", found, none, nobody), Cache::Found::kHit);
    EXPECT_EQ(*found, "v");
    EXPECT_EQ(cache.counters().joined, 1000U);
}

TEST_F(CacheTest, AFailedReadTellsTheWaitersAndKeepsNothing) {
    CachedBytes found;
    Cache::Read read;
    Cache::Read other;
    int failed = 0;
    (void)cache.find_or_read("k", found, read, nobody);
    (void)cache.find_or_read("k", found, other,
                             [&](const Result<CachedBytes>& b) { failed += !b; });
    cache.finish_read(std::move(read), Error{});
    EXPECT_EQ(failed, 1);
    EXPECT_EQ(cache.find_or_read("k", found, other, nobody), Cache::Found::kMiss);
}

TEST_F(CacheTest, AbsenceIsCachedToo) {
    put("k", "");
    EXPECT_EQ(cached("k"), "");
    EXPECT_EQ(cached("other"), std::nullopt);
}

TEST_F(CacheTest, EntriesEndAndHitsDoNotProlongThem) {
    put("k", "v");
    clock.advance(std::chrono::minutes(5) - Duration(1));
    EXPECT_EQ(cached("k"), "v");
    clock.advance(Duration(1));
    EXPECT_EQ(cached("k"), std::nullopt);
    EXPECT_EQ(cache.counters().entries, 0U);

    cache.set_ttl(Duration(0));
    put("k", "v");
    clock.advance(std::chrono::hours(24 * 365));
    EXPECT_EQ(cached("k"), "v");
}

TEST_F(CacheTest, ALateReadNeverOverwritesAWrite) {
    Cache::Read began_before = cache.begin_read("k");
    put("k", "new");
    cache.finish_read(std::move(began_before), bytes("old"));
    EXPECT_EQ(cached("k"), "new");

    Cache::Write write = cache.begin_write("k");
    Cache::Read began_between = cache.begin_read("k");
    cache.finish_write(std::move(write), bytes("newer"));
    cache.finish_read(std::move(began_between), bytes("new"));
    EXPECT_EQ(cached("k"), "newer");

    Cache::Write open = cache.begin_write("other");
    Cache::Read inside = cache.begin_read("other");
    cache.finish_read(std::move(inside), bytes("perhaps old"));
    EXPECT_EQ(cached("other"), std::nullopt);
    cache.finish_write(std::move(open), nullptr);
    EXPECT_EQ(cached("other"), std::nullopt);
}

TEST_F(CacheTest, WhoAsksAfterAWriteDoesNotGetAnOlderRead) {
    CachedBytes found;
    Cache::Read before;
    ASSERT_EQ(cache.find_or_read("k", found, before, nobody), Cache::Found::kMiss);
    cache.finish_write(cache.begin_write("k"), nullptr);
    Cache::Read after;
    ASSERT_EQ(cache.find_or_read("k", found, after, nobody), Cache::Found::kMiss);
    cache.finish_read(std::move(after), bytes("new"));
    cache.finish_read(std::move(before), bytes("old"));
    EXPECT_EQ(cached("k"), "new");
}

TEST_F(CacheTest, OverlappingWritesLeaveNothing) {
    put("k", "v");
    Cache::Write a = cache.begin_write("k");
    Cache::Write b = cache.begin_write("k");
    cache.finish_write(std::move(b), bytes("b"));
    EXPECT_EQ(cached("k"), std::nullopt);
    cache.finish_write(std::move(a), bytes("a"));
    EXPECT_EQ(cached("k"), std::nullopt);
}

TEST_F(CacheTest, ACancelledWriteChangesNothing) {
    put("k", "v");
    cache.cancel_write(cache.begin_write("k"));
    EXPECT_EQ(cached("k"), "v");
}

TEST(CacheBound, TheLeastRecentlyUsedGoes) {
    FakeClock clock;
    const uint64_t entry = 1 + 1000 + Cache::kEntryOverheadBytes;
    Cache cache({.bytes_max = 3 * entry + entry / 2, .shards = 1}, clock);
    const auto put = [&](std::string_view key) {
        std::string text;
        text.reserve(1000);
        text.assign(1000, 'x');
        cache.finish_write(cache.begin_write(key), bytes(std::move(text)));
    };
    put("a");
    put("b");
    put("c");
    EXPECT_NE(cache.find("a"), nullptr);
    put("d");
    EXPECT_EQ(cache.find("b"), nullptr);
    for (const char* key : {"a", "c", "d"}) EXPECT_NE(cache.find(key), nullptr) << key;
    EXPECT_EQ(cache.counters().evicted, 1U);
    EXPECT_LE(cache.counters().bytes, 3 * entry + entry / 2);
    // Larger than the bound: not kept, and nothing goes for it.
    cache.finish_write(cache.begin_write("huge"), bytes(std::string(10'000, 'x')));
    EXPECT_EQ(cache.find("huge"), nullptr);
    EXPECT_NE(cache.find("a"), nullptr);
}

// Reads and writes of a few keys of a table, cut into their steps, in any order; one step at a
// time, so that a seed is a run. `table` counts the writes of each key.
class Interleaving {
public:
    explicit Interleaving(uint64_t seed) : rng_(seed) {}
    void run(int steps) {
        for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
        while (!reads_.empty()) end_read(0, false);
        while (!writes_.empty()) end_write(0);
        for (int key = 0; key < kKeys; ++key) check(key);
    }

private:
    static constexpr int kKeys = 3;
    static constexpr size_t kOpenMax = 8;
    struct OpenRead {
        int key = 0;
        Cache::Read read;
        int seen = -1;  // what the table answered; -1: not asked yet
    };
    struct OpenWrite {
        int key = 0;
        Cache::Write write;
        int applied = 0;  // 0: not yet
    };

    size_t pick(size_t count) { return rng_.next_u64() % count; }
    static std::string name(int key) { return "key" + std::to_string(key); }
    int& at(std::array<int, kKeys>& all, int key) { return all[static_cast<size_t>(key)]; }

    // What is cached is never older than a write that has ended, and exactly what the table holds
    // while nobody writes.
    void check(int key, const CachedBytes& found) {
        if (found == nullptr) return;
        const int value = std::stoi(*found);
        EXPECT_GE(value, at(ended_, key));
        const bool open = std::any_of(writes_.begin(), writes_.end(),
                                      [key](const OpenWrite& one) { return one.key == key; });
        if (!open) EXPECT_EQ(value, at(table_, key));
    }
    void check(int key) { check(key, cache_.find(name(key))); }

    void step() {
        const int key = static_cast<int>(pick(kKeys));
        switch (pick(16)) {
            case 0:
                clock_.advance(std::chrono::seconds(2));
                return;
            case 1:
                if (pick(20) == 0) cache_.clear();
                return;
            case 2:
            case 3:
            case 4:
            case 5:
                begin_read(key);
                return;
            case 6:
            case 7:
                if (writes_.size() < kOpenMax)
                    writes_.push_back({key, cache_.begin_write(name(key)), 0});
                return;
            case 8:
            case 9:
            case 10:
                if (!writes_.empty()) apply(writes_[pick(writes_.size())]);
                return;
            case 11:
            case 12:
                if (!writes_.empty()) end_write(pick(writes_.size()));
                return;
            default:
                if (!reads_.empty()) go_on(pick(reads_.size()));
                return;
        }
    }
    void begin_read(int key) {
        if (reads_.size() == kOpenMax) return;
        CachedBytes found;
        OpenRead open;
        open.key = key;
        const int floor = at(ended_, key);
        const auto status = cache_.find_or_read(name(key), found, open.read,
                                                [floor](const Result<CachedBytes>& bytes) {
                                                    // Who joins a read gets nothing older than what
                                                    // had ended when it asked.
                                                    if (bytes) EXPECT_GE(std::stoi(**bytes), floor);
                                                });
        if (status == Cache::Found::kHit) check(key, found);
        if (status == Cache::Found::kMiss) reads_.push_back(std::move(open));
    }
    void go_on(size_t i) {
        if (reads_[i].seen < 0) {
            reads_[i].seen = at(table_, reads_[i].key);
        } else {
            end_read(i, pick(8) == 0);
        }
    }
    void end_read(size_t i, bool fails) {
        OpenRead open = std::move(reads_[i]);
        reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(i));
        if (fails || open.seen < 0) {
            cache_.finish_read(std::move(open.read), Error{});
        } else {
            cache_.finish_read(std::move(open.read), bytes(std::to_string(open.seen)));
        }
        check(open.key);
    }
    void apply(OpenWrite& open) {
        if (open.applied == 0) open.applied = ++at(table_, open.key);
    }
    void end_write(size_t i) {
        OpenWrite open = std::move(writes_[i]);
        writes_.erase(writes_.begin() + static_cast<std::ptrdiff_t>(i));
        if (open.applied == 0 && pick(2) == 0) {
            cache_.cancel_write(std::move(open.write));
        } else if (open.applied == 0 || pick(4) == 0) {
            cache_.finish_write(std::move(open.write), nullptr);
        } else {
            cache_.finish_write(std::move(open.write), bytes(std::to_string(open.applied)));
        }
        at(ended_, open.key) = std::max(at(ended_, open.key), open.applied);
        check(open.key);
    }

    SeededRng rng_;
    FakeClock clock_;
    // Room for two entries in one shard: entries go at any time.
    Cache cache_{{.bytes_max = 2 * (Cache::kEntryOverheadBytes + 64),
                  .shards = 1,
                  .ttl = std::chrono::seconds(10)},
                 clock_};
    std::array<int, kKeys> table_{};
    std::array<int, kKeys> ended_{};  // the newest write that has ended
    std::vector<OpenRead> reads_;
    std::vector<OpenWrite> writes_;
};

TEST(CacheRace, InNoOrderOfStepsDoesALateReadOverwriteANewerWrite) {
    for (uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Interleaving(seed).run(500);
        ASSERT_FALSE(HasFailure());
    }
}

// Two writers of each key count it up in a table, readers fill the cache from it: what is cached
// once everybody has ended is what the table holds, and nobody ever saw it go back.
TEST(CacheRace, ReadersAndWritersEndWithWhatTheTableHolds) {
    SystemClock clock;
    Cache cache({.bytes_max = 1 << 20, .shards = 2}, clock);
    constexpr int kKeys = 4;
    constexpr int kRounds = 3000;
    std::array<std::atomic<int>, kKeys> table{};
    std::atomic<bool> backwards{false};
    const auto key_of = [](int i) { return std::string("key") + std::to_string(i); };
    std::vector<std::thread> threads;
    for (int i = 0; i < kKeys; ++i) {
        for (int writer = 0; writer < 2; ++writer) {
            threads.emplace_back([&, i] {
                for (int n = 0; n < kRounds; ++n) {
                    Cache::Write write = cache.begin_write(key_of(i));
                    const int value = ++table[static_cast<size_t>(i)];
                    cache.finish_write(std::move(write), bytes(std::to_string(value)));
                }
            });
        }
        threads.emplace_back([&, i] {
            int last = 0;
            for (int n = 0; n < kRounds; ++n) {
                CachedBytes found;
                Cache::Read read;
                const auto status = cache.find_or_read(key_of(i), found, read, [](const auto&) {});
                if (status == Cache::Found::kMiss) {
                    const int seen = table[static_cast<size_t>(i)];
                    cache.finish_read(std::move(read), bytes(std::to_string(seen)));
                } else if (status == Cache::Found::kHit) {
                    const int seen = std::stoi(*found);
                    if (seen < last) backwards = true;
                    last = seen;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(backwards);
    for (int i = 0; i < kKeys; ++i) {
        const CachedBytes found = cache.find(key_of(i));
        if (found != nullptr) EXPECT_EQ(*found, std::to_string(2 * kRounds));
    }
}

}  // namespace
}  // namespace millrace::dax
