// The grammar and the checks of conditions. See condition_parser.h.
//
// Order of checks (recorded answers): syntax and redundant parentheses as they are met; unknown
// functions; functions in a wrong place; reserved words; then node by node, left to right and inner
// before outer: undefined names and values, number and types of operands, equal operands.
#include "services/dynamodb/expression/condition_parser.h"

#include <array>

#include "codec/base64.h"
#include "item/errors.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Type;
using item::ValueView;
using NodeKind = SyntaxNode::Kind;

constexpr std::array<std::string_view, 6> kComparators = {"=", "<>", "<", "<=", ">", ">="};

struct Function {
    std::string_view name;
    uint32_t operands;
};
constexpr std::array<Function, 6> kFunctions = {{{"attribute_exists", 1},
                                                 {"attribute_not_exists", 1},
                                                 {"attribute_type", 2},
                                                 {"begins_with", 2},
                                                 {"contains", 2},
                                                 {"size", 1}}};

const Function* find_function(std::string_view name) {
    for (const Function& function : kFunctions) {
        if (function.name == name) return &function;
    }
    return nullptr;
}

// What is known before the item is: a value's type, size()'s N, the other functions' BOOL.
std::optional<Type> immediate_type(const SyntaxNode& node) {
    switch (node.kind) {
        case NodeKind::kValue:
            return node.value.type();
        case NodeKind::kFunction:
            return node.text == "size" ? Type::kNumber : Type::kBool;
        default:
            return std::nullopt;
    }
}

std::string operand_type_text(std::string_view function, std::string_view type) {
    return std::string("Incorrect operand type for operator or function; operator or function: ")
        .append(function)
        .append(", operand type: ")
        .append(type);
}

// "AttributeValue: {S:b}"
std::string bound_text(ValueView value) {
    std::string text = "AttributeValue: {";
    text.append(item::type_name(value.type())).append(":");
    if (value.is(Type::kNumber)) {
        item::append_number_text(text, value.number());
    } else if (value.is(Type::kBinary)) {
        codec::append_base64(text, value.binary());
    } else {
        text.append(value.payload());
    }
    return text.append("}");
}

ConditionOp comparator(std::string_view text) {
    if (text == "=") return ConditionOp::kEqual;
    if (text == "<>") return ConditionOp::kNotEqual;
    if (text == "<") return ConditionOp::kLess;
    if (text == "<=") return ConditionOp::kLessEqual;
    if (text == ">") return ConditionOp::kGreater;
    return ConditionOp::kGreaterEqual;
}

ConditionOp function_op(std::string_view name) {
    if (name == "attribute_exists") return ConditionOp::kAttributeExists;
    if (name == "attribute_not_exists") return ConditionOp::kAttributeNotExists;
    if (name == "attribute_type") return ConditionOp::kAttributeType;
    if (name == "begins_with") return ConditionOp::kBeginsWith;
    return ConditionOp::kContains;
}

}  // namespace

bool ConditionParser::is_keyword(const Token& token) const {
    constexpr std::array<std::string_view, 5> kKeywords = {"AND", "OR", "NOT", "IN", "BETWEEN"};
    for (const std::string_view keyword : kKeywords) {
        if (equals_word(token.text, keyword)) return true;
    }
    return false;
}

uint32_t ConditionParser::parse() {
    if (!start()) return kFailed;
    const uint32_t root = parse_or();
    if (root == kFailed || !is_condition(root)) return kFailed;
    if (peek().kind != TokenKind::kEnd) return fail_syntax();
    const bool good = check_operator_count() && check_function_names() &&
                      check_function_use(root) && check_reserved_words() && check_nodes();
    return good ? root : kFailed;
}

bool ConditionParser::is_condition(uint32_t node) {
    if (nodes_[node].kind == NodeKind::kFunction || nodes_[node].kind == NodeKind::kOperator)
        return true;
    fail_syntax();
    return false;
}

uint32_t ConditionParser::parse_or() {
    uint32_t left = parse_and();
    while (left != kFailed && is_word("OR")) {
        if (!is_condition(left)) return kFailed;
        advance();
        const uint32_t right = parse_and();
        if (right == kFailed || !is_condition(right)) return kFailed;
        left = add_operator("OR", {left, right});
    }
    return left;
}

uint32_t ConditionParser::parse_and() {
    uint32_t left = parse_not();
    while (left != kFailed && is_word("AND")) {
        if (!is_condition(left)) return kFailed;
        advance();
        const uint32_t right = parse_not();
        if (right == kFailed || !is_condition(right)) return kFailed;
        left = add_operator("AND", {left, right});
    }
    return left;
}

