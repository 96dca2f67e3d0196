// Budget: how many bytes (or connections) may be in use at once, over all threads.
// Thread-safety: safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::net {

class Budget {
public:
    explicit Budget(uint64_t max) : max_(max) {}
    // False, and nothing taken, when less than `amount` is left.
    [[nodiscard]] bool take(uint64_t amount) {
        uint64_t used = used_.load(std::memory_order_relaxed);
        do {
            if (amount > max_ - used) return false;
        } while (!used_.compare_exchange_weak(used, used + amount, std::memory_order_relaxed));
        return true;
    }
    void give_back(uint64_t amount) { used_.fetch_sub(amount, std::memory_order_relaxed); }
    uint64_t used() const { return used_.load(std::memory_order_relaxed); }

private:
    const uint64_t max_;
    std::atomic<uint64_t> used_{0};
};

}  // namespace millrace::net
