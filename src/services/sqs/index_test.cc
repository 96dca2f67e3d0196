#include "services/sqs/index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::sqs {
namespace {

std::vector<Sequence> sequences(const std::vector<QueueIndex::Picked>& picked) {
    std::vector<Sequence> all;
    for (const auto& message : picked) all.push_back(message.sequence);
    return all;
}

// A queue as one would write it without a thought of speed: a list of messages, looked through
// from the front.
struct Naive {
    struct Message {
        std::string group;
        int64_t visible_at_ms = 0;
        uint32_t receives = 0;
        uint32_t nonce = 0;
        bool reserved = false;
    };
    explicit Naive(bool is_fifo) : fifo(is_fifo) {}

    bool visible(const Message& m, int64_t now) const {
        return !m.reserved && m.visible_at_ms <= now;
    }
    bool in_flight(const Message& m, int64_t now) const {
        return m.reserved || (m.visible_at_ms > now && m.receives > 0);
    }
    std::vector<Sequence> reserve(int count, int64_t now) {
        std::vector<Sequence> chosen;
        const auto wanted = static_cast<size_t>(count);
        if (!fifo) {
            for (auto& [sequence, message] : messages) {
                if (chosen.size() < wanted && visible(message, now)) chosen.push_back(sequence);
            }
        } else {
            std::set<std::string> closed;
            for (auto& [sequence, message] : messages) {
                if (in_flight(message, now)) closed.insert(message.group);
            }
            // Groups in the order of the first message that they can give.
            std::vector<std::string> order;
            std::map<std::string, std::vector<Sequence>> prefixes;
            for (auto& [sequence, message] : messages) {
                if (closed.contains(message.group)) continue;
                if (!visible(message, now)) {
                    closed.insert(message.group);  // what comes behind a delayed one waits
                    continue;
                }
                if (prefixes[message.group].empty()) order.push_back(message.group);
                prefixes[message.group].push_back(sequence);
            }
            for (const std::string& group : order) {
                for (const Sequence sequence : prefixes[group]) {
                    if (chosen.size() < wanted) chosen.push_back(sequence);
                }
            }
        }
        for (const Sequence sequence : chosen) messages[sequence].reserved = true;
        return chosen;
    }
    QueueIndex::Counts counts(int64_t now) const {
        QueueIndex::Counts all;
        for (const auto& [sequence, message] : messages) {
            if (visible(message, now)) {
                all.visible += 1;
            } else {
                (in_flight(message, now) ? all.in_flight : all.delayed) += 1;
            }
        }
        return all;
    }
    std::optional<int64_t> next_visible_ms(int64_t now) const {
        std::optional<int64_t> next;
        for (const auto& [sequence, message] : messages) {
            if (message.reserved || message.visible_at_ms <= now) continue;
            next = std::min(next.value_or(message.visible_at_ms), message.visible_at_ms);
        }
        return next;
    }

