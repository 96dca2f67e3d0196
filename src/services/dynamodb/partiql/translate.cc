#include "services/dynamodb/partiql/translate.h"

#include <algorithm>
#include <array>

#include "services/dynamodb/errors.h"

namespace millrace::dynamodb::partiql {
namespace {

bool is_logical(const Node& node) {
    return node.is_operator("AND") || node.is_operator("OR") || node.is_operator("NOT");
}

Error unsupported_here(std::string_view what) {
    return errors::validation(fmt::format("Unsupported operator or function: {}", what));
}

// The value in "attribute = value", either way round; null: the node is something else.
const item::Value* equal_value(const Node& node, std::string_view attribute) {
    if (!node.is_operator("=")) return nullptr;
    const Node& left = node.operands[0];
    const Node& right = node.operands[1];
    if (left.attribute() == attribute && right.kind == Node::Kind::kValue) return &right.value;
    if (right.attribute() == attribute && left.kind == Node::Kind::kValue) return &left.value;
    return nullptr;
}

bool all_values(const Node& node, size_t from) {
    return std::all_of(node.operands.begin() + static_cast<ptrdiff_t>(from), node.operands.end(),
                       [](const Node& n) { return n.kind == Node::Kind::kValue; });
}

// May a key condition on the sort key say this?
bool is_sort_condition(const Node& node, const KeyAttribute& sort) {
    if (equal_value(node, sort.name) != nullptr) return true;
    if (node.operands.empty() || node.operands[0].attribute() != sort.name || !all_values(node, 1))
        return false;
    constexpr std::array<std::string_view, 5> kRanges = {"<", "<=", ">", ">=", "BETWEEN"};
    if (node.kind == Node::Kind::kOperator)
        return std::find(kRanges.begin(), kRanges.end(), node.name) != kRanges.end();
    return node.kind == Node::Kind::kFunction && node.name == "begins_with" &&
           sort.type != item::Type::kNumber && node.operands.size() == 2;
}

Result<void> check_order(const Statement& statement, const KeyAttributes& keys, Reading& reading) {
    if (statement.order_by.empty()) return {};
    if (!statement.where) {
        return errors::validation(
            "Must have WHERE clause in the statement when using ORDER BY clause.");
    }
    if (reading.scans()) {
        return errors::validation(
            "Must have at least one non-optional hash key condition in WHERE clause when using "
            "ORDER BY clause.");
    }
    for (const OrderBy& order : statement.order_by) {
        if (!keys.has(order.attribute)) {
            return errors::validation(
                fmt::format("Variable reference {} in ORDER BY clause must be part of the primary "
                            "key.",
                            order.attribute));
        }
        if (keys.sort && order.attribute == keys.sort->name) {
            reading.descending = order.descending;
        } else if (reading.hashes.size() > 1) {
            std::sort(reading.hashes.begin(), reading.hashes.end(),
                      [&](const item::Value& a, const item::Value& b) {
                          std::string left;
                          std::string right;
                          item::append_key(left, a);
                          item::append_key(right, b);
                          return order.descending ? right < left : left < right;
                      });
        }
    }
    return {};
}

}  // namespace

std::string Writer::path(const expression::Path& path) {
    std::string text;
    for (const expression::PathElement& element : path) {
        if (element.is_index()) {
            text += "[" + std::to_string(element.index) + "]";
            continue;
        }
        std::string& placeholder = placeholders_[element.name];
        if (placeholder.empty()) {
            placeholder = "#n" + std::to_string(names_.size());
            names_[placeholder] = element.name;
        }
        if (!text.empty()) text += ".";
        text += placeholder;
    }
    return text;
}

std::string Writer::value(item::ValueView value) {
    std::string placeholder = ":v" + std::to_string(value_count_++);
    values_.set(placeholder, value);
    return placeholder;
}

std::optional<std::map<std::string, std::string>> Writer::names() const {
    if (names_.empty()) return std::nullopt;
    return names_;
}

std::optional<item::Item> Writer::values() {
    if (value_count_ == 0) return std::nullopt;
    return values_.build();
}

Result<std::string> Writer::joined(const std::vector<Node>& operands, size_t from) {
    std::string text;
    for (size_t i = from; i < operands.size(); ++i) {
        MR_TRY(const std::string one, operand(operands[i]));
        text += (i > from ? ", " : "") + one;
    }
    return text;
}

Result<std::string> Writer::call(const Node& node) {
    constexpr std::array<std::string_view, 5> kFunctions = {"begins_with", "contains", "size",
                                                            "attribute_type", "list_append"};
    if (std::find(kFunctions.begin(), kFunctions.end(), node.name) == kFunctions.end())
        return unsupported_here(node.name);
    MR_TRY(const std::string operands, joined(node.operands, 0));
    return node.name + "(" + operands + ")";
}

Result<std::string> Writer::operand(const Node& node) {
    switch (node.kind) {
        case Node::Kind::kValue:
            return value(node.value);
        case Node::Kind::kPath:
            return path(node.path);
        case Node::Kind::kFunction:
            return call(node);
        case Node::Kind::kOperator:
            break;
    }
    if (node.name != "+" && node.name != "-") return unsupported_here(node.name);
    MR_TRY(const std::string left, operand(node.operands[0]));
    MR_TRY(const std::string right, operand(node.operands[1]));
    return left + " " + node.name + " " + right;
}

Result<std::string> Writer::condition(const Node& node) {
    const auto wrapped = [this](const Node& inner) -> Result<std::string> {
        MR_TRY(std::string text, condition(inner));
        return is_logical(inner) ? "(" + text + ")" : text;
    };
    if (node.kind == Node::Kind::kFunction) return call(node);
    if (node.kind != Node::Kind::kOperator) {
        return errors::validation(
            "Statement wasn't well formed, can't be processed: Expected a condition");
    }
    if (node.name == "NOT") {
        MR_TRY(const std::string inner, wrapped(node.operands[0]));
        return "NOT " + inner;
    }
    if (node.name == "AND" || node.name == "OR") {
        MR_TRY(const std::string left, wrapped(node.operands[0]));
        MR_TRY(const std::string right, wrapped(node.operands[1]));
        return left + " " + node.name + " " + right;
    }
    MR_TRY(const std::string first, operand(node.operands[0]));
    if (node.name == "IS MISSING") return "attribute_not_exists(" + first + ")";
    if (node.name == "IS NULL")
        return "attribute_type(" + first + ", " + value(item::Value::string("NULL")) + ")";
    if (node.name == "IN") {
        MR_TRY(const std::string list, joined(node.operands, 1));
        return first + " IN (" + list + ")";
    }
    if (node.operands.size() < 2 || node.name == "+" || node.name == "-")
        return unsupported_here(node.name);
    MR_TRY(const std::string second, operand(node.operands[1]));
    if (node.name != "BETWEEN") return first + " " + node.name + " " + second;
    MR_TRY(const std::string third, operand(node.operands[2]));
    return first + " BETWEEN " + second + " AND " + third;
}

Result<std::string> Writer::update(const Statement& statement) {
    std::string set, remove, add, erase;
    const auto append = [](std::string& clause, std::string_view verb, const std::string& text) {
        clause += (clause.empty() ? std::string(verb) + " " : ", ") + text;
    };
    for (const Assignment& assignment : statement.sets) {
        const Node& value = assignment.value;
        const bool adds = value.kind == Node::Kind::kFunction && value.name == "set_add";
        const bool deletes = value.kind == Node::Kind::kFunction && value.name == "set_delete";
        if (adds || deletes) {
            if (value.operands.size() != 2 || value.operands[0].path != assignment.path)
                return unsupported_here(value.name);
            MR_TRY(const std::string elements, operand(value.operands[1]));
            append(adds ? add : erase, adds ? "ADD" : "DELETE",
                   path(assignment.path) + " " + elements);
            continue;
        }
        MR_TRY(const std::string right, operand(value));
        append(set, "SET", path(assignment.path) + " = " + right);
    }
    for (const expression::Path& removed : statement.removes)
        append(remove, "REMOVE", path(removed));
    std::string text;
    for (const std::string& clause : {set, remove, add, erase}) {
        if (!clause.empty()) text += (text.empty() ? "" : " ") + clause;
    }
    return text;
}

std::vector<const Node*> conjuncts(const std::optional<Node>& where) {
    std::vector<const Node*> terms;
    const Node* rest = where ? &*where : nullptr;
    // The tree leans to the left; parentheses may lean it elsewhere, and then stay one term.
    while (rest != nullptr && rest->is_operator("AND")) {
        terms.push_back(&rest->operands[1]);
        rest = &rest->operands[0];
    }
    if (rest != nullptr) terms.push_back(rest);
    std::reverse(terms.begin(), terms.end());
    return terms;
}

Result<Reading> plan_reading(const Statement& statement, const KeyAttributes& keys) {
    Reading reading;
    for (const Node* term : conjuncts(statement.where)) {
        if (const item::Value* value = equal_value(*term, keys.hash.name)) {
            // Two different values for one attribute find nothing: the filter says so.
            reading.hashes = {*value};
        } else if (reading.hashes.empty() && term->is_operator("IN") &&
                   term->operands[0].attribute() == keys.hash.name && all_values(*term, 1)) {
            for (size_t i = 1; i < term->operands.size(); ++i) {
                const item::Value& hash = term->operands[i].value;
                if (std::find(reading.hashes.begin(), reading.hashes.end(), hash) ==
                    reading.hashes.end())
                    reading.hashes.push_back(hash);
            }
        } else if (reading.sort == nullptr && keys.sort && is_sort_condition(*term, *keys.sort)) {
            reading.sort = term;
        }
    }
    for (const KeyAttribute& key : keys.more_hashes) {
        const auto terms = conjuncts(statement.where);
        const auto found = std::find_if(terms.begin(), terms.end(), [&](const Node* term) {
            return equal_value(*term, key.name) != nullptr;
        });
        if (found == terms.end()) {
            reading.hashes.clear();
            break;
        }
        reading.more.push_back(*found);
    }
    MR_CHECK_OK(check_order(statement, keys, reading));
    return reading;
}

Result<KeyedItem> plan_item(const Statement& statement, const KeyAttributes& keys) {
    KeyedItem planned;
    const item::Value* hash = nullptr;
    const item::Value* sort = nullptr;
    for (const Node* term : conjuncts(statement.where)) {
        if (hash == nullptr && (hash = equal_value(*term, keys.hash.name)) != nullptr) continue;
        if (keys.sort && sort == nullptr && (sort = equal_value(*term, keys.sort->name)) != nullptr)
            continue;
        planned.rest.push_back(term);
    }
    if (hash == nullptr || (keys.sort && sort == nullptr)) {
        return errors::validation(
            "Where clause does not contain a mandatory equality on all key attributes");
    }
    item::ItemBuilder builder;
    builder.set(keys.hash.name, *hash);
    if (keys.sort) builder.set(keys.sort->name, *sort);
    planned.key = builder.build();
    return planned;
}

}  // namespace millrace::dynamodb::partiql
