#include "services/dynamodb/backup/history.h"

#include <functional>

#include "core/bytes.h"
#include "core/check.h"
#include "services/dynamodb/catalog.h"
#include "services/dynamodb/write.h"

namespace millrace::dynamodb {
namespace {

constexpr uint8_t kHistoryFormat = 1;
constexpr size_t kPartitionBytes = 24;  // table id, h16: keys.h
// Records of one item that are stepped over before the scan is begun again behind them.
constexpr size_t kStepsMax = 16;
// Records looked at for one page.
constexpr size_t kRecordsPerPageMax = 20'000;

std::string table_end(uint64_t table_id) {
    return table_id_bytes(table_id) + std::string(17, '\xff');
}
std::string_view partition_of(std::string_view position) {
    return position.substr(0, kPartitionBytes);
}
std::string_view sort_of(std::string_view position) {
    return position.size() > kPartitionBytes ? position.substr(kPartitionBytes)
                                             : std::string_view();
}
std::string at_time(std::string_view item, TimePoint time) {
    std::string sort(item);
    append_u64(sort, static_cast<uint64_t>(std::max<int64_t>(time.time_since_epoch().count(), 0)));
    return sort;
}

constexpr uint8_t kMarkFormat = 1;
// How far ahead the mark of a table's times is set: so often it is moved, and so long after a crash
// times may stand still.
constexpr Duration kMarkAhead = std::chrono::seconds(1);

int64_t read_mark(store::Txn& txn, const store::Key& key) {
    const auto row = txn.get(key);
    if (!row) return 0;
    ByteReader reader(*row);
    MR_ASSERT(reader.u8() == kMarkFormat);
    return static_cast<int64_t>(reader.u64());
}
void raise(std::atomic<int64_t>& value, int64_t to) {
    int64_t seen = value.load();
    while (seen < to && !value.compare_exchange_weak(seen, to)) {
    }
}

// Where an item's records are, as its position and one record.
using RecordVisitor = std::function<bool(const std::string& position, const HistoryRecord& record)>;

// Calls back, per item in [position, end), with its first record behind the cut; false stops it
// before that item. Returns where it stopped: `end`, or an item that was not looked at.
std::string first_records(store::Txn& txn, uint64_t table_id, const Cut& cut,
                          const std::string& position, const std::string& end,
                          const RecordVisitor& visit) {
    std::string from_partition(partition_of(position));
    std::string from_sort(sort_of(position));
    std::string stopped = end;
    std::string decided;  // the item that had its record
    size_t looked_at = 0;
    for (bool again = true; again;) {
        again = false;
        std::string item;
        size_t steps = 0;
        txn.scan_space(
            store::Space::kHistory, from_partition, from_sort, table_end(table_id),
            [&](std::string_view partition, std::string_view sort, std::string_view value) {
                const auto record = decode_history(sort, value);
                MR_ASSERT(record.has_value());
                const std::string_view item_sort =
                    sort.substr(0, sort.size() - kHistorySuffixBytes);
                std::string here = std::string(partition).append(item_sort);
                if (!end.empty() && here >= end) return false;
                if (here != item) {
                    if (++looked_at > kRecordsPerPageMax) {
                        stopped = std::move(here);
                        return false;
                    }
                    item = here;
                    steps = 0;
                }
                const bool done = here == decided;
                if (!done && record->time >= cut.oldest && cut.is_behind(*record)) {
                    if (!visit(here, *record)) {
                        stopped = std::move(here);
                        return false;
                    }
                    decided = std::move(here);
                    return true;
                }
                looked_at += 1;
                if (++steps < kStepsMax || (!done && record->time >= cut.oldest)) return true;
                from_partition = partition;
                from_sort = done ? std::string(item_sort) + std::string(kHistorySuffixBytes, '\xff')
                                 : at_time(item_sort, cut.oldest);
                again = true;
                return false;
            });
    }
    return stopped;
}

}  // namespace

std::optional<HistoryRecord> decode_history(std::string_view sort, std::string_view value) {
    if (sort.size() < kHistorySuffixBytes) return std::nullopt;
    ByteReader reader(value);
    if (reader.u8() != kHistoryFormat) return std::nullopt;
    HistoryRecord record;
    record.time = TimePoint(Duration(
        static_cast<int64_t>(ByteReader(sort.substr(sort.size() - kHistorySuffixBytes)).u64())));
    record.epoch = reader.u64();
    if (!reader.ok()) return std::nullopt;
    record.before = reader.rest();
    return record;
}

TimePoint history_time(store::Txn& txn, const Table& table, TimePoint now) {
    TableStatistics& known = *table.statistics;
    const store::Key key = statistics_key(table.id, 't');
    int64_t floor = known.history_floor.load();
    if (floor < 0) {
        const int64_t mark = read_mark(txn, key);
        raise(known.history_mark, mark);
        if (known.history_floor.compare_exchange_strong(floor, mark)) floor = mark;
    }
    const int64_t time = std::max(now.time_since_epoch().count(), floor + 1);
    // Read again, and so in the conflict set: of those that pass the mark one moves it.
    if (time > known.history_mark.load() && time > read_mark(txn, key)) {
        const int64_t ahead = time + kMarkAhead.count();
        std::string row;
        append_u8(row, kMarkFormat);
        append_u64(row, static_cast<uint64_t>(ahead));
        txn.put(key, row);
        txn.on_commit([statistics = table.statistics, ahead](store::Version) {
            raise(statistics->history_mark, ahead);
        });
    }
    return TimePoint(Duration(time));
}

void keep_history(store::Txn& txn, const Table& table, const ItemKey& key,
                  std::optional<item::ItemView> before, TimePoint now) {
    std::string sort = at_time(key.sort, history_time(txn, table, now));
    append_u64(sort, table.statistics->history_records.fetch_add(1, std::memory_order_relaxed));
    std::string value;
    append_u8(value, kHistoryFormat);
    append_u64(value, table.history.epoch);
    if (before) item::append_stored(value, *before);
    txn.put({store::Space::kHistory, key.partition, sort}, value);
}

std::string first_position(uint64_t table_id) { return table_id_bytes(table_id); }

CopyPage read_copy_page(store::Txn& txn, uint64_t table_id, const std::optional<Cut>& cut,
                        const std::string& position, const PageLimits& limits) {
    CopyPage page;
    std::vector<CopiedItem> now;
    size_t bytes = 0;
    txn.scan_space(
        store::Space::kItems, partition_of(position), sort_of(position), table_end(table_id),
        [&](std::string_view partition, std::string_view sort, std::string_view row) {
            if (now.size() == limits.rows_max || bytes >= limits.bytes_max) {
                page.next = std::string(partition).append(sort);
                return false;
            }
            bytes += row.size();
            now.push_back({{std::string(partition), std::string(sort)}, std::string(row)});
            return true;
        });
    if (!cut) {
        page.items = std::move(now);
        return page;
    }
    // After the items, see above.
    auto next_now = now.begin();
    size_t taken = 0;
    size_t taken_bytes = 0;
    const auto take_unchanged = [&](const std::string& before) {
        for (; next_now != now.end(); ++next_now) {
            const std::string here = next_now->key.partition + next_now->key.sort;
            if (!before.empty() && here >= before) return here == before;
            page.items.push_back(std::move(*next_now));
        }
        return false;
    };
    page.next = first_records(
        txn, table_id, *cut, position, page.next,
        [&](const std::string& here, const HistoryRecord& record) {
            if (taken == limits.rows_max || taken_bytes >= limits.bytes_max) return false;
            taken += 1;
            taken_bytes += record.before.size();
            if (take_unchanged(here)) ++next_now;
            if (!record.before.empty()) {
                page.items.push_back({{std::string(partition_of(here)), std::string(sort_of(here))},
                                      std::string(record.before)});
            }
            return true;
        });
    take_unchanged(page.next);
    return page;
}

ChangePage read_change_page(store::Txn& txn, uint64_t table_id, const Cut& from, const Cut& to,
                            const std::string& position, const PageLimits& limits) {
    ChangePage page;
    std::vector<ItemChange> changed;
    size_t bytes = 0;
    page.next = first_records(
        txn, table_id, from, position, {},
        [&](const std::string& here, const HistoryRecord& record) {
            if (changed.size() == limits.rows_max || bytes >= limits.bytes_max) return false;
            bytes += record.before.size();
            ItemChange change;
            change.key = {std::string(partition_of(here)), std::string(sort_of(here))};
            change.before = record.before;
            changed.push_back(std::move(change));
            return true;
        });
    for (ItemChange& change : changed) {
        // The item before its records, see above. Out of the conflict set: nothing is written that
        // depends on it.
        txn.scan_space(
            store::Space::kItems, change.key.partition, change.key.sort,
            change.key.partition + '\xff',
            [&](std::string_view partition, std::string_view sort, std::string_view row) {
                if (partition == change.key.partition && sort == change.key.sort)
                    change.after = row;
                return false;
            });
        bool between = false;
        const std::string start = at_time(change.key.sort, from.oldest);
        txn.scan_space(
            store::Space::kHistory, change.key.partition, start, change.key.partition + '\xff',
            [&](std::string_view partition, std::string_view sort, std::string_view value) {
                if (partition != change.key.partition ||
                    sort.substr(0, sort.size() - kHistorySuffixBytes) != change.key.sort)
                    return false;
                const auto record = decode_history(sort, value);
                MR_ASSERT(record.has_value());
                if (to.is_behind(*record)) {
                    change.after = record->before;
                    return false;
                }
                if (from.is_behind(*record)) {
                    between = true;
                    change.written = record->time;
                }
                return true;
            });
        if (between && !(change.before.empty() && change.after.empty()))
            page.changes.push_back(std::move(change));
    }
    return page;
}

}  // namespace millrace::dynamodb
