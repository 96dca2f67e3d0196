// CommitTable: for every key and partition, by hash, the ticket of the newest commit that touched
// it. Answers two questions without a lock: did somebody change what I read (conflict), and up to
// which ticket must an answer wait before it shows what it read (durability).
//
// Two keys of one slot only cost a needless retry or wait. A committer marks its slots before it
// applies its batch, a reader looks at the slot after it read the value: a value is never seen
// without its ticket.
// Thread-safety: safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "store/store.h"

namespace millrace::store {

class CommitTable {
public:
    using Slot = uint32_t;

    CommitTable();
    Slot slot_of_key(std::string_view encoded_key) const;
    Slot slot_of_partition(Space space, std::string_view partition) const;
    Ticket ticket(Slot slot) const { return slots_[slot].load(std::memory_order_acquire); }
    // Only under the commit lock.
    void mark(Slot slot, Ticket ticket) { slots_[slot].store(ticket, std::memory_order_release); }

private:
    // Keys, then partitions. 4 MiB + 1 MiB of address space, resident only as it is used.
    static constexpr uint32_t kKeySlots = 1 << 19;
    static constexpr uint32_t kPartitionSlots = 1 << 17;
    struct Free {
        void operator()(void* memory) const;
    };
    std::unique_ptr<std::atomic<Ticket>[], Free> slots_;
};

}  // namespace millrace::store
