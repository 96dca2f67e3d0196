#include "dax/cache/cache.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

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
    EXPECT_LE(cache.counters().bytes, 4 * entry);
    // Larger than the bound: not kept, and nothing goes for it.
    cache.finish_write(cache.begin_write("huge"), bytes(std::string(10'000, 'x')));
    EXPECT_EQ(cache.find("huge"), nullptr);
    EXPECT_NE(cache.find("a"), nullptr);
}

// Writers count up one key each in a table of their own making, readers fill the cache from it:
// what is cached once everybody has ended is what the table holds, and nobody ever saw it go back.
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
        threads.emplace_back([&, i] {
            for (int n = 1; n <= kRounds; ++n) {
                Cache::Write write = cache.begin_write(key_of(i));
                table[static_cast<size_t>(i)] = n;
                cache.finish_write(std::move(write), bytes(std::to_string(n)));
            }
        });
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
        if (found != nullptr) EXPECT_EQ(*found, std::to_string(kRounds));
    }
}

}  // namespace
}  // namespace millrace::dax