uint32_t ConditionParser::parse_not() {
    if (!is_word("NOT")) return parse_predicate();
    advance();
    if (!enter(false)) return kFailed;
    const uint32_t operand = parse_not();
    leave();
    if (operand == kFailed || !is_condition(operand)) return kFailed;
    return add_operator("NOT", {operand});
}

// A condition or an operand: which one shows only behind the parenthesis.
uint32_t ConditionParser::parse_parenthesised() {
    advance();
    if (!enter(true)) return kFailed;
    const uint32_t inner = parse_or();
    if (inner == kFailed || !expect_symbol(")") || !close_parens(inner)) return kFailed;
    leave();
    return inner;
}

uint32_t ConditionParser::parse_predicate() {
    const uint32_t left = is_symbol("(") ? parse_parenthesised() : parse_operand();
    if (left == kFailed) return kFailed;
    if (nodes_[left].kind == NodeKind::kOperator) return left;
    if (peek().kind == TokenKind::kSymbol) {
        for (const std::string_view symbol : kComparators) {
            if (peek().text != symbol) continue;
            advance();
            const uint32_t right = parse_operand();
            return right == kFailed ? kFailed : add_operator(symbol, {left, right});
        }
    } else if (is_word("BETWEEN")) {
        advance();
        const uint32_t low = parse_operand();
        if (low == kFailed) return kFailed;
        if (!is_word("AND")) return fail_syntax();
        advance();
        const uint32_t high = parse_operand();
        return high == kFailed ? kFailed : add_operator("BETWEEN", {left, low, high});
    } else if (is_word("IN")) {
        advance();
        if (!expect_symbol("(")) return kFailed;
        std::vector<uint32_t> operands = {left};
        do {
            const uint32_t operand = parse_operand();
            if (operand == kFailed) return kFailed;
            operands.push_back(operand);
        } while (accept_symbol(","));
        if (!expect_symbol(")")) return kFailed;
        return add_children(NodeKind::kOperator, "IN", operands);
    }
    return left;
}

bool ConditionParser::check_function_names() {
    for (const SyntaxNode& node : nodes_) {
        if (node.kind != NodeKind::kFunction || find_function(node.text) != nullptr) continue;
        const bool of_updates = node.text == "if_not_exists" || node.text == "list_append";
        fail(std::string(of_updates
                             ? "The function is not allowed in a condition expression; function: "
                             : "Invalid function name; function: ")
                 .append(node.text));
        return false;
    }
    return true;
}

// size() is an operand, every other function a condition.
bool ConditionParser::check_function_use(uint32_t root) {
    const auto misused = [this](const SyntaxNode& node) {
        fail(std::string(
                 "The function is not allowed to be used this way in an expression; function: ")
                 .append(node.text));
        return false;
    };
    for (const SyntaxNode& node : nodes_) {
        const bool logical = node.kind == NodeKind::kOperator &&
                             (node.text == "AND" || node.text == "OR" || node.text == "NOT");
        if (node.kind != NodeKind::kFunction && node.kind != NodeKind::kOperator) continue;
        for (uint32_t i = 0; i < node.count; ++i) {
            const SyntaxNode& operand = child(node, i);
            if (operand.kind != NodeKind::kFunction) continue;
            if (logical == (operand.text == "size")) return misused(operand);
        }
    }
    const SyntaxNode& node = nodes_[root];
    if (node.kind == NodeKind::kFunction && node.text == "size") return misused(node);
    return true;
}

bool ConditionParser::check_nodes() {
    for (SyntaxNode& node : nodes_) {
        bool good = true;
        switch (node.kind) {
            case NodeKind::kPath:
                good = resolve_names(node);
                break;
            case NodeKind::kValue:
                good = resolve_value(node);
                break;
            case NodeKind::kFunction:
                good = check_function(node);
                break;
            case NodeKind::kOperator:
                good = check_operator(node);
                break;
        }
        if (!good) return false;
    }
    return true;
}

bool ConditionParser::check_distinct(const SyntaxNode& node) {
    const SyntaxNode& first = child(node, 0);
    if (first.kind != NodeKind::kPath) return true;
    for (uint32_t i = 1; i < node.count; ++i) {
        const SyntaxNode& other = child(node, i);
        if (other.kind != NodeKind::kPath || other.path != first.path) continue;
        fail(std::string("The first operand must be distinct from the remaining operands for this "
                         "operator or "
                         "function; operator: ")
                 .append(node.text)
                 .append(", first operand: ")
                 .append(path_text(first.path)));
        return false;
    }
    return true;
}