    bool fifo;
    std::map<Sequence, Message> messages;
};

// Whatever is sent, received, given back, deleted and waited for: the index gives what the naive
// queue gives, so nothing is lost, nothing comes while it is hidden, and groups keep their order.
void compare_with_naive(bool fifo) {
    QueueIndex index(fifo);
    Naive naive(fifo);
    int64_t now = 1'000;
    Sequence next = 1;
    uint32_t nonce = 1;
    const int steps = *rc::gen::inRange(100, 600);
    for (int step = 0; step < steps; ++step) {
        const auto any = [&]() -> Sequence {
            if (naive.messages.empty()) return 0;
            auto it = naive.messages.begin();
            std::advance(it, *rc::gen::inRange<size_t>(0, naive.messages.size()));
            return it->first;
        };
        switch (*rc::gen::inRange(0, 9)) {
            case 0:
            case 1:
            case 2: {  // send
                const std::string group =
                    fifo ? std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3))) : "";
                const int64_t visible_at = now + *rc::gen::element(0, 0, 0, 5, 20);
                naive.messages[next] = {group, visible_at, 0, 0, false};
                index.insert(next, group, visible_at, now);
                next += 1;
                break;
            }
            case 3:
            case 4: {  // receive; some do not commit
                const int count = *rc::gen::inRange(1, 5);
                const auto expected = naive.reserve(count, now);
                const auto picked = index.reserve(count, now);
                RC_ASSERT(sequences(picked) == expected);
                const bool commits = *rc::gen::inRange(0, 4) > 0;
                for (const auto& [sequence, receives] : picked) {
                    auto& message = naive.messages[sequence];
                    RC_ASSERT(receives == message.receives);
                    message.reserved = false;
                    if (!commits) {
                        index.give_back(sequence, now);
                        continue;
                    }
                    message.receives += 1;
                    message.nonce = nonce++;
                    message.visible_at_ms = now + *rc::gen::element(0, 5, 10, 30);
                    index.settle(sequence, message.visible_at_ms, now, message.receives,
                                 message.nonce);
                }
                break;
            }
            case 5: {  // delete
                const Sequence sequence = any();
                index.erase(sequence);
                naive.messages.erase(sequence);
                break;
            }
            case 6: {  // change the visibility of one in flight
                const Sequence sequence = any();
                if (sequence == 0) break;
                auto& message = naive.messages[sequence];
                const auto facts = index.find(sequence, now);
                RC_ASSERT(facts.has_value());
                RC_ASSERT(facts->in_flight == naive.in_flight(message, now));
                RC_ASSERT(facts->nonce == message.nonce);
                RC_ASSERT(facts->receive_count == message.receives);
                if (!facts->in_flight) break;
                message.visible_at_ms = now + *rc::gen::element(0, 3, 50);
                index.settle(sequence, message.visible_at_ms, now, message.receives, message.nonce);
                break;
            }
            case 7:
                now += *rc::gen::inRange(1, 15);
                break;
            case 8:
                if (*rc::gen::inRange(0, 10) > 0) break;
                const Sequence last = *rc::gen::inRange<Sequence>(0, next);
                index.erase_through(last);
                std::erase_if(naive.messages, [&](const auto& m) { return m.first <= last; });
                break;
        }
        const auto counts = index.counts(now);
        const auto expected = naive.counts(now);
        RC_ASSERT(counts.visible == expected.visible);
        RC_ASSERT(counts.in_flight == expected.in_flight);
        RC_ASSERT(counts.delayed == expected.delayed);
        RC_ASSERT(index.next_visible_ms(now) == naive.next_visible_ms(now));
    }
    // In the end everything that was not deleted can be received.
    now += 1'000;
    std::set<Sequence> rest;
    for (;;) {
        const auto picked = sequences(index.reserve(7, now));
        if (picked.empty()) break;
        for (const Sequence sequence : picked) {
            RC_ASSERT(rest.insert(sequence).second);
            index.erase(sequence);
        }
    }
    RC_ASSERT(rest.size() == naive.messages.size());
    RC_ASSERT(!index.oldest().has_value());
}

TEST(QueueIndexProperty, StandardGivesWhatTheNaiveQueueGives) {
    EXPECT_TRUE(rc::check("standard", [] { compare_with_naive(false); }));
}

TEST(QueueIndexProperty, FifoGivesWhatTheNaiveQueueGives) {
    EXPECT_TRUE(rc::check("fifo", [] { compare_with_naive(true); }));
}

TEST(QueueIndex, SequencesGrowWhateverTheClockDoes) {
    QueueIndex index(false);
    EXPECT_EQ(index.next_sequence(100), 100u);
    EXPECT_EQ(index.next_sequence(100), 101u);
    EXPECT_EQ(index.next_sequence(5), 102u);
    index.insert(500, "", 0, 0);
    EXPECT_EQ(index.next_sequence(5), 501u);
}

TEST(QueueIndex, ADelayedMessageHoldsBackItsGroupAlone) {
    QueueIndex index(true);
    index.insert(1, "a", 50, 0);
    index.insert(2, "a", 0, 0);
    index.insert(3, "b", 0, 0);
    EXPECT_EQ(sequences(index.reserve(10, 10)), (std::vector<Sequence>{3}));
    EXPECT_EQ(sequences(index.reserve(10, 50)), (std::vector<Sequence>{1, 2}));
}

TEST(QueueIndex, RedelayMovesWhatWasNeverReceived) {
    QueueIndex index(true);
    index.insert(10'000, "a", 0, 20);  // sent at 10 ms
    index.insert(15'000, "b", 0, 20);
    ASSERT_EQ(sequences(index.reserve(1, 20)), (std::vector<Sequence>{10'000}));
    index.settle(10'000, 100, 20, 1, 7);
    index.redelay(0, 40, 20);
    EXPECT_EQ(index.counts(20).delayed, 1);
    EXPECT_EQ(index.next_visible_ms(20), 55);
    index.redelay(0, 0, 20);
    EXPECT_EQ(sequences(index.reserve(10, 20)), (std::vector<Sequence>{15'000}));
}

}  // namespace
}  // namespace millrace::sqs
