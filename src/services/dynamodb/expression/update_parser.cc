// UpdateExpression: grammar and checks. See expression.h.
//
// Order of checks (recorded answers): syntax and redundant parentheses as they are met; reserved
// words; unknown functions; a section used twice; undefined names, then values; overlapping, then
// conflicting paths; types of ADD and DELETE; number and types of the operands of functions.
#include <algorithm>
#include <array>

#include "services/dynamodb/expression/paths.h"
#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Type;
using NodeKind = SyntaxNode::Kind;

// As in the texts about ADD and DELETE.
std::string_view type_word(Type type) {
    switch (type) {
        case Type::kString:
            return "STRING";
        case Type::kNumber:
            return "NUMBER";
        case Type::kBinary:
            return "BINARY";
        case Type::kStringSet:
            return "STRING_SET";
        case Type::kNumberSet:
            return "NUMBER_SET";
        case Type::kBinarySet:
            return "BINARY_SET";
        case Type::kBool:
            return "BOOLEAN";
        case Type::kNull:
            return "NULL";
        case Type::kList:
            return "LIST";
        case Type::kMap:
            return "MAP";
    }
    return "";
}

class UpdateParser final : public Parser {
public:
    using Parser::Parser;

    Result<Update> parse() {
        if (!start() || !parse_sections()) return take_error();
        const bool good = check_operator_count() && check_reserved_words() &&
                          check_functions_known() && check_sections() && resolve() &&
                          check_paths() && check_operand_types() && check_functions();
        if (!good) return take_error();
        Update update;
        for (const Written& action : actions_) update.actions.push_back(build(action, update));
        return update;
    }

private:
    struct Written {
        UpdateOp op;
        uint32_t path;
        uint32_t value = kFailed;  // kSet, kAdd, kDelete
    };
    struct Section {
        std::string_view name;
        UpdateOp op;
    };
    static constexpr std::array<Section, 4> kSections = {{{"SET", UpdateOp::kSet},
                                                          {"REMOVE", UpdateOp::kRemove},
                                                          {"ADD", UpdateOp::kAdd},
                                                          {"DELETE", UpdateOp::kDelete}}};

    bool is_keyword(const Token& token) const override {
        for (const Section& section : kSections) {
            if (equals_word(token.text, section.name)) return true;
        }
        return false;
    }

    bool parse_sections() {
        while (peek().kind != TokenKind::kEnd) {
            const Section* section = nullptr;
            for (const Section& candidate : kSections) {
                if (is_word(candidate.name)) section = &candidate;
            }
            if (section == nullptr) {
                fail_syntax();
                return false;
            }
            advance();
            sections_.push_back(section->name);
            do {
                if (!parse_action(section->op)) return false;
            } while (accept_symbol(","));
        }
        return true;
    }

    bool parse_action(UpdateOp op) {
        Written action{.op = op, .path = parse_path()};
        if (action.path == kFailed) return false;
        if (op == UpdateOp::kSet) {
            if (!expect_symbol("=")) return false;
            action.value = parse_set_value();
            if (action.value == kFailed) return false;
        } else if (op != UpdateOp::kRemove) {
            if (peek().kind != TokenKind::kValue) {
                fail_syntax();
                return false;
            }
            action.value = parse_operand();
        }
        actions_.push_back(action);
        return true;
    }

    // operand, operand + operand, operand - operand; parentheses round the whole or an operand.
    uint32_t parse_set_value() {
        uint32_t left = kFailed;
        if (is_symbol("(")) {
            advance();
            if (!enter(true)) return kFailed;
            left = parse_set_value();
            if (left == kFailed || !expect_symbol(")") || !close_parens(left)) return kFailed;
            leave();
            if (nodes_[left].kind == NodeKind::kOperator) return left;
        } else {
            left = parse_operand();
            if (left == kFailed) return kFailed;
        }
        const std::string_view symbol = is_symbol("+") ? "+" : is_symbol("-") ? "-" : "";
        if (symbol.empty()) return left;
        advance();
        const uint32_t right = parse_operand();
        return right == kFailed ? kFailed : add_operator(symbol, {left, right});
    }

    bool check_functions_known() {
        for (const SyntaxNode& node : nodes_) {
            if (node.kind != NodeKind::kFunction || node.text == "if_not_exists" ||
                node.text == "list_append")
                continue;
            constexpr std::array<std::string_view, 6> kOfConditions = {
                "attribute_exists", "attribute_not_exists",
                "attribute_type",   "begins_with",
                "contains",         "size"};
            const bool of_conditions = std::find(kOfConditions.begin(), kOfConditions.end(),
                                                 node.text) != kOfConditions.end();
            fail(std::string(of_conditions
                                 ? "The function is not allowed in an update expression; function: "
                                 : "Invalid function name; function: ")
                     .append(node.text));
            return false;
        }
        return true;
    }

