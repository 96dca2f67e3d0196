#include "services/sqs/service.h"

#include <algorithm>
#include <stdexcept>

#include "auth/evaluate.h"
#include "codec/digest.h"
#include "core/bytes.h"
#include "core/log.h"
#include "services/sqs/delivery.h"
#include "services/sqs/errors.h"
#include "services/sqs/sweeper.h"

namespace millrace::sqs {
namespace {

constexpr int64_t kNameBlockedMs = 60'000;

std::string map_key(std::string_view account, std::string_view region, std::string_view name) {
    std::string key;
    for (const std::string_view part : {account, region, name}) (key += part) += '/';
    return key;
}

std::string sequence_bytes(Sequence sequence) {
    std::string out;
    append_u64(out, sequence);
    return out;
}

}  // namespace

std::optional<ReceiveAttempts::Attempt> ReceiveAttempts::find(const std::string& id,
                                                              int64_t now_ms) const {
    const MutexLock lock(mutex_);
    const auto found = attempts_.find(id);
    if (found == attempts_.end() || found->second.until_ms <= now_ms) return std::nullopt;
    return found->second;
}

void ReceiveAttempts::keep(const std::string& id, Attempt attempt, int64_t now_ms) {
    const MutexLock lock(mutex_);
    while (!order_.empty() && (order_.front().first <= now_ms || order_.size() >= kAttemptsMax)) {
        const auto found = attempts_.find(order_.front().second);
        if (found != attempts_.end() && found->second.until_ms == order_.front().first)
            attempts_.erase(found);
        order_.pop_front();
    }
    order_.emplace_back(attempt.until_ms, id);
    attempts_[id] = std::move(attempt);
}

std::string wake_key(const Queue& queue) { return "sqs:" + queue.id; }

std::string queue_partition(std::string_view account, std::string_view region) {
    return "queues/" + std::string(account) + "/" + std::string(region);
}

SqsService::SqsService(store::Store& store, const Clock& clock, Rng& rng, contracts::WakeHub& hub)
    : store_(store), clock_(clock), rng_(rng), hub_(hub) {
    load();
}

void SqsService::load() {
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        queues_.clear();
        std::unordered_map<std::string, Sequence> below;  // of each queue: rows that are no more
        for (const std::string_view partition : {kDoomedPartition, kLowPartition}) {
            txn.scan({store::Space::kQueues, partition, "", ""},
                     [&](std::string_view id, std::string_view through) {
                         Sequence& last = below[std::string(id)];
                         last = std::max(last, ByteReader(through).u64());
                         return true;
                     });
        }
        txn.scan_space(store::Space::kQueues, "queues/", "", "queues0",
                       [&](std::string_view, std::string_view, std::string_view row) {
                           Queue queue = decode_queue(row);
                           const std::string key = map_key(queue.account, queue.region, queue.name);
                           const bool fifo = queue.fifo;
                           auto live = std::make_shared<LiveQueue>(
                               std::make_shared<const Queue>(std::move(queue)), fifo);
                           queues_[key] = live;
                           return true;
                       });
        for (const auto& [key, live] : queues_) {
            const auto definition = live->definition();
            const std::string& id = definition->id;
            const auto bound = below.find(id);
            const Sequence after = bound == below.end() ? 0 : bound->second;
            // A clock that was set back must not give a sequence that is to be deleted.
            if (after > 0) live->index.next_sequence(after);
            std::unordered_map<Sequence, ReceiveState> states;
            txn.scan({store::Space::kMessages, id, state_sort(after + 1), "t"},
                     [&](std::string_view sort, std::string_view row) {
                         states[ByteReader(sort.substr(1)).u64()] = decode_receive_state(row);
                         return true;
                     });
            const int64_t now_ms = epoch_ms(clock_.now());
            txn.scan({store::Space::kMessages, id, message_sort(after + 1), "n"},
                     [&](std::string_view sort, std::string_view row) {
                         const Sequence sequence = ByteReader(sort.substr(1)).u64();
                         const Message message = decode_message(row);
                         const auto state = states.find(sequence);
                         if (state == states.end()) {
                             int64_t visible_at_ms = message.visible_at_ms;
                             // The delay that a FIFO queue has now counts, not that of sending.
                             if (definition->fifo && message.dead_letter_source.empty()) {
                                 visible_at_ms =
                                     message.sent_ms + int64_t{definition->delay_s} * 1000;
                             }
                             live->index.insert(sequence, message.group_id, visible_at_ms, now_ms);
                         } else {
                             live->index.insert(sequence, message.group_id,
                                                state->second.visible_at_ms, now_ms,
                                                state->second.receive_count, state->second.nonce);
                         }
                         return true;
                     });
        }
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk)
        throw std::runtime_error("the store cannot be read: queues could not be loaded");
}

