#include "dax/node/tables.h"

#include "codec/digest.h"
#include "dax/wire/errors.h"
#include "model/generated/dynamodb.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;
constexpr size_t kIdentityBytes = 16;

KeySchema schema_of(const api::TableDescription& table) {
    KeySchema schema;
    const auto type_of = [&](const std::string& name) {
        for (const api::AttributeDefinition& one : *table.attribute_definitions) {
            if (one.attribute_name == name) return *item::type_from_name(*one.attribute_type);
        }
        return item::Type::kString;
    };
    for (const api::KeySchemaElement& element : *table.key_schema) {
        KeyPart part{*element.attribute_name, type_of(*element.attribute_name)};
        if (element.key_type == "HASH") {
            schema.hash = std::move(part);
        } else {
            schema.sort = std::move(part);
        }
    }
    return schema;
}

std::string key_of(std::string_view name, const contracts::RequestInfo& info) {
    return info.account_id + "/" + info.region + "/" + std::string(name);
}

}  // namespace

TableInfoRef Tables::look_up(const std::string& key) {
    const uint64_t version = upstream_.tables_version();
    const MutexLock lock(mutex_);
    const auto found = tables_.find(key);
    if (found == tables_.end() || found->second->version != version) return nullptr;
    return found->second;
}

TableInfoRef Tables::known(std::string_view name, const contracts::RequestInfo& info) {
    return look_up(key_of(name, info));
}

Result<TableInfoRef> Tables::find(std::string_view name, const contracts::RequestInfo& info) {
    std::string key = key_of(name, info);
    if (TableInfoRef known = look_up(key)) return known;
    const uint64_t version = upstream_.tables_version();
    api::DescribeTableInput input;
    input.table_name = std::string(name);
    MR_TRY(const auto output,
           (upstream_.call<api::DescribeTableOutput>("DescribeTable", info, std::move(input))));
    const api::TableDescription& table = *output.table;
    auto found = std::make_shared<TableInfo>();
    found->schema = std::make_shared<const KeySchema>(schema_of(table));
    found->identity =
        codec::sha256(table.table_arn.value_or(key) + "/" + table.table_id.value_or(""))
            .substr(0, kIdentityBytes);
    found->version = version;
    const MutexLock lock(mutex_);
    if (tables_.size() >= kTablesMax) tables_.clear();
    tables_[std::move(key)] = found;
    return TableInfoRef(std::move(found));
}

}  // namespace millrace::dax
