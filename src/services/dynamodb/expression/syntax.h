// What the expression grammars share: tokens, the tree of an expression as written, paths, operands
// and function calls, error texts. Internal to this folder.
//
// The tree's nodes stand in post-order, left to right: the order in which DynamoDB checks them.
// Thread-safety: none; one parser per expression. Ownership: views into the expression's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {

// "Invalid <kind>: <text>"
Error invalid_expression(Kind kind, std::string_view text);
// "One or more parameter values were invalid: <text>"
Error invalid_parameter(std::string_view text);

enum class TokenKind : uint8_t { kEnd, kWord, kName, kValue, kNumber, kSymbol };
struct Token {
    TokenKind kind = TokenKind::kEnd;
    std::string_view text;  // kName and kValue with '#' or ':'
};
// The last token is kEnd.
std::vector<Token> tokenize(std::string_view text);

struct SyntaxNode {
    enum class Kind : uint8_t { kPath, kValue, kFunction, kOperator };
    Kind kind;
    std::string_view text;  // kValue: placeholder; kFunction: name; kOperator: as in error texts
    uint32_t begin = 0;     // kPath: in elements(); kFunction, kOperator: in children()
    uint32_t count = 0;
    bool parens = false;  // stands in parentheses of its own
    // Filled by Parser::resolve.
    Path path;
    item::ValueView value;
};

class Parser {
public:
    static constexpr uint32_t kFailed = UINT32_MAX;

    Parser(std::string_view text, Kind kind, ExpressionContext& context)
        : text_(text), kind_(kind), context_(context) {}

protected:
    struct Element {
        std::string_view text;  // kName with '#'
        bool placeholder = false;
        bool index = false;
    };

    // Length, emptiness; makes the tokens. False: error() is set.
    bool start();
    const Token& peek() const { return tokens_[at_]; }
    const Token& peek_next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
    void advance() {
        if (peek().kind != TokenKind::kEnd) ++at_;
    }
    bool is_symbol(std::string_view symbol) const {
        return peek().kind == TokenKind::kSymbol && peek().text == symbol;
    }
    // Case ignored; `upper` in capitals.
    bool is_word(std::string_view upper) const {
        return peek().kind == TokenKind::kWord && equals_word(peek().text, upper);
    }
    static bool equals_word(std::string_view word, std::string_view upper);
    bool accept_symbol(std::string_view symbol);
    // False, with a syntax error, if it is not there.
    bool expect_symbol(std::string_view symbol);
    // A word that the grammar itself uses, and so never a name.
    virtual bool is_keyword(const Token& token) const = 0;

    // These give the node, or kFailed.
    uint32_t parse_path();
    // Path, value, function call, or one of these in parentheses.
    uint32_t parse_operand();
    uint32_t add(SyntaxNode node);
    uint32_t add_operator(std::string_view text, std::initializer_list<uint32_t> operands);
    uint32_t add_children(SyntaxNode::Kind kind, std::string_view text,
                          const std::vector<uint32_t>& operands);
    // Marks the node as standing in parentheses; an error if it already did.
    bool close_parens(uint32_t node);
    // Guards against deep recursion; pairs with leave().
    bool enter(bool parens);
    void leave() { --depth_; }

    uint32_t fail(std::string_view text);
    uint32_t fail_syntax();
    uint32_t fail(Error error) {
        if (!error_) error_ = std::move(error);
        return kFailed;
    }
    bool failed() const { return error_.has_value(); }
    Error take_error() { return std::move(*error_); }

    // Checks of the whole expression, in this order, after parsing.
    bool check_operator_count();
    bool check_reserved_words();
    // Fills node.path or node.value. Names and values are each looked up once.
    bool resolve_names(SyntaxNode& node);
    bool resolve_value(SyntaxNode& node);

    const SyntaxNode& child(const SyntaxNode& node, uint32_t i) const {
        return nodes_[children_[node.begin + i]];
    }

    const std::string_view text_;
    const Kind kind_;
    ExpressionContext& context_;
    std::vector<SyntaxNode> nodes_;
    std::vector<uint32_t> children_;
    std::vector<Element> elements_;

public:
    virtual ~Parser() = default;

private:
    std::vector<Token> tokens_;
    size_t at_ = 0;
    int depth_ = 0;
    int operators_ = 0;
    std::optional<Error> error_;
};

}  // namespace millrace::dynamodb::expression