    bool check_sections() {
        for (size_t i = 1; i < sections_.size(); ++i) {
            for (size_t j = 0; j < i; ++j) {
                if (sections_[i] != sections_[j]) continue;
                fail(std::string("The \"")
                         .append(sections_[i])
                         .append("\" section can only be used once in an update expression;"));
                return false;
            }
        }
        return true;
    }

    bool resolve() {
        for (SyntaxNode& node : nodes_) {
            if (node.kind == NodeKind::kPath && !resolve_names(node)) return false;
        }
        for (SyntaxNode& node : nodes_) {
            if (node.kind == NodeKind::kValue && !resolve_value(node)) return false;
        }
        return true;
    }

    bool check_paths() {
        std::vector<const Path*> paths;
        for (const Written& action : actions_) paths.push_back(&nodes_[action.path].path);
        const std::optional<std::string> clash = find_path_clash(paths);
        if (clash) fail(*clash);
        return !clash;
    }

    bool check_operand_types() {
        for (const Written& action : actions_) {
            if (action.op != UpdateOp::kAdd && action.op != UpdateOp::kDelete) continue;
            const Type type = nodes_[action.value].value.type();
            if (item::is_set(type) || (action.op == UpdateOp::kAdd && type == Type::kNumber))
                continue;
            fail(std::string("Incorrect operand type for operator or function; operator: ")
                     .append(action.op == UpdateOp::kAdd ? "ADD" : "DELETE")
                     .append(", operand type: ")
                     .append(type_word(type)));
            return false;
        }
        return true;
    }

    bool check_functions() {
        for (const SyntaxNode& node : nodes_) {
            if (node.kind == NodeKind::kFunction && !check_function(node)) return false;
            if (node.kind == NodeKind::kOperator && !check_operands(node, Type::kNumber))
                return false;
        }
        return true;
    }

    bool check_function(const SyntaxNode& node) {
        if (node.count != 2) {
            fail(
                std::string(
                    "Incorrect number of operands for operator or function; operator or function: ")
                    .append(node.text)
                    .append(", number of operands: ")
                    .append(std::to_string(node.count)));
            return false;
        }
        if (node.text == "list_append") return check_operands(node, Type::kList);
        if (child(node, 0).kind == NodeKind::kPath) return true;
        fail(std::string("Operator or function requires a document path; operator or function: ")
                 .append(node.text));
        return false;
    }

    // Operands whose type is known already must have this one.
    bool check_operands(const SyntaxNode& node, Type wanted) {
        for (uint32_t i = 0; i < node.count; ++i) {
            const SyntaxNode& operand = child(node, i);
            std::optional<Type> type;
            if (operand.kind == NodeKind::kValue) type = operand.value.type();
            if (operand.kind == NodeKind::kFunction && operand.text == "list_append")
                type = Type::kList;
            if (!type || *type == wanted) continue;
            fail(std::string(
                     "Incorrect operand type for operator or function; operator or function: ")
                     .append(node.text)
                     .append(", operand type: ")
                     .append(item::type_name(*type)));
            return false;
        }
        return true;
    }

    Update::Action build(const Written& action, Update& update) const {
        Update::Action built{.op = action.op, .path = nodes_[action.path].path};
        if (action.op == UpdateOp::kSet) {
            built.operand = build_operand(nodes_[action.value], update);
        } else if (action.op != UpdateOp::kRemove) {
            built.value = nodes_[action.value].value;
        }
        return built;
    }

    uint32_t build_operand(const SyntaxNode& node, Update& update) const {
        UpdateOperand operand;
        switch (node.kind) {
            case NodeKind::kPath:
                operand.path = node.path;
                break;
            case NodeKind::kValue:
                operand.kind = UpdateOperand::Kind::kValue;
                operand.value = node.value;
                break;
            case NodeKind::kFunction:
                if (node.text == "if_not_exists") {
                    operand.kind = UpdateOperand::Kind::kIfNotExists;
                    operand.path = child(node, 0).path;
                } else {
                    operand.kind = UpdateOperand::Kind::kListAppend;
                    operand.first = build_operand(child(node, 0), update);
                }
                operand.second = build_operand(child(node, 1), update);
                break;
            case NodeKind::kOperator:
                operand.kind =
                    node.text == "+" ? UpdateOperand::Kind::kAdd : UpdateOperand::Kind::kSubtract;
                operand.first = build_operand(child(node, 0), update);
                operand.second = build_operand(child(node, 1), update);
                break;
        }
        update.operands.push_back(std::move(operand));
        return static_cast<uint32_t>(update.operands.size() - 1);
    }

    std::vector<std::string_view> sections_;
    std::vector<Written> actions_;
};

}  // namespace

Result<Update> parse_update(std::string_view text, ExpressionContext& context) {
    return UpdateParser(text, Kind::kUpdate, context).parse();
}

}  // namespace millrace::dynamodb::expression
