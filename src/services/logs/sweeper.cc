#include "services/logs/sweeper.h"

#include <vector>

#include "services/logs/service.h"

namespace millrace::logs {
namespace {

constexpr size_t kRowsPerStep = 500;
constexpr auto kPause = std::chrono::seconds(30);

}  // namespace

bool Sweeper::step(TimePoint now) {
    if (now < due_) return false;
    const bool doomed = sweep_doomed();
    if (sweep_expired(now) || doomed) return true;
    due_ = now + kPause;
    return false;
}

// Nothing writes to a deleted group any more, so its rows need not be in the conflict set.
bool Sweeper::sweep_doomed() {
    bool found = false;
    std::string id;
    std::string last;
    service_.store().run([&](store::Txn& txn) {
        found = false;
        txn.scan({store::Space::kLogGroups, kDoomedPartition, "", ""},
                 [&](std::string_view group_id, std::string_view) {
                     id = group_id;
                     found = true;
                     return false;
                 });
        if (!found) return store::TxnDecision::kRollback;
        Group group;
        group.id = id;
        std::vector<store::Key> rows;
        const auto collect = [&](store::Space space, const std::string& partition,
                                 const std::string& from) {
            txn.scan_space(space, partition, from, "",
                           [&](std::string_view owner, std::string_view sort, std::string_view) {
                               if (owner != partition || rows.size() == kRowsPerStep) return false;
                               rows.push_back({space, partition, std::string(sort)});
                               return true;
                           });
        };
        collect(store::Space::kLogEvents, events_partition(group), swept_[id]);
        last = rows.empty() ? swept_[id] : rows.back().sort;
        if (rows.size() < kRowsPerStep)
            collect(store::Space::kLogGroups, streams_partition(group), "");
        for (const store::Key& row : rows) txn.erase(row);
        if (rows.size() < kRowsPerStep) {
            txn.erase({store::Space::kLogGroups, kDoomedPartition, id});
            last.clear();
        }
        return store::TxnDecision::kCommit;
    });
    if (last.empty()) {
        swept_.erase(id);
    } else {
        swept_[id] = last;
    }
    return found;
}

bool Sweeper::sweep_expired(TimePoint now) {
    bool more = false;
    std::vector<std::pair<Group, std::string>> limited;  // and the first place that is kept
    service_.store().run([&](store::Txn& txn) {
        limited.clear();
        txn.scan_space(store::Space::kLogGroups, "groups/", "", "groups0",
                       [&](std::string_view, std::string_view name, std::string_view row) {
                           Group group = decode_group(row, {"", "", std::string(name)});
                           if (group.retention_days == 0) return true;
                           const int64_t since = retained_since_ms(group, now);
                           limited.emplace_back(std::move(group), place_before(since));
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    for (const auto& [group, keep] : limited) {
        std::string last = swept_[group.id];
        std::vector<std::string> expired;
        const std::string partition = events_partition(group);
        service_.store().run([&](store::Txn& txn) {
            expired.clear();
            txn.scan_space(store::Space::kLogEvents, partition, swept_[group.id], "",
                           [&](std::string_view owner, std::string_view sort, std::string_view) {
                               if (owner != partition || sort >= keep) return false;
                               expired.emplace_back(sort);
                               return expired.size() < kRowsPerStep;
                           });
            for (const std::string& sort : expired)
                txn.erase({store::Space::kLogEvents, partition, sort});
            return expired.empty() ? store::TxnDecision::kRollback : store::TxnDecision::kCommit;
        });
        more = more || expired.size() == kRowsPerStep;
        // Events may come late, with old times: only while there is more is the place remembered.
        swept_[group.id] = expired.size() == kRowsPerStep ? expired.back() : std::string();
    }
    return more;
}

}  // namespace millrace::logs