QueueRef SqsService::find(store::Txn& txn, const QueueName& name) {
    const std::string partition = queue_partition(name.account, name.region);
    txn.watch({store::Space::kQueues, partition, name.name});
    const std::shared_lock lock(mutex_);
    const auto found = queues_.find(map_key(name.account, name.region, name.name));
    if (found == queues_.end()) return {};
    return {found->second, found->second->definition()};
}

std::vector<std::shared_ptr<LiveQueue>> SqsService::queues() const {
    const std::shared_lock lock(mutex_);
    std::vector<std::shared_ptr<LiveQueue>> all;
    for (const auto& [key, live] : queues_) all.push_back(live);
    return all;
}

Result<QueueRef> SqsService::find_by_url(contracts::OpContext& context,
                                         const std::optional<std::string>& url) {
    if (!url || url->empty()) return errors::missing_parameter("QueueUrl");
    const auto name = parse_queue_url(*url, context.region());
    if (!name) return errors::queue_does_not_exist();
    QueueRef queue = find(context.txn(), *name);
    if (!queue) return errors::queue_does_not_exist();
    return queue;
}

Result<QueueRef> SqsService::find_by_arn(store::Txn& txn, std::string_view arn) {
    const auto name = parse_queue_arn(arn);
    if (!name) return errors::queue_does_not_exist();
    QueueRef queue = find(txn, *name);
    if (!queue) return errors::queue_does_not_exist();
    return queue;
}

Result<void> SqsService::check_dead_letter_target(store::Txn& txn, const Queue& queue) {
    if (!queue.redrive) return {};
    const auto target = find_by_arn(txn, queue.redrive->dead_letter_arn);
    if (!target) {
        return errors::bad_redrive_policy(queue.redrive_policy,
                                          "Dead letter target does not exist.");
    }
    if (!allows_redrive_from(*target->queue, queue.arn())) {
        return errors::bad_redrive_policy(
            queue.redrive_policy,
            "The dead-letter queue's RedriveAllowPolicy does not allow this source queue.");
    }
    return {};
}

void SqsService::save(store::Txn& txn, const Queue& queue) {
    txn.put({store::Space::kQueues, queue_partition(queue.account, queue.region), queue.name},
            encode_queue(queue));
    txn.on_commit([this, queue](store::Version) {
        const std::shared_lock lock(mutex_);
        const auto found = queues_.find(map_key(queue.account, queue.region, queue.name));
        if (found != queues_.end()) found->second->replace(std::make_shared<const Queue>(queue));
    });
}

void SqsService::create(store::Txn& txn, const Queue& queue) {
    txn.put({store::Space::kQueues, queue_partition(queue.account, queue.region), queue.name},
            encode_queue(queue));
    txn.on_commit([this, queue](store::Version) {
        const std::unique_lock lock(mutex_);
        queues_[map_key(queue.account, queue.region, queue.name)] =
            std::make_shared<LiveQueue>(std::make_shared<const Queue>(queue), queue.fifo);
    });
}

void SqsService::remove(store::Txn& txn, const QueueRef& ref, TimePoint now) {
    const Queue& queue = *ref.queue;
    const std::string key = map_key(queue.account, queue.region, queue.name);
    txn.erase({store::Space::kQueues, queue_partition(queue.account, queue.region), queue.name});
    txn.put({store::Space::kQueues, kDoomedPartition, queue.id}, sequence_bytes(kWholeQueue));
    txn.put({store::Space::kQueues, kDeletedPartition, key},
            sequence_bytes(static_cast<Sequence>(epoch_ms(now) + kNameBlockedMs)));
    txn.on_commit([this, key](store::Version) {
        const std::unique_lock lock(mutex_);
        queues_.erase(key);
    });
}

void SqsService::purge(store::Txn& txn, const QueueRef& ref, Sequence through) {
    txn.put({store::Space::kQueues, kDoomedPartition, ref.queue->id}, sequence_bytes(through));
    txn.on_commit(
        [live = ref.live, through](store::Version) { live->index.erase_through(through); });
}

std::unique_ptr<contracts::Worker> SqsService::make_sweeper() {
    return std::make_unique<Sweeper>(*this);
}

// ---- QueueReader ----

Result<contracts::QueueFacts> SqsService::describe(std::string_view queue_arn) {
    Result<contracts::QueueFacts> result = errors::queue_does_not_exist();
    store_.run([&](store::Txn& txn) {
        const auto queue = find_by_arn(txn, queue_arn);
        if (queue) {
            result = contracts::QueueFacts{std::string(queue_arn), wake_key(*queue->queue),
                                           queue->queue->visibility_s, queue->queue->fifo,
                                           queue->queue->parsed_policy};
        }
        return store::TxnDecision::kRollback;
    });
    return result;
}

