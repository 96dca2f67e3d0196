// A PartiQL statement of DynamoDB, parsed: what it asks for, its parameters filled in, before the
// table's schema is known.
//
// Thread-safety: plain values that own everything. Errors: ValidationException only.
// Source: DynamoDB Developer Guide, "PartiQL reference"; recorded texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "item/item.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::partiql {

inline constexpr size_t kStatementBytesMax = 8192;

// A value, a path, or an operator or function over others.
struct Node {
    enum class Kind : uint8_t { kValue, kPath, kOperator, kFunction };
    Kind kind = Kind::kValue;
    item::Value value;
    expression::Path path;
    // kOperator: "AND", "OR", "NOT", "=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN",
    // "IS MISSING", "IS NULL", "+", "-". kFunction: its name in lower case.
    std::string name;
    std::vector<Node> operands;

    bool is_operator(std::string_view op) const { return kind == Kind::kOperator && name == op; }
    // The path's only element, if it is one attribute's name; else empty.
    std::string_view attribute() const {
        return kind == Kind::kPath && path.size() == 1 ? std::string_view(path[0].name)
                                                       : std::string_view();
    }
};

struct Assignment {
    expression::Path path;
    Node value;
};

struct OrderBy {
    std::string attribute;
    bool descending = false;
};

struct Statement {
    // kExists: a SELECT inside EXISTS(), which only transactions take.
    enum class Kind : uint8_t { kSelect, kInsert, kUpdate, kDelete, kExists };
    Kind kind = Kind::kSelect;
    std::string table;
    std::string index;  // empty: none
    std::optional<Node> where;
    std::vector<expression::Path> projection;  // kSelect; empty: everything
    std::vector<OrderBy> order_by;             // kSelect
    item::Item item;                           // kInsert
    std::vector<Assignment> sets;              // kUpdate
    std::vector<expression::Path> removes;     // kUpdate
    std::string return_values;                 // as the parameter ReturnValues; empty: none

    bool writes() const { return kind != Kind::kSelect; }
};

// `parameters` stand for the question marks, in order; null: none given.
Result<Statement> parse(std::string_view text, const std::vector<item::Value>* parameters);

}  // namespace millrace::dynamodb::partiql
