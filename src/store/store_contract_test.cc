// What every Store promises, run against each implementation: transactions, isolation, scans,
// counters, logs, leases, hooks.
#include "store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "core/bytes.h"
#include "store/mem/mem_store.h"
#include "store/rocks/rocks_store.h"

namespace millrace::store {
namespace {

using namespace std::string_literals;

class StoreContract : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        dir_ = std::filesystem::temp_directory_path() / ("millrace-store-" + SystemRngHex());
        open();
    }
    void TearDown() override {
        store_.reset();
        std::filesystem::remove_all(dir_);
    }
    static std::string SystemRngHex() {
        std::random_device device;
        return std::to_string(device()) + std::to_string(device());
    }
    void open() {
        if (GetParam() == "rocks"s) {
            auto opened = open_rocks_store(dir_, clock_);
            ASSERT_TRUE(opened) << opened.error().message;
            store_ = std::move(*opened);
        } else {
            store_ = make_mem_store(clock_);
        }
    }
    void put(std::string_view sort, std::string_view value) {
        const RunResult result = store_->run([&](Txn& txn) {
            txn.put({Space::kItems, "p", sort}, value);
            return TxnDecision::kCommit;
        });
        ASSERT_EQ(result.status, CommitStatus::kOk);
        ASSERT_TRUE(store_->wait_durable(result.ticket));
    }
    std::optional<std::string> get(std::string_view sort) {
        std::optional<std::string> value;
        Ticket ticket = 0;
        EXPECT_EQ(store_->read({Space::kItems, "p", sort}, value, ticket), CommitStatus::kOk);
        return value;
    }
    FakeClock clock_;
    std::filesystem::path dir_;
    std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, OwnWritesAreSeenAndRollbackLeavesNothing) {
    put("a", "1");
    int aborted = 0;
    const RunResult result = store_->run([&](Txn& txn) {
        txn.put({Space::kItems, "p", "b"}, "2");
        txn.erase({Space::kItems, "p", "a"});
        EXPECT_EQ(txn.get({Space::kItems, "p", "b"}), "2");
        EXPECT_EQ(txn.get({Space::kItems, "p", "a"}), std::nullopt);
        txn.on_abort([&] { ++aborted; });
        txn.on_commit([](Version) { FAIL(); });
        return TxnDecision::kRollback;
    });
    EXPECT_EQ(result.status, CommitStatus::kOk);
    EXPECT_EQ(aborted, 1);
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("b"), std::nullopt);
}

// A scan merges own writes and erasures with what is stored, both ways: against a plain map.
TEST_P(StoreContract, ScanMatchesAMap) {
    std::mt19937 random(7);
    std::map<std::string, std::string> model;
    for (int i = 0; i < 300; ++i) {
        const std::string key = std::to_string(random() % 200);
        put(key, std::to_string(i));
        model[key] = std::to_string(i);
    }
    store_->run([&](Txn& txn) {
        txn.erase_range(Space::kItems, "p", "15", "17");
        model.erase(model.lower_bound("15"), model.lower_bound("17"));
        for (int i = 0; i < 60; ++i) {
            const std::string key = std::to_string(random() % 220);
            if (i % 3 == 0) {
                txn.erase({Space::kItems, "p", key});
                model.erase(key);
            } else {
                txn.put({Space::kItems, "p", key}, "own" + std::to_string(i));
                model[key] = "own" + std::to_string(i);
            }
        }
        for (const auto& [from, to] :
             {std::pair{""s, ""s}, {"1"s, "16"s}, {"3"s, ""s}, {"9"s, "1"s}}) {
            std::vector<std::pair<std::string, std::string>> expected;
            for (const auto& row : model) {
                if (row.first >= from && (to.empty() || row.first < to)) expected.emplace_back(row);
            }
            for (const bool descending : {false, true}) {
                std::vector<std::pair<std::string, std::string>> seen;
                txn.scan({Space::kItems, "p", from, to, descending},
                         [&](std::string_view sort, std::string_view value) {
                             seen.emplace_back(sort, value);
                             return true;
                         });
                if (descending) std::reverse(seen.begin(), seen.end());
                EXPECT_EQ(seen, expected);
            }
        }
        return TxnDecision::kRollback;
    });
}

TEST_P(StoreContract, ScanSpaceCrossesPartitionsInOrder) {
    store_->run([&](Txn& txn) {
        for (const char* partition : {"b", "a", "c"})
            txn.put({Space::kItems, partition, "x"}, partition);
        txn.put({Space::kGsi, "a", "x"}, "other space");
        return TxnDecision::kCommit;
    });
    std::string seen;
    store_->run([&](Txn& txn) {
        seen.clear();
        txn.scan_space(Space::kItems, "a", "", "c",
                       [&](std::string_view, std::string_view, std::string_view value) {
                           seen += value;
                           return true;
                       });
        return TxnDecision::kCommit;
    });
    EXPECT_EQ(seen, "ab");
}

