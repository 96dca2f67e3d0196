// History: what items were before each write, kept for tables with point-in-time recovery and while
// a copy of the table is made; and reading a table as it was at a cut.
//
// A record is a row beside the item's own place, written in the item's transaction, so that the
// state at a cut is a merge of two sorted ranges: an item's value is that of its first record
// behind the cut, or, if there is none, what it is now. Reading in small transactions while writers
// go on gives one consistent state, because a page reads its items before their records: whatever
// was written before an item was read has its record by then.
//
// A cut is of one moment of the order of commits: whoever makes it rewrites the table's definition
// with the next epoch, which every writer watches and puts into its records. All that commits later
// has that epoch. A cut in the past is by time: a transaction's writes bear one time, read
// behind its locks, so what it saw of another is never later than itself.
//
// Thread-safety: plain values and functions of a transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/keys.h"
#include "store/store.h"

namespace millrace::dynamodb {

inline constexpr size_t kHistorySuffixBytes = 16;  // time (8), number (8)

struct HistoryRecord {
    TimePoint time{};
    uint64_t epoch = 0;
    std::string_view before;  // the item's row; empty: there was none
};
// Nothing: no history row.
std::optional<HistoryRecord> decode_history(std::string_view sort, std::string_view value);

// The time that a write of now bears in the table's history: never before that of an earlier one,
// though the machine's clock was set back between two processes.
TimePoint history_time(store::Txn& txn, const Table& table, TimePoint now);

// Notes what was there before a write.
void keep_history(store::Txn& txn, const Table& table, const ItemKey& key,
                  std::optional<item::ItemView> before, TimePoint now);

struct Cut {
    // Writes later than this are behind the cut; kNow: only the epoch counts.
    TimePoint time = kNow;
    // Writes of this epoch and later ones are behind it.
    uint64_t epoch = 0;
    // No record behind the cut is older.
    TimePoint oldest{};

    static constexpr TimePoint kNow = TimePoint::max();
    bool is_behind(const HistoryRecord& record) const {
        return record.epoch >= epoch || record.time > time;
    }
};

struct CopiedItem {
    ItemKey key;  // in the source
    std::string row;
};
struct CopyPage {
    std::vector<CopiedItem> items;
    std::string next;  // position of the next page; empty: this is the last
};
struct PageLimits {
    size_t rows_max = 500;
    size_t bytes_max = 4 << 20;
};

// The first position in a table.
std::string first_position(uint64_t table_id);
// Items from `position` on, as of the cut; without one as they are now. Reads at most about two
// pages of rows and a bounded number of others.
CopyPage read_copy_page(store::Txn& txn, uint64_t table_id, const std::optional<Cut>& cut,
                        const std::string& position, const PageLimits& limits = {});

// What became of an item between two cuts.
struct ItemChange {
    ItemKey key;
    TimePoint written{};  // of the last write between them
    std::string before;   // rows; empty: none
    std::string after;
};
struct ChangePage {
    std::vector<ItemChange> changes;  // not those of items that were there at neither cut
    std::string next;
};
ChangePage read_change_page(store::Txn& txn, uint64_t table_id, const Cut& from, const Cut& to,
                            const std::string& position, const PageLimits& limits = {});

}  // namespace millrace::dynamodb
