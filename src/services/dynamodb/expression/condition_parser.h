// Parses ConditionExpression, FilterExpression and KeyConditionExpression. Internal to this folder.
// Thread-safety: none; one parser per expression.
#pragma once

#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {

class ConditionParser final : public Parser {
public:
    using Parser::Parser;
    Result<Condition> parse_condition();
    Result<KeyCondition> parse_key_condition();

private:
    bool is_keyword(const Token& token) const override;

    // Parses and checks; the root, or kFailed.
    uint32_t parse();
    uint32_t parse_or();
    uint32_t parse_and();
    uint32_t parse_not();
    uint32_t parse_predicate();
    uint32_t parse_parenthesised();
    // A condition, or a syntax error at the current token if the node can only be an operand.
    bool is_condition(uint32_t node);

    bool check_function_names();
    bool check_function_use(uint32_t root);
    bool check_nodes();
    bool check_function(const SyntaxNode& node);
    bool check_operator(const SyntaxNode& node);
    bool check_distinct(const SyntaxNode& node);
    bool check_between(const SyntaxNode& low, const SyntaxNode& high);

    // Key conditions.
    bool collect_terms(uint32_t node, KeyCondition& out);
    bool add_term(const SyntaxNode& node, KeyCondition& out);

    uint32_t build(uint32_t node, Condition& out) const;
    Operand build_operand(const SyntaxNode& node) const;
};

}  // namespace millrace::dynamodb::expression