// Read-modify-write from many threads loses no update, whether through get and put or through add.
TEST_P(StoreContract, CountersLoseNothing) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 200;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < kRounds; ++i) {
                const RunResult result = store_->run([&](Txn& txn) {
                    const auto old = txn.get({Space::kItems, "p", "n"});
                    txn.put({Space::kItems, "p", "n"},
                            std::to_string(old ? std::stoi(*old) + 1 : 1));
                    txn.add({Space::kItems, "p", "sum"}, 2);
                    return TxnDecision::kCommit;
                });
                EXPECT_EQ(result.status, CommitStatus::kOk);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(get("n"), std::to_string(kThreads * kRounds));
    EXPECT_EQ(ByteReader(*get("sum")).u64(), 2u * kThreads * kRounds);
}

TEST_P(StoreContract, PeekSeesOwnAddsAndConflictsWithNobody) {
    const KeyView sum{Space::kItems, "p", "sum"};
    const auto add = [&](int64_t delta) {
        store_->run([&](Txn& txn) {
            txn.add(sum, delta);
            return TxnDecision::kCommit;
        });
    };
    add(5);
    int runs = 0;
    const RunResult result = store_->run([&](Txn& txn) {
        runs += 1;
        EXPECT_EQ(txn.peek(sum), 5);
        add(-7);
        txn.add(sum, 1);
        EXPECT_EQ(txn.peek(sum), -1);
        txn.put({Space::kItems, "p", "a"}, "v");
        return TxnDecision::kCommit;
    });
    EXPECT_EQ(result.status, CommitStatus::kOk);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(static_cast<int64_t>(ByteReader(*get("sum")).u64()), -1);
}

