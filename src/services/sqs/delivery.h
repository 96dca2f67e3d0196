// Sending, receiving, deleting: the core that the operations and event source mappings share. Each
// function works in the caller's transaction; the index follows when it commits.
// Thread-safety: as the service.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "services/sqs/message.h"
#include "services/sqs/service.h"

namespace millrace::sqs {

struct Draft {
    std::string body;
    std::vector<MessageAttribute> attributes;
    std::optional<int> delay_s;
    std::string group_id;
    std::string deduplication_id;  // FIFO: explicit or by content
    std::string trace_header;
    std::string sender_id;
};

struct Sent {
    std::string message_id;
    Sequence sequence = 0;
    bool duplicate = false;
};

// What can be said of a message before a transaction: contents, sizes, FIFO parameters.
Result<Draft> check_draft(const Queue& queue, std::string body,
                          std::vector<MessageAttribute> attributes, std::optional<int> delay_s,
                          const std::optional<std::string>& group_id,
                          const std::optional<std::string>& deduplication_id);
// The next one: of a FIFO queue in the order of commits, of a standard one in that of asking.
Sequence next_sequence(store::Txn& txn, const QueueRef& queue, TimePoint now);
Sent send(SqsService& service, store::Txn& txn, const QueueRef& queue, const Draft& draft,
          TimePoint now);

struct Received {
    Message message;
    ReceiveState state;
    Sequence sequence = 0;
    std::string receipt_handle;
};

struct ReceiveOptions {
    int count = 1;
    int visibility_s = 30;
    std::string attempt_id;  // FIFO: repeated within five minutes it gives the same messages
};
// More in flight: a standard queue refuses, a FIFO one gives nothing.
inline constexpr int64_t kInFlightMax = 120'000;
// Takes visible messages, moves those received too often to the dead-letter queue, drops expired
// ones. `wakes` gets the keys of queues that messages were moved to.
std::vector<Received> receive(SqsService& service, store::Txn& txn, const QueueRef& queue,
                              const ReceiveOptions& options, TimePoint now,
                              std::vector<std::string>& wakes);

// Deletes the message of a handle. A message that is gone is no error; FIFO: an old handle is.
Result<void> delete_message(store::Txn& txn, const QueueRef& queue, std::string_view handle,
                            TimePoint now);
// Visible again `seconds` from now.
Result<void> change_visibility(store::Txn& txn, const QueueRef& queue, std::string_view handle,
                               int seconds, TimePoint now);

// Takes a message out of its queue and puts it, with its id, into another. `keeps_sent_time`:
// retention goes on counting from the first sending.
void move_message(store::Txn& txn, const QueueRef& source, Sequence sequence,
                  const QueueRef& target, Message message, bool keeps_sent_time, TimePoint now);

// True when a row of Space::kDeduplication no longer counts.
bool deduplication_over(std::string_view row, TimePoint now);

// Erases a message's rows and, when committed, its index entry.
void erase_message(store::Txn& txn, const QueueRef& queue, Sequence sequence);

// The system attributes of a received message, by name; only those that it has.
std::map<std::string, std::string> system_attributes(const Queue& queue, const Received& received);

}  // namespace millrace::sqs
