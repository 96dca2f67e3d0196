// Deleting in the background what a table or an index leaves. Thread-safety: as the transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

inline constexpr size_t kErasedRowsPerStep = 500;

// Behind all partitions that begin with the id of a table or an index.
inline std::string behind_id(std::string_view id) {
    return std::string(id) + std::string(17, '\xff');
}

// Erases a step's worth of the rows whose partitions begin with the id. False: none is left.
inline bool erase_rows(store::Txn& txn, store::Space space, std::string_view id) {
    std::vector<store::Key> rows;
    txn.scan_space(space, id, "", behind_id(id),
                   [&](std::string_view partition, std::string_view sort, std::string_view) {
                       rows.push_back({space, std::string(partition), std::string(sort)});
                       return rows.size() < kErasedRowsPerStep;
                   });
    for (const store::Key& row : rows) txn.erase(row);
    return !rows.empty();
}

// The counters of a table or an index.
inline void forget_size(DynamoDbService& service, store::Txn& txn, uint64_t id) {
    for (const char which : {'i', 'b', 't'}) txn.erase(statistics_key(id, which));
    txn.on_commit([&service, id](store::Version) { service.catalog().forget_statistics(id); });
}

}  // namespace millrace::dynamodb
