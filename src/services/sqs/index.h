// QueueIndex: which messages of a queue are visible, in flight or delayed, in memory. Built from
// the store at start and changed only by commit hooks, in commit order, and by reservations that a
// transaction gives back when it does not commit. Bodies stay in the store.
//
// A message's sequence is also its order of sending: microseconds since 1970, made unique.
// Thread-safety: safe from any thread; calls are short. Cost: O(log n) each unless said.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/mutex.h"

namespace millrace::sqs {

using Sequence = uint64_t;

class QueueIndex {
public:
    struct Picked {
        Sequence sequence = 0;
        uint32_t receive_count = 0;  // before this receive
    };
    struct Facts {
        uint32_t receive_count = 0;
        uint32_t nonce = 0;  // of the newest receive
        bool in_flight = false;
    };
    struct Counts {
        int64_t visible = 0;
        int64_t in_flight = 0;
        int64_t delayed = 0;
    };

    explicit QueueIndex(bool fifo) : fifo_(fifo) {}

    // A sequence greater than every one given before and than `at_least`.
    Sequence next_sequence(Sequence at_least);

    // A committed message; hidden until `visible_at_ms` if that is later than `now_ms`.
    void insert(Sequence sequence, std::string_view group, int64_t visible_at_ms, int64_t now_ms,
                uint32_t receive_count = 0, uint32_t nonce = 0);
    // Takes up to `count` visible messages out of the visible ones, oldest first; FIFO: whole
    // prefixes of groups of which nothing is in flight. Each is then settled, erased or given back.
    std::vector<Picked> reserve(int count, int64_t now_ms);
    void give_back(Sequence sequence, int64_t now_ms);
    // A committed receive or change of visibility.
    void settle(Sequence sequence, int64_t visible_at_ms, int64_t now_ms, uint32_t receive_count,
                uint32_t nonce);
    void erase(Sequence sequence);
    void erase_through(Sequence last);  // O(messages erased)
    // FIFO: the queue's delay changed, which holds for what waits already: messages sent from
    // `since` on and never received become visible `delay_ms` after their sending. O(those).
    void redelay(Sequence since, int64_t delay_ms, int64_t now_ms);

    std::optional<Facts> find(Sequence sequence, int64_t now_ms);
    // When the next hidden message becomes visible.
    std::optional<int64_t> next_visible_ms(int64_t now_ms);
    Counts counts(int64_t now_ms);
    // Up to `count` messages, oldest first, up to and including `last`. O(count).
    std::vector<Sequence> first_through(Sequence last, size_t count) const;
    // The greatest sequence that was given or inserted.
    Sequence last_sequence() const;
    // The oldest message, or nothing.
    std::optional<Sequence> oldest() const;

private:
    enum class State : uint8_t { kVisible, kReserved, kHidden };
    struct Entry {
        int64_t visible_at_ms = 0;
        uint32_t receive_count = 0;
        uint32_t nonce = 0;
        uint32_t group = 0;
        State state = State::kVisible;
    };
    struct Group {
        std::string name;
        std::set<Sequence> visible;
        std::set<Sequence> delayed;  // hidden, never received: what comes behind waits for them
        int blocking = 0;            // reserved or in flight
        int64_t messages = 0;        // in any state; the group is forgotten with its last
    };
    using Entries = std::map<Sequence, Entry>;

    void make_visible(Sequence sequence, Entry& entry) MR_REQUIRES(mutex_);
    void make_unavailable(Sequence sequence, Entry& entry, State state) MR_REQUIRES(mutex_);
    void take_out(Sequence sequence, Entry& entry) MR_REQUIRES(mutex_);
    void promote(int64_t now_ms) MR_REQUIRES(mutex_);
    bool blocks(const Entry& entry) const;
    void update_head(uint32_t group) MR_REQUIRES(mutex_);
    uint32_t group_of(std::string_view name) MR_REQUIRES(mutex_);
    void forget_if_empty(uint32_t group_id) MR_REQUIRES(mutex_);

    const bool fifo_;
    mutable Mutex mutex_;
    Entries entries_ MR_GUARDED_BY(mutex_);
    std::set<Sequence> visible_ MR_GUARDED_BY(mutex_);  // standard queues
    std::set<std::pair<int64_t, Sequence>> hidden_ MR_GUARDED_BY(mutex_);
    int64_t in_flight_ MR_GUARDED_BY(mutex_) =
        0;  // hidden or reserved, received at least once or reserved
    int64_t visible_count_ MR_GUARDED_BY(mutex_) = 0;
    // FIFO only.
    std::unordered_map<uint32_t, Group> groups_ MR_GUARDED_BY(mutex_);
    std::unordered_map<std::string, uint32_t> group_ids_ MR_GUARDED_BY(mutex_);
    uint32_t next_group_ MR_GUARDED_BY(mutex_) = 1;
    std::set<std::pair<Sequence, uint32_t>> heads_
        MR_GUARDED_BY(mutex_);  // oldest of each open group
    std::unordered_map<uint32_t, Sequence> head_of_ MR_GUARDED_BY(mutex_);
    Sequence last_sequence_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::sqs
