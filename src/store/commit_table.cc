#include "store/commit_table.h"

#include <cstdlib>
#include <functional>

#include "core/check.h"

namespace millrace::store {

CommitTable::CommitTable()
    : slots_(static_cast<std::atomic<Ticket>*>(
          std::calloc(kKeySlots + kPartitionSlots, sizeof(std::atomic<Ticket>)))) {
    MR_ASSERT(slots_ != nullptr);
}

void CommitTable::Free::operator()(void* memory) const { std::free(memory); }

CommitTable::Slot CommitTable::slot_of_key(std::string_view encoded_key) const {
    return static_cast<Slot>(std::hash<std::string_view>{}(encoded_key) & (kKeySlots - 1));
}

CommitTable::Slot CommitTable::slot_of_partition(Space space, std::string_view partition) const {
    const size_t hash = std::hash<std::string_view>{}(partition) +
                        static_cast<size_t>(space) * 0x9e3779b97f4a7c15ULL;
    return kKeySlots + static_cast<Slot>((hash >> 7) & (kPartitionSlots - 1));
}

}  // namespace millrace::store
