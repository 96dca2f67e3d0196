// Tokens and the shared parts of the grammars. See syntax.h.
#include "services/dynamodb/expression/syntax.h"

#include <charconv>

#include "item/errors.h"
#include "services/dynamodb/expression/reserved_words.h"

namespace millrace::dynamodb::expression {
namespace {

// Parentheses or calls within each other. More are redundant or exceed the operators anyway.
constexpr int kSyntaxDepthMax = kOperatorsMax + 10;
constexpr int32_t kListIndexMax = INT32_MAX;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

// Bytes of the UTF-8 character that begins with c.
size_t character_size(char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::kCondition:
            return "ConditionExpression";
        case Kind::kFilter:
            return "FilterExpression";
        case Kind::kProjection:
            return "ProjectionExpression";
        case Kind::kUpdate:
            return "UpdateExpression";
        case Kind::kKeyCondition:
            return "KeyConditionExpression";
    }
    return "Expression";
}

Error invalid_expression(Kind kind, std::string_view text) {
    return item::validation_error(
        std::string("Invalid ").append(kind_name(kind)).append(": ").append(text));
}

Error invalid_parameter(std::string_view text) {
    return item::validation_error(
        std::string("One or more parameter values were invalid: ").append(text));
}

std::vector<Token> tokenize(std::string_view text) {
    std::vector<Token> tokens;
    tokens.reserve(text.size() / 3 + 4);
    size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at;
            continue;
        }
        size_t end = at + 1;
        TokenKind kind = TokenKind::kSymbol;
        if (is_letter(c)) {
            kind = TokenKind::kWord;
            while (end < text.size() && is_word_part(text[end])) ++end;
        } else if (is_digit(c)) {
            kind = TokenKind::kNumber;
            while (end < text.size() && is_digit(text[end])) ++end;
        } else if ((c == '#' || c == ':') && end < text.size() && is_word_part(text[end])) {
            kind = c == '#' ? TokenKind::kName : TokenKind::kValue;
            while (end < text.size() && is_word_part(text[end])) ++end;
        } else if (c == '<' && end < text.size() && (text[end] == '=' || text[end] == '>')) {
            ++end;
        } else if (c == '>' && end < text.size() && text[end] == '=') {
            ++end;
        } else {
            end = std::min(text.size(), at + character_size(c));
        }
        tokens.push_back({kind, text.substr(at, end - at)});
        at = end;
    }
    tokens.push_back({TokenKind::kEnd, text.substr(text.size())});
    return tokens;
}

bool Parser::start() {
    if (text_.size() > kExpressionBytesMax) {
        fail("Expression size has exceeded the maximum allowed size; expression size: " +
             std::to_string(text_.size()));
        return false;
    }
    tokens_ = tokenize(text_);
    if (tokens_.size() == 1) {
        fail("The expression can not be empty;");
        return false;
    }
    return true;
}

bool Parser::equals_word(std::string_view word, std::string_view upper) {
    if (word.size() != upper.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
        const char c = word[i] >= 'a' && word[i] <= 'z' ? static_cast<char>(word[i] - 32) : word[i];
        if (c != upper[i]) return false;
    }
    return true;
}

bool Parser::accept_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    advance();
    return true;
}

bool Parser::expect_symbol(std::string_view symbol) {
    if (accept_symbol(symbol)) return true;
    fail_syntax();
    return false;
}

uint32_t Parser::fail(std::string_view text) { return fail(invalid_expression(kind_, text)); }

// "near" is the text from the token before to the token after.
uint32_t Parser::fail_syntax() {
    const Token& token = peek();
    const char* const begin = (at_ > 0 ? tokens_[at_ - 1] : token).text.data();
    const Token& after = peek_next();
    const Token& last = token.kind == TokenKind::kEnd   ? tokens_[at_ > 0 ? at_ - 1 : at_]
                        : after.kind == TokenKind::kEnd ? token
                                                        : after;
    const char* const end = last.text.data() + last.text.size();
    std::string text = "Syntax error; token: \"";
    text.append(token.kind == TokenKind::kEnd ? "<EOF>" : token.text);
    text.append("\", near: \"").append(begin, end).append("\"");
    return fail(text);
}

