// Counting every sale exactly once, however often its stream record is delivered.
//
// A transaction puts a marker for each order (only if there is none) and adds to the album's count.
// If a marker exists the whole transaction is cancelled and says which; those orders are counted
// already and drop out. So a count never moves without its markers, and a retry finds them.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "aws/json.h"
#include "order.h"

namespace pinehead {

struct Tables {
    std::string leaderboard = "orders_leaderboard";
    std::string counted = "orders_counted";
};

// A transaction may have 100 actions: one per order and one per album.
inline constexpr size_t kTransactionActionsMax = 100;

// Splits sales, in order and without repeated orders, so that each part fits one transaction.
std::vector<std::vector<Sale>> split_for_transactions(std::span<const Sale> sales);

// The TransactWriteItems input that counts the sales. The first sales.size() actions are the
// markers, in the order of the sales. Markers expire after `expires` (epoch seconds): longer than a
// stream record can be delivered again.
json::value count_transaction(std::span<const Sale> sales, const Tables& tables, int64_t expires);

// The sales whose markers did not exist yet, after a cancelled transaction; `reasons` are its
// CancellationReasons. Throws when it was cancelled for another reason (the caller's retry).
std::vector<Sale> not_yet_counted(std::span<const Sale> sales, const json::value& reasons);

}  // namespace pinehead
