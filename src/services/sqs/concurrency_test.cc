// Many senders and receivers at once: every message comes exactly once while it is hidden long
// enough, groups of FIFO queues keep their order, and the index ends as the store is.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

constexpr int kSenders = 3;
constexpr int kReceivers = 3;
constexpr int kMessagesEach = 300;
constexpr int kMessages = kSenders * kMessagesEach;

struct Seen {
    std::mutex mutex;
    std::vector<std::string> bodies;  // in the order of deletion
};

void send_all(TestBed& bed, int sender, bool fifo) {
    const std::string name = fifo ? "q.fifo" : "q";
    for (int i = 0; i < kMessagesEach; ++i) {
        Draft draft;
        draft.body = std::to_string(sender) + "/" + std::to_string(i);
        if (fifo) {
            draft.group_id = std::to_string(sender);
            draft.deduplication_id = draft.body;
        }
        const auto result = bed.store->run([&](store::Txn& txn) {
            const QueueRef queue = bed.service->find(txn, {"us-east-1", "123456789012", name});
            send(*bed.service, txn, queue, draft, bed.clock.now());
            return store::TxnDecision::kCommit;
        });
        EXPECT_EQ(result.status, store::CommitStatus::kOk);
    }
}

// Deletes in the transaction after the receive; now and then a receive is rolled back.
void receive_all(TestBed& bed, bool fifo, std::atomic<int>& left, Seen& seen) {
    const std::string name = fifo ? "q.fifo" : "q";
    for (int round = 0; left > 0; ++round) {
        std::vector<Received> got;
        bed.store->run([&](store::Txn& txn) {
            std::vector<std::string> wakes;
            const QueueRef queue = bed.service->find(txn, {"us-east-1", "123456789012", name});
            got = receive(*bed.service, txn, queue, {3, 1000, ""}, bed.clock.now(), wakes);
            if (round % 5 != 0) return store::TxnDecision::kCommit;
            got.clear();
            return store::TxnDecision::kRollback;
        });
        if (got.empty()) {
            std::this_thread::yield();
            continue;
        }
        {
            // Seen before it is deleted: only then another of its group may come.
            const std::lock_guard lock(seen.mutex);
            for (const Received& one : got) seen.bodies.push_back(one.message.body);
        }
        bed.store->run([&](store::Txn& txn) {
            const QueueRef queue = bed.service->find(txn, {"us-east-1", "123456789012", name});
            for (const Received& one : got)
                EXPECT_TRUE(delete_message(txn, queue, one.receipt_handle, bed.clock.now()));
            return store::TxnDecision::kCommit;
        });
        left -= static_cast<int>(got.size());
    }
}

std::vector<std::string> run_all(TestBed& bed, bool fifo) {
    const std::string url = bed.make_queue(fifo ? "q.fifo" : "q");
    Seen seen;
    std::atomic<int> left{kMessages};
    std::vector<std::thread> threads;
    for (int i = 0; i < kSenders; ++i) threads.emplace_back([&, i] { send_all(bed, i, fifo); });
    for (int i = 0; i < kReceivers; ++i)
        threads.emplace_back([&] { receive_all(bed, fifo, left, seen); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(left, 0);
    EXPECT_EQ(bed.counts(url), "0/0/0");
    EXPECT_EQ(bed.rows(store::Space::kMessages), 0u);
    EXPECT_EQ(seen.bodies.size(), size_t{kMessages});
    EXPECT_EQ(std::set<std::string>(seen.bodies.begin(), seen.bodies.end()).size(),
              size_t{kMessages});
    return seen.bodies;
}

TEST(Concurrency, StandardQueue) {
    TestBed bed;
    run_all(bed, false);
}

TEST(Concurrency, FifoQueueKeepsTheOrderOfEachGroup) {
    TestBed bed;
    const auto bodies = run_all(bed, true);
    for (int sender = 0; sender < kSenders; ++sender) {
        const std::string prefix = std::to_string(sender) + "/";
        int next = 0;
        for (const std::string& body : bodies) {
            if (!body.starts_with(prefix)) continue;
            EXPECT_EQ(body, prefix + std::to_string(next));
            next += 1;
        }
    }
}

}  // namespace
}  // namespace millrace::sqs