Result<std::vector<contracts::QueueMessage>> SqsService::receive(
    std::string_view queue_arn, int count_max, std::optional<TimePoint>& next_visible) {
    std::vector<Received> received;
    std::vector<std::string> wakes;
    std::optional<Error> failure;
    QueueRef ref;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        received.clear();
        wakes.clear();
        failure.reset();
        const auto queue = find_by_arn(txn, queue_arn);
        if (!queue) {
            failure = queue.error();
            return store::TxnDecision::kRollback;
        }
        ref = *queue;
        received = sqs::receive(*this, txn, ref, {count_max, ref.queue->visibility_s}, clock_.now(),
                                wakes);
        return store::TxnDecision::kCommit;
    });
    if (failure) return *failure;
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.read_ticket)) {
        return errors::make("InternalError", "InternalError", "the store is not available", 500);
    }
    for (const std::string& key : wakes) hub_.signal(key);
    next_visible.reset();
    if (const auto next = ref.live->index.next_visible_ms(epoch_ms(clock_.now())))
        next_visible = from_epoch_ms(*next);
    std::vector<contracts::QueueMessage> messages;
    for (Received& one : received) {
        contracts::QueueMessage message;
        message.message_id = one.message.message_id;
        message.receipt_handle = one.receipt_handle;
        message.md5_of_body = codec::md5_hex(one.message.body);
        message.system_attributes = system_attributes(*ref.queue, one);
        if (!one.message.attributes.empty())
            message.md5_of_attributes = md5_of_attributes(one.message.attributes);
        for (MessageAttribute& attribute : one.message.attributes) {
            message.attributes.push_back({std::move(attribute.name), std::move(attribute.data_type),
                                          std::move(attribute.value)});
        }
        message.body = std::move(one.message.body);
        messages.push_back(std::move(message));
    }
    return messages;
}

Result<void> SqsService::remove(std::string_view queue_arn,
                                const std::vector<std::string>& receipt_handles) {
    std::optional<Error> failure;
    std::string key;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        failure.reset();
        const auto queue = find_by_arn(txn, queue_arn);
        if (!queue) {
            failure = queue.error();
            return store::TxnDecision::kRollback;
        }
        for (const std::string& handle : receipt_handles) {
            // A handle that has expired: the message will come again, as it should.
            (void)delete_message(txn, *queue, handle, clock_.now());
        }
        key = queue->queue->fifo ? wake_key(*queue->queue) : std::string();
        return store::TxnDecision::kCommit;
    });
    if (failure) return *failure;
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.ticket)) {
        return errors::make("InternalError", "InternalError", "the store is not available", 500);
    }
    if (!key.empty()) hub_.signal(key);  // the next of a FIFO group may be received
    return {};
}

Result<void> SqsService::set_visibility(std::string_view queue_arn,
                                        const std::vector<std::string>& receipt_handles,
                                        int seconds) {
    Result<void> changed;
    std::string key;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        changed = {};
        const auto queue = find_by_arn(txn, queue_arn);
        if (!queue) changed = queue.error();
        if (queue) key = wake_key(*queue->queue);
        for (const std::string& handle : receipt_handles) {
            if (changed) changed = change_visibility(txn, *queue, handle, seconds, clock_.now());
        }
        return changed ? store::TxnDecision::kCommit : store::TxnDecision::kRollback;
    });
    MR_CHECK_OK(changed);
    if (result.status != store::CommitStatus::kOk)
        return errors::make("InternalError", "InternalError", "the store is not available", 500);
    hub_.signal(key);
    return {};
}

Result<void> SqsService::send(std::string_view queue_arn, std::string_view body,
                              const std::vector<contracts::QueueMessage::Attribute>& attributes) {
    std::vector<MessageAttribute> stored;
    for (const auto& attribute : attributes)
        stored.push_back({attribute.name, attribute.data_type, attribute.value});
    std::optional<Error> failure;
    std::string key;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        failure.reset();
        const auto queue = find_by_arn(txn, queue_arn);
        if (!queue) {
            failure = queue.error();
            return store::TxnDecision::kRollback;
        }
        key = wake_key(*queue->queue);
        const auto draft =
            check_draft(*queue->queue, std::string(body), stored, std::nullopt,
                        queue->queue->fifo ? std::optional<std::string>("millrace") : std::nullopt,
                        queue->queue->fifo ? std::optional<std::string>(codec::sha256_hex(body))
                                           : std::nullopt);
        if (!draft) {
            failure = draft.error();
            return store::TxnDecision::kRollback;
        }
        sqs::send(*this, txn, *queue, *draft, clock_.now());
        return store::TxnDecision::kCommit;
    });
    if (failure) return *failure;
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.ticket)) {
        return errors::make("InternalError", "InternalError", "the store is not available", 500);
    }
    hub_.signal(key);
    return {};
}

}  // namespace millrace::sqs