// Write skew: two transactions each read both rows and write one. Serializable: never both.
// Who locks what it changes never runs twice, whether one key or many in any order.
TEST_P(StoreContract, LockedKeysDoNotConflict) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 50;
    std::atomic<int> runs{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            std::vector<KeyView> keys = {{Space::kItems, "p", "a"}, {Space::kItems, "p", "b"}};
            if (t % 2 == 1) std::swap(keys[0], keys[1]);
            if (t == 0) keys.pop_back();
            for (int i = 0; i < kRounds; ++i) {
                store_->run([&](Txn& txn) {
                    runs += 1;
                    txn.lock(keys);
                    txn.lock(keys);  // says nothing new
                    for (const KeyView& key : keys)
                        txn.put(key, std::to_string(std::stoi(txn.get(key).value_or("0")) + 1));
                    return TxnDecision::kCommit;
                });
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(runs, kThreads * kRounds);
    EXPECT_EQ(get("a"), std::to_string(kThreads * kRounds));
    EXPECT_EQ(get("b"), std::to_string((kThreads - 1) * kRounds));
}

TEST_P(StoreContract, NoWriteSkew) {
    for (int round = 0; round < 100; ++round) {
        put("x", "0");
        put("y", "0");
        std::vector<std::thread> threads;
        for (const char* mine : {"x", "y"}) {
            threads.emplace_back([&, mine] {
                store_->run([&](Txn& txn) {
                    const int sum = std::stoi(*txn.get({Space::kItems, "p", "x"})) +
                                    std::stoi(*txn.get({Space::kItems, "p", "y"}));
                    if (sum > 0) return TxnDecision::kRollback;
                    txn.put({Space::kItems, "p", mine}, "1");
                    return TxnDecision::kCommit;
                });
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(std::stoi(*get("x")) + std::stoi(*get("y")), 1);
    }
}

// A row that appears in a scanned range is a conflict: no phantoms.
TEST_P(StoreContract, NoPhantoms) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                store_->run([&](Txn& txn) {
                    int rows = 0;
                    txn.scan({Space::kItems, "phantom", "", ""},
                             [&](std::string_view, std::string_view) { return ++rows, true; });
                    txn.put({Space::kItems, "phantom", std::to_string(t) + "/" + std::to_string(i)},
                            std::to_string(rows));
                    return TxnDecision::kCommit;
                });
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<int> counts;
    store_->run([&](Txn& txn) {
        counts.clear();
        txn.scan({Space::kItems, "phantom", "", ""}, [&](std::string_view, std::string_view value) {
            counts.push_back(std::stoi(std::string(value)));
            return true;
        });
        return TxnDecision::kCommit;
    });
    std::sort(counts.begin(), counts.end());
    ASSERT_EQ(counts.size(), 200u);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(counts[static_cast<size_t>(i)], i);
}

TEST_P(StoreContract, LogsAreReadInCommitOrder) {
    const LogId log{"stream/0"};
    const Version start = store_->log_end(log);
    for (int i = 0; i < 10; ++i) {
        const RunResult result = store_->run([&](Txn& txn) {
            txn.append(log, std::to_string(2 * i));
            txn.append(log, std::to_string(2 * i + 1));
            return TxnDecision::kCommit;
        });
        ASSERT_TRUE(store_->wait_durable(result.ticket));
    }
    std::vector<LogRecord> all = store_->read_log(log, start, 100, 1 << 20);
    ASSERT_EQ(all.size(), 20u);
    for (size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].bytes, std::to_string(i));
        if (i > 0) EXPECT_LT(all[i - 1].version, all[i].version);
    }
    EXPECT_EQ(store_->read_log(log, all[4].version, 3, 1 << 20).front().bytes, "5");
    EXPECT_EQ(store_->read_log(log, all[4].version, 3, 1 << 20).size(), 3u);
    EXPECT_EQ(store_->read_log(log, {}, 100, 1).size(), 1u);
    EXPECT_EQ(store_->log_end(log), all.back().version);
    store_->trim_log(log, all[9].version);
    EXPECT_EQ(store_->read_log(log, {}, 100, 1 << 20).size(), 10u);
    EXPECT_TRUE(store_->read_log(log, store_->log_end(log), 100, 1 << 20).empty());
}

TEST_P(StoreContract, HooksRunInCommitOrder) {
    std::vector<Version> order;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i) {
                store_->run([&](Txn& txn) {
                    txn.put({Space::kItems, "p", std::to_string(t)}, "x");
                    txn.on_commit([&](Version version) { order.push_back(version); });
                    return TxnDecision::kCommit;
                });
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(order.size(), 400u);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(StoreContract, LeasesFenceTheirFormerOwner) {
    const auto first = store_->acquire("work", "a", std::chrono::seconds(10));
    ASSERT_TRUE(first);
    EXPECT_FALSE(store_->acquire("work", "b", std::chrono::seconds(10)));
    clock_.advance(std::chrono::seconds(11));
    const auto second = store_->acquire("work", "b", std::chrono::seconds(10));
    ASSERT_TRUE(second);
    EXPECT_GT(second->token, first->token);
    EXPECT_FALSE(store_->renew(*first, std::chrono::seconds(10)));
    const auto write_under = [&](const Lease& lease) {
        return store_
            ->run([&](Txn& txn) {
                txn.require(lease);
                txn.put({Space::kItems, "p", "fenced"}, lease.owner);
                return TxnDecision::kCommit;
            })
            .status;
    };
    EXPECT_EQ(write_under(*first), CommitStatus::kFenced);
    EXPECT_EQ(write_under(*second), CommitStatus::kOk);
    store_->release(*second);
    const auto third = store_->acquire("work", "a", std::chrono::seconds(10));
    ASSERT_TRUE(third);
    EXPECT_GT(third->token, second->token);
}

TEST_P(StoreContract, TooLargeIsRefusedAsAWhole) {
    const RunResult result = store_->run([&](Txn& txn) {
        txn.put({Space::kItems, "p", "small"}, "x");
        txn.put({Space::kItems, "p", "large"},
                std::string(store_->limits().value_bytes_max + 1, 'x'));
        return TxnDecision::kCommit;
    });
    EXPECT_EQ(result.status, CommitStatus::kTooLarge);
    EXPECT_EQ(get("small"), std::nullopt);
}

TEST_P(StoreContract, ReopeningKeepsEverythingAndNeverRepeatsAVersion) {
    if (GetParam() != "rocks"s) return;  // the in-memory engine's restart is in store_crash_test.cc
    const LogId log{"stream/0"};
    const auto append = [&] {
        const RunResult result = store_->run([&](Txn& txn) {
            txn.append(log, "r");
            txn.put({Space::kItems, "p", "kept"}, "v");
            return TxnDecision::kCommit;
        });
        EXPECT_TRUE(store_->wait_durable(result.ticket));
    };
    append();
    const Version before = store_->log_end(log);
    store_.reset();
    open();
    EXPECT_EQ(get("kept"), "v");
    EXPECT_EQ(store_->log_end(log), before);
    append();
    EXPECT_GT(store_->log_end(log), before);
    EXPECT_EQ(store_->read_log(log, {}, 10, 1 << 20).size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Values("mem", "rocks"),
                         [](const auto& engine) { return std::string(engine.param); });

}  // namespace
}  // namespace millrace::store
