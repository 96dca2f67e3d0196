// Tables: key schemas and identities of tables, asked of the upstream once per change.
// Thread-safety: safe from any thread; find may block. Ownership: the upstream must outlive it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "contracts/dynamodb_calls.h"
#include "core/mutex.h"
#include "dax/wire/values.h"

namespace millrace::dax {

struct TableInfo {
    std::shared_ptr<const KeySchema> schema;
    // 16 bytes that begin every cache key of the table, whether it is called by its name or its
    // ARN. A table that was made again has others, so that nothing cached is served across its
    // deletion.
    std::string identity;
    uint64_t version = 0;  // of the upstream's tables, before this was asked
};
using TableInfoRef = std::shared_ptr<const TableInfo>;

class Tables {
public:
    static constexpr size_t kTablesMax = 10'000;

    explicit Tables(contracts::DynamoDbCalls& upstream) : upstream_(upstream) {}

    bool current(const TableInfo& table) const {
        return table.version == upstream_.tables_version();
    }
    // Null: find would have to ask. Does not block.
    TableInfoRef known(std::string_view name, const contracts::RequestInfo& info);
    // By name or ARN. ResourceNotFoundException.
    Result<TableInfoRef> find(std::string_view name, const contracts::RequestInfo& info);

private:
    TableInfoRef look_up(const std::string& key);
    contracts::DynamoDbCalls& upstream_;
    Mutex mutex_;
    std::unordered_map<std::string, TableInfoRef> tables_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dax