bool ConditionParser::check_function(const SyntaxNode& node) {
    const std::string_view name = node.text;
    if (node.count != find_function(name)->operands) {
        fail(std::string(
                 "Incorrect number of operands for operator or function; operator or function: ")
                 .append(name)
                 .append(", number of operands: ")
                 .append(std::to_string(node.count)));
        return false;
    }
    if (node.count == 2 && !check_distinct(node)) return false;
    const std::optional<Type> first = immediate_type(child(node, 0));
    if (name == "attribute_exists" || name == "attribute_not_exists") {
        if (!first) return true;
        fail(std::string("Operator or function requires a document path; operator or function: ")
                 .append(name));
        return false;
    }
    if (name == "size") {
        if (first == Type::kNumber || first == Type::kBool || first == Type::kNull) {
            fail(operand_type_text(name, item::type_name(*first)));
            return false;
        }
        return true;
    }
    const std::optional<Type> second = immediate_type(child(node, 1));
    if (name == "begins_with") {
        for (const std::optional<Type> type : {first, second}) {
            if (!type || *type == Type::kString || *type == Type::kBinary) continue;
            fail(operand_type_text(name, item::type_name(*type)));
            return false;
        }
    } else if (name == "attribute_type") {
        if (second != Type::kString) {
            fail(operand_type_text(
                name, second ? item::type_name(*second) : "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
            return false;
        }
        const std::string_view wanted = child(node, 1).value.string();
        if (!item::type_from_name(wanted)) {
            fail(std::string("Invalid attribute type name found; type: ")
                     .append(wanted)
                     .append(", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"));
            return false;
        }
    }
    return true;
}

bool ConditionParser::check_operator(const SyntaxNode& node) {
    if (node.text == "AND" || node.text == "OR" || node.text == "NOT") return true;
    if (node.text == "IN" && node.count - 1 > kInOperandsMax) {
        fail("The IN operator is provided with too many operands; number of operands: " +
             std::to_string(node.count - 1));
        return false;
    }
    if (!check_distinct(node)) return false;
    if (node.text == "=" || node.text == "<>" || node.text == "IN") return true;
    for (uint32_t i = 0; i < node.count; ++i) {
        const std::optional<Type> type = immediate_type(child(node, i));
        if (!type || item::is_key_type(*type)) continue;
        fail(operand_type_text(node.text, item::type_name(*type)));
        return false;
    }
    return node.text != "BETWEEN" || check_between(child(node, 1), child(node, 2));
}

bool ConditionParser::check_between(const SyntaxNode& low, const SyntaxNode& high) {
    if (low.kind != NodeKind::kValue || high.kind != NodeKind::kValue) return true;
    const bool same_type = low.value.type() == high.value.type();
    const auto order = item::compare(low.value, high.value);
    if (same_type && (!order || *order <= 0)) return true;
    fail(std::string("The BETWEEN operator requires ")
             .append(same_type ? "upper bound to be greater than or equal to lower bound"
                               : "same data type for lower and upper bounds")
             .append("; lower bound operand: ")
             .append(bound_text(low.value))
             .append(", upper bound operand: ")
             .append(bound_text(high.value)));
    return false;
}

Operand ConditionParser::build_operand(const SyntaxNode& node) const {
    Operand operand;
    const SyntaxNode* source = &node;
    if (node.kind == NodeKind::kFunction) {
        operand.kind = Operand::Kind::kSize;
        source = &child(node, 0);
    } else {
        operand.kind = node.kind == NodeKind::kValue ? Operand::Kind::kValue : Operand::Kind::kPath;
    }
    operand.path = source->path;
    operand.value = source->value;
    return operand;
}

// Recursion: at most kOperatorsMax.
uint32_t ConditionParser::build(uint32_t index, Condition& out) const {
    const SyntaxNode& node = nodes_[index];
    Condition::Node built{.op = ConditionOp::kAnd};
    if (node.text == "AND" || node.text == "OR") {
        built.op = node.text == "AND" ? ConditionOp::kAnd : ConditionOp::kOr;
        built.first = build(children_[node.begin], out);
        built.second = build(children_[node.begin + 1], out);
    } else if (node.text == "NOT") {
        built.op = ConditionOp::kNot;
        built.first = build(children_[node.begin], out);
    } else {
        built.op = node.kind == NodeKind::kFunction ? function_op(node.text)
                   : node.text == "BETWEEN"         ? ConditionOp::kBetween
                   : node.text == "IN"              ? ConditionOp::kIn
                                                    : comparator(node.text);
        built.first = static_cast<uint32_t>(out.operands.size());
        built.second = node.count;
        for (uint32_t i = 0; i < node.count; ++i)
            out.operands.push_back(build_operand(child(node, i)));
    }
    out.nodes.push_back(built);
    return static_cast<uint32_t>(out.nodes.size() - 1);
}

Result<Condition> ConditionParser::parse_condition() {
    const uint32_t root = parse();
    if (root == kFailed) return take_error();
    Condition condition;
    condition.root = build(root, condition);
    return condition;
}

Result<KeyCondition> ConditionParser::parse_key_condition() {
    const uint32_t root = parse();
    if (root == kFailed) return take_error();
    KeyCondition condition;
    if (!collect_terms(root, condition)) return take_error();
    return condition;
}

bool ConditionParser::collect_terms(uint32_t index, KeyCondition& out) {
    const SyntaxNode& node = nodes_[index];
    if (node.kind == NodeKind::kOperator && node.text == "AND") {
        return collect_terms(children_[node.begin], out) &&
               collect_terms(children_[node.begin + 1], out);
    }
    const bool allowed =
        node.kind == NodeKind::kFunction
            ? node.text == "begins_with"
            : node.text != "OR" && node.text != "NOT" && node.text != "IN" && node.text != "<>";
    if (!allowed) {
        fail(item::validation_error(
            std::string("Invalid operator used in KeyConditionExpression: ").append(node.text)));
        return false;
    }
    return add_term(node, out);
}

bool ConditionParser::add_term(const SyntaxNode& node, KeyCondition& out) {
    const auto bad = [this](std::string_view text) {
        fail(item::validation_error(std::string(text)));
        return false;
    };
    const bool key_first = node.text == "BETWEEN" || node.kind == NodeKind::kFunction;
    KeyCondition::Term term;
    const SyntaxNode* key = nullptr;
    bool value_before_key = false;
    for (uint32_t i = 0; i < node.count; ++i) {
        const SyntaxNode& operand = child(node, i);
        if (operand.kind == NodeKind::kFunction)
            return bad("KeyConditionExpressions cannot contain nested operations");
        if (operand.kind == NodeKind::kValue) {
            if (i == 0 && key_first) {
                return bad(
                    std::string("Invalid condition in KeyConditionExpression: ")
                        .append(node.text)
                        .append(" operator must have the key attribute as its first operand"));
            }
            if (key == nullptr) value_before_key = true;
            term.values.push_back(operand.value);
            continue;
        }
        if (key != nullptr) {
            return bad(
                "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
                "condition");
        }
        if (operand.path.size() > 1) {
            return bad("KeyConditionExpressions cannot have conditions on nested attributes");
        }
        key = &operand;
    }
    if (key == nullptr)
        return bad("Invalid condition in KeyConditionExpression: No key attribute specified");
    term.name = key->path[0].name;
    term.op = node.kind == NodeKind::kFunction ? ConditionOp::kBeginsWith
              : node.text == "BETWEEN"         ? ConditionOp::kBetween
                                               : comparator(node.text);
    if (value_before_key) {
        switch (term.op) {
            case ConditionOp::kLess:
                term.op = ConditionOp::kGreater;
                break;
            case ConditionOp::kLessEqual:
                term.op = ConditionOp::kGreaterEqual;
                break;
            case ConditionOp::kGreater:
                term.op = ConditionOp::kLess;
                break;
            case ConditionOp::kGreaterEqual:
                term.op = ConditionOp::kLessEqual;
                break;
            default:
                break;
        }
    }
    for (const KeyCondition::Term& other : out.terms) {
        if (other.name == term.name)
            return bad("KeyConditionExpressions must only contain one condition per key");
    }
    out.terms.push_back(std::move(term));
    return true;
}

Result<Condition> parse_condition(std::string_view text, Kind kind, ExpressionContext& context) {
    return ConditionParser(text, kind, context).parse_condition();
}

Result<KeyCondition> parse_key_condition(std::string_view text, ExpressionContext& context) {
    return ConditionParser(text, Kind::kKeyCondition, context).parse_key_condition();
}

}  // namespace millrace::dynamodb::expression