uint32_t Parser::add(SyntaxNode node) {
    nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t Parser::add_children(SyntaxNode::Kind kind, std::string_view text,
                              const std::vector<uint32_t>& operands) {
    ++operators_;
    SyntaxNode node{.kind = kind, .text = text};
    node.begin = static_cast<uint32_t>(children_.size());
    node.count = static_cast<uint32_t>(operands.size());
    children_.insert(children_.end(), operands.begin(), operands.end());
    return add(std::move(node));
}

uint32_t Parser::add_operator(std::string_view text, std::initializer_list<uint32_t> operands) {
    ++operators_;
    SyntaxNode node{.kind = SyntaxNode::Kind::kOperator, .text = text};
    node.begin = static_cast<uint32_t>(children_.size());
    node.count = static_cast<uint32_t>(operands.size());
    children_.insert(children_.end(), operands);
    return add(std::move(node));
}

bool Parser::close_parens(uint32_t node) {
    if (nodes_[node].parens) {
        fail("The expression has redundant parentheses;");
        return false;
    }
    nodes_[node].parens = true;
    return true;
}

bool Parser::enter(bool parens) {
    if (++depth_ <= kSyntaxDepthMax) return true;
    if (parens) {
        fail("The expression has redundant parentheses;");
    } else {
        fail("The expression contains too many operators; operator count: " +
             std::to_string(depth_));
    }
    return false;
}

uint32_t Parser::parse_path() {
    SyntaxNode node{.kind = SyntaxNode::Kind::kPath};
    node.begin = static_cast<uint32_t>(elements_.size());
    const auto member = [this] {
        const Token& token = peek();
        const bool placeholder = token.kind == TokenKind::kName;
        if (!placeholder && (token.kind != TokenKind::kWord || is_keyword(token))) return false;
        elements_.push_back({token.text, placeholder, false});
        advance();
        return true;
    };
    if (!member()) return fail_syntax();
    while (true) {
        if (accept_symbol(".")) {
            if (!member()) return fail_syntax();
        } else if (accept_symbol("[")) {
            if (peek().kind != TokenKind::kNumber) return fail_syntax();
            elements_.push_back({peek().text, false, true});
            advance();
            if (!expect_symbol("]")) return kFailed;
        } else {
            break;
        }
    }
    node.count = static_cast<uint32_t>(elements_.size()) - node.begin;
    return add(std::move(node));
}

uint32_t Parser::parse_operand() {
    const Token token = peek();
    if (token.kind == TokenKind::kValue) {
        advance();
        return add({.kind = SyntaxNode::Kind::kValue, .text = token.text});
    }
    if (is_symbol("(")) {
        advance();
        if (!enter(true)) return kFailed;
        const uint32_t inner = parse_operand();
        if (inner == kFailed || !expect_symbol(")") || !close_parens(inner)) return kFailed;
        leave();
        return inner;
    }
    const bool call = token.kind == TokenKind::kWord && !is_keyword(token) &&
                      peek_next().kind == TokenKind::kSymbol && peek_next().text == "(";
    if (!call) return parse_path();
    advance();
    advance();
    if (!enter(false)) return kFailed;
    std::vector<uint32_t> arguments;
    do {
        const uint32_t argument = parse_operand();
        if (argument == kFailed) return kFailed;
        arguments.push_back(argument);
    } while (accept_symbol(","));
    if (!expect_symbol(")")) return kFailed;
    leave();
    return add_children(SyntaxNode::Kind::kFunction, token.text, arguments);
}

bool Parser::check_operator_count() {
    if (operators_ <= kOperatorsMax) return true;
    fail("The expression contains too many operators; operator count: " +
         std::to_string(operators_));
    return false;
}

bool Parser::check_reserved_words() {
    for (const Element& element : elements_) {
        if (element.placeholder || element.index || !is_reserved_word(element.text)) continue;
        fail(std::string("Attribute name is a reserved keyword; reserved keyword: ")
                 .append(element.text));
        return false;
    }
    return true;
}

bool Parser::resolve_names(SyntaxNode& node) {
    if (node.count > static_cast<uint32_t>(item::kNestingDepthMax)) {
        fail("The document path has too many nesting levels; nesting levels: " +
             std::to_string(node.count));
        return false;
    }
    node.path.clear();
    node.path.reserve(node.count);
    for (uint32_t i = 0; i < node.count; ++i) {
        const Element& element = elements_[node.begin + i];
        PathElement& step = node.path.emplace_back();
        if (element.index) {
            const char* const end = element.text.data() + element.text.size();
            const auto [rest, error] = std::from_chars(element.text.data(), end, step.index);
            if (error != std::errc() || rest != end || step.index > kListIndexMax) {
                fail(std::string("List index is not within the allowable range; index: [")
                         .append(element.text)
                         .append("]"));
                return false;
            }
        } else if (element.placeholder) {
            const std::string* const name = context_.use_name(element.text);
            if (name == nullptr) {
                fail(std::string(
                         "An expression attribute name used in the document path is not defined; "
                         "attribute name: ")
                         .append(element.text));
                return false;
            }
            step.name = *name;
        } else {
            step.name.assign(element.text);
        }
    }
    return true;
}

bool Parser::resolve_value(SyntaxNode& node) {
    node.value = context_.use_value(node.text);
    if (node.value.has_value()) return true;
    fail(std::string(
             "An expression attribute value used in expression is not defined; attribute value: ")
             .append(node.text));
    return false;
}

}  // namespace millrace::dynamodb::expression
