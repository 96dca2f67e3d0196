// Capacity units, as DynamoDB bills them. Thread-safety: pure functions.
// Source: DynamoDB Developer Guide, "Read and write capacity".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/generated/dynamodb.h"

namespace millrace::dynamodb {

inline double write_units(size_t bytes) {
    return static_cast<double>(std::max<size_t>(1, (bytes + 1023) / 1024));
}
// A miss costs as much as the smallest item.
inline double read_units(size_t bytes, bool consistent) {
    const auto units = static_cast<double>(std::max<size_t>(1, (bytes + 4095) / 4096));
    return consistent ? units : units / 2;
}

// The units of a request on one table and its indexes.
struct Units {
    double table = 0;
    std::map<std::string, double> global_indexes;
    std::map<std::string, double> local_indexes;
    double total() const {
        double sum = table;
        for (const auto& [index, units] : global_indexes) sum += units;
        for (const auto& [index, units] : local_indexes) sum += units;
        return sum;
    }
};
// Transactions also name the kind of their units.
enum class UnitsKind : uint8_t { kAny, kRead, kWrite };

// Nothing unless ReturnConsumedCapacity asks: TOTAL or INDEXES.
std::optional<model::dynamodb::ConsumedCapacity> consumed(const std::optional<std::string>& asked,
                                                          const std::string& table,
                                                          const Units& units,
                                                          UnitsKind kind = UnitsKind::kAny);
// Of a request on several tables.
std::optional<std::vector<model::dynamodb::ConsumedCapacity>> consumed(
    const std::optional<std::string>& asked, const std::map<std::string, Units>& by_table,
    UnitsKind kind = UnitsKind::kAny);

}  // namespace millrace::dynamodb
