// Power cuts and full disks, on the in-memory engine that can lose what was not synced: what was
// answered survives, what was not durable is never shown.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "store/mem/mem_store.h"

namespace millrace::store {
namespace {

constexpr KeyView kKey{Space::kItems, "p", "k"};

RunResult put(Store& store, KeyView key, std::string_view value) {
    return store.run([&](Txn& txn) {
        txn.put(key, value);
        return TxnDecision::kCommit;
    });
}

TEST(StoreCrash, AcknowledgedSurvivesAndTheRestIsGone) {
    FakeClock clock;
    CrashableMemory memory;
    {
        const auto store = memory.open(clock);
        ASSERT_TRUE(store->wait_durable(put(*store, kKey, "old").ticket));
        memory.allow_sync(false);
        const RunResult result = put(*store, kKey, "new");
        EXPECT_EQ(result.status, CommitStatus::kOk);
        EXPECT_FALSE(store->is_durable(result.ticket));
        memory.fill_disk();  // so that closing cannot sync either
        memory.allow_sync(true);
    }
    memory.lose_power();
    CrashableMemory* reopened = &memory;
    const auto store = reopened->open(clock);
    std::optional<std::string> value;
    Ticket ticket = 0;
    EXPECT_EQ(store->read(kKey, value, ticket), CommitStatus::kOk);
    EXPECT_EQ(value, "old");
}

// Every way of reading an unsynced write asks for its ticket: also its absence, also in a rolled
// back transaction.
TEST(StoreCrash, NothingUnsyncedIsShownWithoutItsTicket) {
    FakeClock clock;
    CrashableMemory memory;
    const auto store = memory.open(clock);
    ASSERT_TRUE(store->wait_durable(put(*store, kKey, "old").ticket));
    memory.allow_sync(false);
    const Ticket erased = store
                              ->run([&](Txn& txn) {
                                  txn.erase(kKey);
                                  return TxnDecision::kCommit;
                              })
                              .ticket;

    std::optional<std::string> value;
    Ticket ticket = 0;
    store->read(kKey, value, ticket);
    EXPECT_EQ(value, std::nullopt);
    EXPECT_GE(ticket, erased);
    const auto ticket_of = [&](const TxnFunction& function) { return store->run(function).ticket; };
    EXPECT_GE(ticket_of([&](Txn& txn) {
                  txn.get(kKey);
                  return TxnDecision::kRollback;
              }),
              erased);
    EXPECT_GE(ticket_of([&](Txn& txn) {
                  txn.scan({Space::kItems, "p", "", ""},
                           [](std::string_view, std::string_view) { return true; });
                  return TxnDecision::kCommit;
              }),
              erased);
    EXPECT_GE(ticket_of([&](Txn& txn) {
                  txn.scan_space(
                      Space::kItems, "", "", "",
                      [](std::string_view, std::string_view, std::string_view) { return true; });
                  return TxnDecision::kCommit;
              }),
              erased);
    // An unrelated key waits for nothing.
    EXPECT_TRUE(store->is_durable(ticket_of([&](Txn& txn) {
        txn.get({Space::kItems, "q", "other"});
        return TxnDecision::kCommit;
    })));
    EXPECT_TRUE(store->read_log({"l"}, {}, 10, 1000).empty());
    memory.allow_sync(true);
    EXPECT_TRUE(store->wait_durable(erased));
}

TEST(StoreCrash, LogRecordsShowOnlyWhenDurable) {
    FakeClock clock;
    CrashableMemory memory;
    const auto store = memory.open(clock);
    memory.allow_sync(false);
    const RunResult result = store->run([&](Txn& txn) {
        txn.append({"l"}, "r");
        return TxnDecision::kCommit;
    });
    EXPECT_TRUE(store->read_log({"l"}, {}, 10, 1000).empty());
    memory.allow_sync(true);
    ASSERT_TRUE(store->wait_durable(result.ticket));
    EXPECT_EQ(store->read_log({"l"}, {}, 10, 1000).size(), 1u);
}

TEST(StoreCrash, FullDiskRefusesWritesAndGoesOnReading) {
    FakeClock clock;
    CrashableMemory memory;
    const auto store = memory.open(clock);
    ASSERT_TRUE(store->wait_durable(put(*store, kKey, "old").ticket));
    memory.fill_disk();
    EXPECT_EQ(put(*store, kKey, "new").status, CommitStatus::kNoSpace);
    EXPECT_EQ(put(*store, kKey, "new").status, CommitStatus::kNoSpace);
    EXPECT_FALSE(store->health().writable);
    std::optional<std::string> value;
    Ticket ticket = 0;
    EXPECT_EQ(store->read({Space::kItems, "p", "other"}, value, ticket), CommitStatus::kOk);
}

TEST(StoreCrash, FailedSyncIsTheEndForAllWhoWait) {
    FakeClock clock;
    CrashableMemory memory;
    const auto store = memory.open(clock);
    memory.allow_sync(false);
    const RunResult result = put(*store, kKey, "v");
    memory.fill_disk();
    memory.allow_sync(true);
    EXPECT_FALSE(store->wait_durable(result.ticket));
    EXPECT_NE(put(*store, kKey, "w").status, CommitStatus::kOk);
}

// Many threads write while power fails: exactly the acknowledged rows are guaranteed afterwards,
// and no version is ever given twice.
TEST(StoreCrash, RepeatedPowerCutsLoseNothingAcknowledged) {
    FakeClock clock;
    CrashableMemory memory;
    std::set<std::string> acknowledged;
    std::set<uint64_t> versions;
    for (int round = 0; round < 20; ++round) {
        auto store = memory.open(clock);
        std::vector<std::vector<std::string>> acked(4);
        std::vector<std::vector<uint64_t>> seen(4);
        std::vector<std::thread> threads;
        for (size_t t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    const std::string key =
                        std::to_string(round) + "/" + std::to_string(t) + "/" + std::to_string(i);
                    const RunResult result = put(*store, {Space::kItems, "p", key}, "v");
                    if (result.status != CommitStatus::kOk || i == 49)
                        continue;  // the last one is never awaited
                    if (store->wait_durable(result.ticket)) {
                        acked[t].push_back(key);
                        seen[t].push_back(result.version.major);
                    }
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        store.reset();
        memory.lose_power();
        for (size_t t = 0; t < 4; ++t) {
            acknowledged.insert(acked[t].begin(), acked[t].end());
            for (const uint64_t version : seen[t]) EXPECT_TRUE(versions.insert(version).second);
        }
    }
    EXPECT_EQ(acknowledged.size(), 20u * 4 * 49);
    const auto store = memory.open(clock);
    for (const std::string& key : acknowledged) {
        std::optional<std::string> value;
        Ticket ticket = 0;
        store->read({Space::kItems, "p", key}, value, ticket);
        EXPECT_EQ(value, "v") << key;
    }
}

}  // namespace
}  // namespace millrace::store
