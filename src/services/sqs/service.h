// SqsService: queues over the store, with an index in memory per queue. The one header of this room
// that others include. Also QueueReader for event source mappings.
// Thread-safety: safe from any thread. Ownership: store, clock, rng and hub are the app's.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "contracts/operation.h"
#include "contracts/queue_reader.h"
#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "services/sqs/index.h"
#include "services/sqs/queue.h"

namespace millrace::sqs {

// What receives with a ReceiveRequestAttemptId got, so that a repetition gets the same. In memory
// only: after a restart a repetition is a new receive. Thread-safety: safe from any thread.
class ReceiveAttempts {
public:
    struct Attempt {
        std::vector<std::pair<Sequence, uint32_t>> messages;  // and the nonces of their handles
        int64_t until_ms = 0;
    };
    std::optional<Attempt> find(const std::string& id, int64_t now_ms) const;
    void keep(const std::string& id, Attempt attempt, int64_t now_ms);

private:
    static constexpr size_t kAttemptsMax = 10'000;  // more forget the oldest
    mutable Mutex mutex_;
    std::unordered_map<std::string, Attempt> attempts_ MR_GUARDED_BY(mutex_);
    std::deque<std::pair<int64_t, std::string>> order_ MR_GUARDED_BY(mutex_);
};

// A queue as the process knows it: its definition, replaced as a whole, and its index.
struct LiveQueue {
    LiveQueue(std::shared_ptr<const Queue> queue, bool fifo)
        : index(fifo), definition_(std::move(queue)) {}
    std::shared_ptr<const Queue> definition() const {
        const std::lock_guard lock(mutex_);
        return definition_;
    }
    void replace(std::shared_ptr<const Queue> queue) {
        const std::lock_guard lock(mutex_);
        definition_ = std::move(queue);
    }
    QueueIndex index;
    ReceiveAttempts attempts;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Queue> definition_;
};

// A queue that an operation found; keeps both alive.
struct QueueRef {
    std::shared_ptr<LiveQueue> live;
    std::shared_ptr<const Queue> queue;
    explicit operator bool() const { return live != nullptr; }
};

class SqsService final : public contracts::QueueReader {
public:
    // Builds the index of every queue from the store. O(messages). Throws std::runtime_error when
    // the store cannot be read.
    SqsService(store::Store& store, const Clock& clock, Rng& rng, contracts::WakeHub& hub);

    contracts::ServiceEntry entry();
    // Deletes what queues that were deleted or purged left in the store, and expired messages; runs
    // message move tasks.
    std::unique_ptr<contracts::Worker> make_sweeper();

    // Every queue there is, of all accounts and regions. O(queues).
    std::vector<std::shared_ptr<LiveQueue>> queues() const;
    // The queue or nothing; its row joins the conflict set.
    QueueRef find(store::Txn& txn, const QueueName& name);
    // By URL or ARN, with the service's error.
    Result<QueueRef> find_by_url(contracts::OpContext& context,
                                 const std::optional<std::string>& url);
    Result<QueueRef> find_by_arn(store::Txn& txn, std::string_view arn);
    // That the queue that the redrive policy names exists and lets this one use it.
    Result<void> check_dead_letter_target(store::Txn& txn, const Queue& queue);
    // Writes the definition; others see it once committed.
    void save(store::Txn& txn, const Queue& queue);
    void create(store::Txn& txn, const Queue& queue);
    // Forgets queue and messages; the sweeper deletes the rows later.
    void remove(store::Txn& txn, const QueueRef& queue, TimePoint now);
    // Drops the messages sent so far; the sweeper deletes their rows later.
    void purge(store::Txn& txn, const QueueRef& queue, Sequence through);

    store::Store& store() { return store_; }
    const Clock& clock() const { return clock_; }
    Rng& rng() { return rng_; }
    contracts::WakeHub& hub() { return hub_; }

    Result<contracts::QueueFacts> describe(std::string_view queue_arn) override;
    Result<std::vector<contracts::QueueMessage>> receive(
        std::string_view queue_arn, int count_max, std::optional<TimePoint>& next_visible) override;
    Result<void> remove(std::string_view queue_arn,
                        const std::vector<std::string>& receipt_handles) override;
    Result<void> set_visibility(std::string_view queue_arn,
                                const std::vector<std::string>& receipt_handles,
                                int seconds) override;
    Result<void> send(std::string_view queue_arn, std::string_view body,
                      const std::vector<contracts::QueueMessage::Attribute>& attributes) override;

private:
    void load();

    store::Store& store_;
    const Clock& clock_;
    Rng& rng_;
    contracts::WakeHub& hub_;
    mutable std::shared_mutex mutex_;  // guards queues_
    std::unordered_map<std::string, std::shared_ptr<LiveQueue>> queues_;
};

// Signalled when a message of the queue becomes visible.
std::string wake_key(const Queue& queue);
// Keys of Space::kQueues.
std::string queue_partition(std::string_view account, std::string_view region);
inline constexpr std::string_view kDeletedPartition = "deleted";  // sort: account/region/name
inline constexpr std::string_view kDoomedPartition =
    "doomed";  // sort: queue id; value: last sequence to delete
inline constexpr Sequence kWholeQueue = ~Sequence{0} - 1;  // in its place: the queue is deleted
// Sort: queue id; value: a sequence below all of the queue's messages, so that a start need not
// scan over the tombstones of what was received long ago.
inline constexpr std::string_view kLowPartition = "low";

}  // namespace millrace::sqs
