#include "services/dynamodb/capacity.h"

namespace millrace::dynamodb {
namespace {

template <class Capacity>
void set_units(Capacity& capacity, double units, UnitsKind kind) {
    capacity.capacity_units = units;
    if (kind == UnitsKind::kRead) capacity.read_capacity_units = units;
    if (kind == UnitsKind::kWrite) capacity.write_capacity_units = units;
}

std::optional<std::map<std::string, model::dynamodb::Capacity>> of_indexes(
    const std::map<std::string, double>& indexes, UnitsKind kind) {
    if (indexes.empty()) return std::nullopt;
    std::map<std::string, model::dynamodb::Capacity> result;
    for (const auto& [index, units] : indexes) set_units(result[index], units, kind);
    return result;
}

}  // namespace

std::optional<model::dynamodb::ConsumedCapacity> consumed(const std::optional<std::string>& asked,
                                                          const std::string& table,
                                                          const Units& units, UnitsKind kind) {
    if (!asked || *asked == "NONE") return std::nullopt;
    model::dynamodb::ConsumedCapacity capacity;
    capacity.table_name = table;
    set_units(capacity, units.total(), kind);
    if (*asked == "INDEXES") {
        set_units(capacity.table.emplace(), units.table, kind);
        capacity.global_secondary_indexes = of_indexes(units.global_indexes, kind);
        capacity.local_secondary_indexes = of_indexes(units.local_indexes, kind);
    }
    return capacity;
}

std::optional<std::vector<model::dynamodb::ConsumedCapacity>> consumed(
    const std::optional<std::string>& asked, const std::map<std::string, Units>& by_table,
    UnitsKind kind) {
    if (!asked || *asked == "NONE") return std::nullopt;
    std::vector<model::dynamodb::ConsumedCapacity> all;
    for (const auto& [table, units] : by_table) all.push_back(*consumed(asked, table, units, kind));
    return all;
}

}  // namespace millrace::dynamodb
