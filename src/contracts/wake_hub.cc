#include "contracts/wake_hub.h"

#include <algorithm>
#include <utility>

namespace millrace::contracts {
namespace {

// Entries without waiters are only epochs; beyond this many a shard forgets them, which makes
// the next wait on such a key return at once, a spurious wake-up.
constexpr size_t kIdleEntriesMax = 1024;

}  // namespace

WakeHub::Shard& WakeHub::shard_of(std::string_view key) {
    return shards_[std::hash<std::string_view>{}(key) % shards_.size()];
}

uint64_t WakeHub::epoch(std::string_view key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(std::string(key));
    return found == shard.entries.end() ? shard.floor : found->second.epoch;
}

void WakeHub::signal(std::string_view key) {
    std::vector<std::pair<WaiterId, std::function<void()>>> waiters;
    {
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        const auto [it, created] = shard.entries.try_emplace(std::string(key));
        if (created) it->second.epoch = shard.floor;
        it->second.epoch += 1;
        waiters.swap(it->second.waiters);
        if (shard.entries.size() > kIdleEntriesMax) {
            for (auto entry = shard.entries.begin(); entry != shard.entries.end();) {
                shard.floor = std::max(shard.floor, entry->second.epoch + 1);
                entry =
                    entry->second.waiters.empty() ? shard.entries.erase(entry) : std::next(entry);
            }
        }
    }
    for (auto& [id, wake] : waiters) wake();
}

WakeHub::WaiterId WakeHub::wait(std::string_view key, uint64_t seen, std::function<void()> wake) {
    {
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        const auto [it, created] = shard.entries.try_emplace(std::string(key));
        if (created) it->second.epoch = shard.floor;
        if (it->second.epoch == seen) {
            const WaiterId id = shard.next_id++;
            it->second.waiters.emplace_back(id, std::move(wake));
            return id;
        }
    }
    wake();
    return 0;
}

bool WakeHub::cancel(std::string_view key, WaiterId id) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(std::string(key));
    if (found == shard.entries.end()) return false;
    auto& waiters = found->second.waiters;
    const auto waiter =
        std::find_if(waiters.begin(), waiters.end(), [&](const auto& w) { return w.first == id; });
    if (waiter == waiters.end()) return false;
    waiters.erase(waiter);
    return true;
}

}  // namespace millrace::contracts
