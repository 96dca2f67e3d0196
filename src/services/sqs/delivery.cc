#include "services/sqs/delivery.h"

#include <algorithm>

#include "codec/digest.h"
#include "core/bytes.h"
#include "core/check.h"
#include "services/sqs/errors.h"

namespace millrace::sqs {
namespace {

constexpr int64_t kDeduplicationMs = 5 * 60 * 1000;
constexpr int64_t kAttemptMs = 5 * 60 * 1000;
constexpr int64_t kVisibilityMaxMs = int64_t{43'200} * 1000;
constexpr uint8_t kDeduplicationFormat = 1;

store::KeyView message_key(const Queue& queue, const std::string& sort) {
    return {store::Space::kMessages, queue.id, sort};
}

Sequence microseconds(TimePoint now) {
    return static_cast<Sequence>(now.time_since_epoch().count());
}

// Of a FIFO queue, sequences follow the order of commits: the last one is read and written by each
// send, so that of two sends at once the later commit gets the greater one.
Sequence fifo_sequence(store::Txn& txn, const QueueRef& queue, TimePoint now) {
    const store::KeyView key{store::Space::kFifo, queue.queue->id, "last"};
    const auto last = txn.get(key);
    const Sequence sequence = std::max(last ? ByteReader(*last).u64() + 1 : 0, microseconds(now));
    std::string bytes;
    append_u64(bytes, sequence);
    txn.put(key, bytes);
    return sequence;
}

struct Deduplication {
    int64_t until_ms = 0;
    Sequence sequence = 0;
    std::string message_id;
};

std::string encode_deduplication(const Deduplication& row) {
    std::string out;
    append_u8(out, kDeduplicationFormat);
    append_u64(out, static_cast<uint64_t>(row.until_ms));
    append_u64(out, row.sequence);
    append_bytes(out, row.message_id);
    return out;
}

Deduplication decode_deduplication(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kDeduplicationFormat);
    Deduplication row;
    row.until_ms = static_cast<int64_t>(reader.u64());
    row.sequence = reader.u64();
    row.message_id = reader.bytes();
    MR_ASSERT(reader.ok());
    return row;
}

void put_message(store::Txn& txn, const QueueRef& queue, Sequence sequence, const Message& message,
                 int64_t now_ms) {
    txn.put(message_key(*queue.queue, message_sort(sequence)), encode_message(message));
    txn.on_commit(
        [live = queue.live, sequence, group = message.group_id, visible = message.visible_at_ms,
         now_ms](store::Version) { live->index.insert(sequence, group, visible, now_ms); });
}

void write_state(store::Txn& txn, const QueueRef& queue, Sequence sequence,
                 const ReceiveState& state, int64_t now_ms) {
    txn.put(message_key(*queue.queue, state_sort(sequence)), encode_receive_state(state));
    txn.on_commit([live = queue.live, sequence, state, now_ms](store::Version) {
        live->index.settle(sequence, state.visible_at_ms, now_ms, state.receive_count, state.nonce);
    });
}

// False: there is no such queue any more, the message stays where it is.
bool move_to_dead_letters(SqsService& service, store::Txn& txn, const QueueRef& source,
                          Sequence sequence, Message message, TimePoint now,
                          std::vector<std::string>& wakes) {
    const auto target = service.find_by_arn(txn, source.queue->redrive->dead_letter_arn);
    if (!target || target->queue->id == source.queue->id) return false;
    message.dead_letter_source = source.queue->arn();
    // Standard queues keep the time of sending, FIFO ones begin anew.
    move_message(txn, source, sequence, *target, std::move(message), !source.queue->fifo, now);
    wakes.push_back(wake_key(*target->queue));
    return true;
}

// The messages of an earlier receive with the same attempt id, if nothing happened to them since:
// with the same handles, hidden anew.
std::optional<std::vector<Received>> repeat_attempt(store::Txn& txn, const QueueRef& queue,
                                                    const ReceiveOptions& options, int64_t now_ms) {
    const Queue& definition = *queue.queue;
    const auto attempt = queue.live->attempts.find(options.attempt_id, now_ms);
    if (!attempt) return std::nullopt;
    std::vector<Received> received;
    for (const auto& [sequence, nonce] : attempt->messages) {
        const auto facts = queue.live->index.find(sequence, now_ms);
        const auto row = txn.get(message_key(definition, message_sort(sequence)));
        const auto state = txn.get(message_key(definition, state_sort(sequence)));
        if (!facts || !facts->in_flight || facts->nonce != nonce || !row || !state)
            return std::nullopt;
        Received one{decode_message(*row), decode_receive_state(*state), sequence,
                     make_receipt_handle(definition, {sequence, nonce})};
        one.state.received_ms = now_ms;
        one.state.visible_at_ms = now_ms + int64_t{options.visibility_s} * 1000;
        received.push_back(std::move(one));
    }
    for (const Received& one : received) write_state(txn, queue, one.sequence, one.state, now_ms);
    return received;
}

}  // namespace

Sequence next_sequence(store::Txn& txn, const QueueRef& queue, TimePoint now) {
    return queue.queue->fifo ? fifo_sequence(txn, queue, now)
                             : queue.live->index.next_sequence(microseconds(now));
}

bool deduplication_over(std::string_view row, TimePoint now) {
    return decode_deduplication(row).until_ms <= epoch_ms(now);
}

void move_message(store::Txn& txn, const QueueRef& source, Sequence sequence,
                  const QueueRef& target, Message message, bool keeps_sent_time, TimePoint now) {
    message.visible_at_ms = 0;
    if (!keeps_sent_time) message.sent_ms = epoch_ms(now);
    put_message(txn, target, next_sequence(txn, target, now), message, epoch_ms(now));
    erase_message(txn, source, sequence);
}

Result<Draft> check_draft(const Queue& queue, std::string body,
                          std::vector<MessageAttribute> attributes, std::optional<int> delay_s,
                          const std::optional<std::string>& group_id,
                          const std::optional<std::string>& deduplication_id) {
    if (body.empty()) return errors::missing_parameter("MessageBody");
    if (static_cast<int64_t>(message_bytes(body, attributes)) > queue.message_bytes_max) {
        return errors::message_too_long(queue.message_bytes_max);
    }
    if (!valid_body(body)) return errors::invalid_message_contents();
    if (delay_s && (*delay_s < 0 || *delay_s > 900)) {
        return errors::invalid_value(std::to_string(*delay_s), "DelaySeconds",
                                     "DelaySeconds must be >= 0 and <= 900.");
    }
    constexpr std::string_view kIdReason =
        "{} can only include alphanumeric and punctuation characters. 1 to 128 in length.";
    if (group_id && !valid_fifo_id(*group_id)) {
        return errors::invalid_value(*group_id, "MessageGroupId",
                                     fmt::format(fmt::runtime(kIdReason), "MessageGroupId"));
    }
    if (deduplication_id && !valid_fifo_id(*deduplication_id)) {
        return errors::invalid_value(
            *deduplication_id, "MessageDeduplicationId",
            fmt::format(fmt::runtime(kIdReason), "MessageDeduplicationId"));
    }
    Draft draft;
    if (queue.fifo) {
        if (!group_id) return errors::missing_parameter("MessageGroupId");
        if (delay_s.value_or(0) != 0) {
            return errors::invalid_value(
                std::to_string(*delay_s), "DelaySeconds",
                "The request include parameter that is not valid for this queue type.");
        }
        if (!deduplication_id && !queue.content_based_deduplication)
            return errors::missing_deduplication();
        draft.deduplication_id = deduplication_id ? *deduplication_id : codec::sha256_hex(body);
    } else {
        if (deduplication_id) {
            return errors::invalid_value(
                *deduplication_id, "MessageDeduplicationId",
                "The request include parameter that is not valid for this queue type.");
        }
        draft.delay_s = delay_s;
    }
    draft.group_id = group_id.value_or("");
    draft.body = std::move(body);
    draft.attributes = std::move(attributes);
    return draft;
}

Sent send(SqsService& service, store::Txn& txn, const QueueRef& queue, const Draft& draft,
          TimePoint now) {
    const Queue& definition = *queue.queue;
    const int64_t now_ms = epoch_ms(now);
    Sent sent;
    sent.message_id = service.rng().uuid();
    if (definition.fifo) {
        const std::string scope =
            definition.deduplicate_per_group ? draft.group_id + '\0' : std::string();
        const std::string digest = codec::sha256(scope + draft.deduplication_id).substr(0, 16);
        const store::KeyView key{store::Space::kDeduplication, definition.id, digest};
        if (const auto row = txn.get(key)) {
            const Deduplication earlier = decode_deduplication(*row);
            if (earlier.until_ms > now_ms) return {earlier.message_id, earlier.sequence, true};
        }
        sent.sequence = next_sequence(txn, queue, now);
        txn.put(key,
                encode_deduplication({now_ms + kDeduplicationMs, sent.sequence, sent.message_id}));
    } else {
        sent.sequence = next_sequence(txn, queue, now);
    }
    Message message;
    message.message_id = sent.message_id;
    message.sender_id = draft.sender_id;
    message.body = draft.body;
    message.attributes = draft.attributes;
    message.group_id = draft.group_id;
    message.deduplication_id = draft.deduplication_id;
    message.trace_header = draft.trace_header;
    message.sent_ms = now_ms;
    const int delay_s = draft.delay_s.value_or(definition.delay_s);
    message.visible_at_ms = delay_s > 0 ? now_ms + int64_t{delay_s} * 1000 : 0;
    put_message(txn, queue, sent.sequence, message, now_ms);
    return sent;
}

std::vector<Received> receive(SqsService& service, store::Txn& txn, const QueueRef& queue,
                              const ReceiveOptions& options, TimePoint now,
                              std::vector<std::string>& wakes) {
    const Queue& definition = *queue.queue;
    const int64_t now_ms = epoch_ms(now);
    std::vector<Received> received;
    if (queue.live->index.counts(now_ms).in_flight >= kInFlightMax) return received;
    const bool repeatable = definition.fifo && !options.attempt_id.empty();
    if (repeatable) {
        if (auto repeated = repeat_attempt(txn, queue, options, now_ms))
            return *std::move(repeated);
    }
    // Moved and expired messages are no answer: look further, but not without end.
    for (int round = 0; round < 10 && received.empty(); ++round) {
        const std::vector<QueueIndex::Picked> picked =
            queue.live->index.reserve(options.count, now_ms);
        if (picked.empty()) break;
        txn.on_abort(
            [live = queue.live, picked, now_ms, &hub = service.hub(), key = wake_key(definition)] {
                for (const auto& message : picked) live->index.give_back(message.sequence, now_ms);
                hub.signal(key);  // others may have looked meanwhile and found nothing
            });
        for (const auto& [sequence, receive_count] : picked) {
            const auto row = txn.get(message_key(definition, message_sort(sequence)));
            if (!row) {  // purged meanwhile
                erase_message(txn, queue, sequence);
                continue;
            }
            Received one;
            one.message = decode_message(*row);
            one.sequence = sequence;
            if (one.message.sent_ms + int64_t{definition.retention_s} * 1000 <= now_ms) {
                erase_message(txn, queue, sequence);
                continue;
            }
            if (definition.redrive &&
                receive_count >= static_cast<uint32_t>(definition.redrive->receives_max) &&
                move_to_dead_letters(service, txn, queue, sequence, one.message, now, wakes)) {
                continue;
            }
            if (receive_count > 0) {
                if (const auto state = txn.get(message_key(definition, state_sort(sequence))))
                    one.state = decode_receive_state(*state);
            }
            if (one.state.first_receive_ms == 0) one.state.first_receive_ms = now_ms;
            one.state.received_ms = now_ms;
            one.state.receive_count = receive_count + 1;
            one.state.visible_at_ms = now_ms + int64_t{options.visibility_s} * 1000;
            one.state.nonce = static_cast<uint32_t>(service.rng().next_u64());
            one.receipt_handle = make_receipt_handle(definition, {sequence, one.state.nonce});
            write_state(txn, queue, sequence, one.state, now_ms);
            received.push_back(std::move(one));
        }
    }
    if (repeatable && !received.empty()) {
        ReceiveAttempts::Attempt attempt;
        attempt.until_ms = now_ms + kAttemptMs;
        for (const Received& one : received)
            attempt.messages.emplace_back(one.sequence, one.state.nonce);
        txn.on_commit([live = queue.live, id = options.attempt_id, attempt,
                       now_ms](store::Version) { live->attempts.keep(id, attempt, now_ms); });
    }
    return received;
}

void erase_message(store::Txn& txn, const QueueRef& queue, Sequence sequence) {
    txn.erase(message_key(*queue.queue, message_sort(sequence)));
    txn.erase(message_key(*queue.queue, state_sort(sequence)));
    txn.on_commit([live = queue.live, sequence](store::Version) { live->index.erase(sequence); });
}

Result<void> delete_message(store::Txn& txn, const QueueRef& queue, std::string_view handle,
                            TimePoint now) {
    const auto receipt = parse_receipt_handle(*queue.queue, handle);
    if (!receipt) return errors::receipt_handle_invalid(handle);
    const auto facts = queue.live->index.find(receipt->sequence, epoch_ms(now));
    // Nobody has a handle of a message that was never received: this one is of another that is
    // gone.
    if (!facts || facts->receive_count == 0) return {};
    if (queue.queue->fifo && (facts->nonce != receipt->nonce || !facts->in_flight)) {
        return errors::receipt_handle_expired(handle);
    }
    erase_message(txn, queue, receipt->sequence);
    return {};
}

Result<void> change_visibility(store::Txn& txn, const QueueRef& queue, std::string_view handle,
                               int seconds, TimePoint now) {
    const auto receipt = parse_receipt_handle(*queue.queue, handle);
    if (!receipt) return errors::receipt_handle_invalid(handle);
    const int64_t now_ms = epoch_ms(now);
    const auto facts = queue.live->index.find(receipt->sequence, now_ms);
    if (!facts || !facts->in_flight || (queue.queue->fifo && facts->nonce != receipt->nonce)) {
        return errors::message_not_inflight(handle);
    }
    const std::string sort = state_sort(receipt->sequence);
    const auto row = txn.get(message_key(*queue.queue, sort));
    if (!row) return errors::message_not_inflight(handle);
    ReceiveState state = decode_receive_state(*row);
    state.visible_at_ms = now_ms + int64_t{seconds} * 1000;
    if (state.visible_at_ms > state.received_ms + kVisibilityMaxMs)
        return errors::visibility_beyond_limit(seconds);
    write_state(txn, queue, receipt->sequence, state, now_ms);
    return {};
}

std::map<std::string, std::string> system_attributes(const Queue& queue, const Received& received) {
    const Message& message = received.message;
    std::map<std::string, std::string> all = {
        {"SenderId", message.sender_id},
        {"SentTimestamp", std::to_string(message.sent_ms)},
        {"ApproximateReceiveCount", std::to_string(received.state.receive_count)},
        {"ApproximateFirstReceiveTimestamp", std::to_string(received.state.first_receive_ms)},
    };
    if (queue.fifo) {
        all["SequenceNumber"] = sequence_number(received.sequence);
        all["MessageDeduplicationId"] = message.deduplication_id;
    }
    if (!message.group_id.empty()) all["MessageGroupId"] = message.group_id;
    if (!message.trace_header.empty()) all["AWSTraceHeader"] = message.trace_header;
    if (!message.dead_letter_source.empty())
        all["DeadLetterQueueSourceArn"] = message.dead_letter_source;
    return all;
}

}  // namespace millrace::sqs
