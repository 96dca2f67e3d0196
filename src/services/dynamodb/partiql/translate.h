// What a PartiQL statement means in terms of the other operations: keys, and expressions with
// their names and values. So PartiQL has no engine of its own.
//
// Thread-safety: plain values; a Translation must not outlive its statement.
// Source: DynamoDB Developer Guide, "PartiQL reference".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "services/dynamodb/partiql/statement.h"
#include "services/dynamodb/table.h"

namespace millrace::dynamodb::partiql {

// Expression text, with the names and values that it refers to.
class Writer {
public:
    std::string path(const expression::Path& path);
    std::string attribute(const std::string& name) { return path({{name, -1}}); }
    std::string value(item::ValueView value);
    // Of a WHERE clause.
    Result<std::string> condition(const Node& node);
    // Of UPDATE.
    Result<std::string> update(const Statement& statement);

    std::optional<std::map<std::string, std::string>> names() const;
    std::optional<item::Item> values();

private:
    Result<std::string> operand(const Node& node);
    Result<std::string> call(const Node& node);
    Result<std::string> joined(const std::vector<Node>& operands, size_t from);

    std::map<std::string, std::string> names_;         // placeholder -> name
    std::map<std::string, std::string> placeholders_;  // name -> placeholder
    item::ItemBuilder values_;
    size_t value_count_ = 0;
};

// The terms of a WHERE clause that all must hold.
std::vector<const Node*> conjuncts(const std::optional<Node>& where);

// How a SELECT reads: the partitions one after the other, or everything.
struct Reading {
    std::vector<item::Value> hashes;  // empty: a scan
    const Node* sort = nullptr;       // a conjunct that a key condition can express
    std::vector<const Node*> more;    // the equalities of an index's further partition keys
    bool descending = false;
    bool scans() const { return hashes.empty(); }
};
// `keys`: of the table, or of the index that is read.
Result<Reading> plan_reading(const Statement& statement, const KeyAttributes& keys);

// The one item that UPDATE, DELETE, EXISTS and a SELECT in a transaction name, and what else must
// hold.
struct KeyedItem {
    item::Item key;
    std::vector<const Node*> rest;
};
Result<KeyedItem> plan_item(const Statement& statement, const KeyAttributes& keys);

}  // namespace millrace::dynamodb::partiql
