// Capacity units, as DynamoDB bills them. Thread-safety: pure functions.
// Source: DynamoDB Developer Guide, "Read and write capacity".
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

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

// Nothing unless ReturnConsumedCapacity asks: TOTAL or INDEXES.
inline std::optional<model::dynamodb::ConsumedCapacity> consumed(
    const std::optional<std::string>& asked, const std::string& table, double units) {
    if (!asked || *asked == "NONE") return std::nullopt;
    model::dynamodb::ConsumedCapacity capacity;
    capacity.table_name = table;
    capacity.capacity_units = units;
    if (*asked == "INDEXES") capacity.table.emplace().capacity_units = units;
    return capacity;
}

}  // namespace millrace::dynamodb
