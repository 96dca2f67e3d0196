// Recursive descent over a statement's tokens.
#include <algorithm>
#include <array>

#include "services/dynamodb/errors.h"
#include "services/dynamodb/partiql/statement.h"

namespace millrace::dynamodb::partiql {
namespace {

constexpr int kDepthMax = 64;

enum class TokenKind : uint8_t { kEnd, kWord, kQuotedName, kString, kNumber, kSymbol };
struct Token {
    TokenKind kind = TokenKind::kEnd;
    std::string text;  // names and strings without their quotes
};

Error malformed(std::string_view why) {
    return errors::validation(
        fmt::format("Statement wasn't well formed, can't be processed: {}", why));
}

bool is_word_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    return out;
}

Result<std::vector<Token>> tokenize(std::string_view text) {
    constexpr std::array<std::string_view, 6> kDoubles = {"<>", "!=", "<=", ">=", "<<", ">>"};
    std::vector<Token> tokens;
    size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            at += 1;
        } else if (c == '\'' || c == '"') {
            // A doubled quote stands for itself.
            Token token{c == '"' ? TokenKind::kQuotedName : TokenKind::kString, {}};
            for (at += 1;; at += 1) {
                if (at >= text.size()) return malformed("Unterminated string or name");
                if (text[at] == c) {
                    if (at + 1 >= text.size() || text[at + 1] != c) break;
                    at += 1;
                }
                token.text += text[at];
            }
            at += 1;
            tokens.push_back(std::move(token));
        } else if (is_word_start(c)) {
            const size_t begin = at;
            while (at < text.size() && (is_word_start(text[at]) || is_digit(text[at]))) at += 1;
            tokens.push_back({TokenKind::kWord, std::string(text.substr(begin, at - begin))});
        } else if (is_digit(c) || (c == '.' && at + 1 < text.size() && is_digit(text[at + 1]))) {
            const size_t begin = at;
            while (at < text.size() &&
                   (is_digit(text[at]) || text[at] == '.' || text[at] == 'e' || text[at] == 'E' ||
                    ((text[at] == '+' || text[at] == '-') &&
                     (text[at - 1] == 'e' || text[at - 1] == 'E')))) {
                at += 1;
            }
            tokens.push_back({TokenKind::kNumber, std::string(text.substr(begin, at - begin))});
        } else {
            const std::string_view two = text.substr(at, 2);
            const size_t size =
                std::find(kDoubles.begin(), kDoubles.end(), two) != kDoubles.end() ? 2 : 1;
            tokens.push_back({TokenKind::kSymbol, std::string(text.substr(at, size))});
            at += size;
        }
    }
    tokens.emplace_back();
    return tokens;
}

Node value_node(item::Value value) {
    Node node;
    node.value = std::move(value);
    return node;
}
Node operation(Node::Kind kind, std::string name, std::vector<Node> operands) {
    Node node;
    node.kind = kind;
    node.name = std::move(name);
    node.operands = std::move(operands);
    return node;
}

class Parser {
public:
    Parser(std::vector<Token> tokens, const std::vector<item::Value>* parameters)
        : tokens_(std::move(tokens)), parameters_(parameters) {}

    Result<Statement> parse() {
        Statement statement;
        MR_CHECK_OK(parse_statement(statement));
        accept_symbol(";");
        if (peek().kind != TokenKind::kEnd) return unexpected();
        if (used_ != (parameters_ == nullptr ? 0 : parameters_->size())) {
            return errors::validation("Number of parameters in request and statement don't match.");
        }
        return statement;
    }

private:
    Result<void> parse_statement(Statement& statement) {
        if (accept_word("SELECT")) return parse_select(statement);
        if (accept_word("INSERT")) return parse_insert(statement);
        if (accept_word("UPDATE")) return parse_update(statement);
        if (accept_word("DELETE")) return parse_delete(statement);
        if (accept_word("EXISTS")) {
            MR_CHECK_OK(expect_symbol("("));
            if (!accept_word("SELECT")) return malformed("Expected SELECT");
            MR_CHECK_OK(parse_select(statement));
            statement.kind = Statement::Kind::kExists;
            return expect_symbol(")");
        }
        return malformed("Expected data manipulation");
    }

    Result<void> parse_select(Statement& statement) {
        statement.kind = Statement::Kind::kSelect;
        if (!accept_symbol("*")) {
            do {
                MR_TRY(expression::Path path, parse_path());
                statement.projection.push_back(std::move(path));
            } while (accept_symbol(","));
        }
        MR_CHECK_OK(expect_word("FROM"));
        MR_CHECK_OK(parse_table(statement));
        MR_CHECK_OK(parse_where(statement));
        if (!accept_word("ORDER")) return {};
        MR_CHECK_OK(expect_word("BY"));
        do {
            MR_TRY(std::string name, parse_name());
            OrderBy order{std::move(name), false};
            if (accept_word("DESC")) {
                order.descending = true;
            } else {
                accept_word("ASC");
            }
            statement.order_by.push_back(std::move(order));
        } while (accept_symbol(","));
        return {};
    }

    Result<void> parse_insert(Statement& statement) {
        statement.kind = Statement::Kind::kInsert;
        MR_CHECK_OK(expect_word("INTO"));
        MR_CHECK_OK(parse_table(statement));
        MR_CHECK_OK(expect_word("VALUE"));
        MR_TRY(const item::Value value, parse_value());
        if (value.type() != item::Type::kMap) return malformed("Expected a tuple of attributes");
        statement.item = item::Item(value.view().map());
        return {};
    }

    Result<void> parse_update(Statement& statement) {
        statement.kind = Statement::Kind::kUpdate;
        MR_CHECK_OK(parse_table(statement));
        for (;;) {
            if (accept_word("SET")) {
                do {
                    Assignment assignment;
                    MR_TRY(assignment.path, parse_path());
                    MR_CHECK_OK(expect_symbol("="));
                    MR_TRY(assignment.value, parse_sum());
                    statement.sets.push_back(std::move(assignment));
                } while (accept_symbol(","));
            } else if (accept_word("REMOVE")) {
                do {
                    MR_TRY(expression::Path path, parse_path());
                    statement.removes.push_back(std::move(path));
                } while (accept_symbol(","));
            } else {
                break;
            }
        }
        if (statement.sets.empty() && statement.removes.empty())
            return malformed("Expected SET or REMOVE");
        MR_CHECK_OK(parse_where(statement));
        return parse_returning(statement);
    }

    Result<void> parse_delete(Statement& statement) {
        statement.kind = Statement::Kind::kDelete;
        MR_CHECK_OK(expect_word("FROM"));
        MR_CHECK_OK(parse_table(statement));
        MR_CHECK_OK(parse_where(statement));
        return parse_returning(statement);
    }

    Result<void> parse_returning(Statement& statement) {
        if (!accept_word("RETURNING")) return {};
        const bool all = accept_word("ALL");
        if (!all) MR_CHECK_OK(expect_word("MODIFIED"));
        const bool old = accept_word("OLD");
        if (!old) MR_CHECK_OK(expect_word("NEW"));
        MR_CHECK_OK(expect_symbol("*"));
        if (statement.kind == Statement::Kind::kDelete && !(all && old))
            return errors::validation("DELETE statements can only use RETURNING ALL OLD *");
        statement.return_values =
            std::string(all ? "ALL_" : "UPDATED_") + std::string(old ? "OLD" : "NEW");
        return {};
    }

    Result<void> parse_table(Statement& statement) {
        MR_TRY(statement.table, parse_name());
        if (accept_symbol(".")) {
            if (statement.kind != Statement::Kind::kSelect) return unexpected();
            MR_TRY(statement.index, parse_name());
        }
        return {};
    }

    Result<void> parse_where(Statement& statement) {
        if (!accept_word("WHERE")) return {};
        MR_TRY(statement.where, parse_or());
        return {};
    }

    // ---- conditions ----

    Result<Node> parse_or() {
        return parse_chain("OR", [this] { return parse_and(); });
    }
    Result<Node> parse_and() {
        return parse_chain("AND", [this] { return parse_not(); });
    }

    template <class Next>
    Result<Node> parse_chain(std::string_view word, Next next) {
        MR_TRY(Node left, next());
        while (accept_word(word)) {
            MR_TRY(Node right, next());
            std::vector<Node> operands;
            operands.push_back(std::move(left));
            operands.push_back(std::move(right));
            left = operation(Node::Kind::kOperator, std::string(word), std::move(operands));
        }
        return left;
    }

    Result<Node> parse_not() {
        if (!accept_word("NOT")) return parse_comparison();
        if (++depth_ > kDepthMax) return malformed("The statement is too deeply nested");
        MR_TRY(Node operand, parse_not());
        depth_ -= 1;
        return negated(std::move(operand));
    }
    static Node negated(Node operand) {
        std::vector<Node> operands;
        operands.push_back(std::move(operand));
        return operation(Node::Kind::kOperator, "NOT", std::move(operands));
    }

    Result<Node> parse_comparison() {
        MR_TRY(Node left, parse_sum());
        if (peek().kind == TokenKind::kSymbol) {
            const std::string symbol = peek().text;
            constexpr std::array<std::string_view, 7> kComparators = {"=",  "<>", "!=", "<",
                                                                      "<=", ">",  ">="};
            if (std::find(kComparators.begin(), kComparators.end(), symbol) == kComparators.end())
                return left;
            at_ += 1;
            MR_TRY(Node right, parse_sum());
            return join(symbol == "!=" ? "<>" : symbol, std::move(left), std::move(right));
        }
        if (accept_word("IS")) {
            const bool negative = accept_word("NOT");
            const bool missing = accept_word("MISSING");
            if (!missing) MR_CHECK_OK(expect_word("NULL"));
            std::vector<Node> operands;
            operands.push_back(std::move(left));
            Node is = operation(Node::Kind::kOperator, missing ? "IS MISSING" : "IS NULL",
                                std::move(operands));
            return negative ? negated(std::move(is)) : std::move(is);
        }
        const size_t before = at_;
        const bool negative = accept_word("NOT");
        if (accept_word("BETWEEN")) {
            MR_TRY(Node low, parse_sum());
            MR_CHECK_OK(expect_word("AND"));
            MR_TRY(Node high, parse_sum());
            Node between = join("BETWEEN", std::move(left), std::move(low));
            between.operands.push_back(std::move(high));
            return negative ? negated(std::move(between)) : std::move(between);
        }
        if (accept_word("IN")) {
            MR_TRY(Node in, parse_in(std::move(left)));
            return negative ? negated(std::move(in)) : std::move(in);
        }
        at_ = before;
        return left;
    }

    // IN [a, b], IN (a, b), or IN of one list parameter.
    Result<Node> parse_in(Node left) {
        std::vector<Node> operands;
        operands.push_back(std::move(left));
        const bool parens = accept_symbol("(");
        if (parens && !is_symbol("[")) {
            do {
                MR_TRY(Node value, parse_sum());
                operands.push_back(std::move(value));
            } while (accept_symbol(","));
        } else {
            MR_TRY(const item::Value list, parse_value());
            if (list.type() != item::Type::kList) return malformed("Expected a list behind IN");
            if (list.view().list().begin() == list.view().list().end() ||
                list.view().count() > expression::kInOperandsMax)
                return malformed("IN takes 1 to 100 values");
            for (const item::ValueView element : list.view().list())
                operands.push_back(value_node(item::Value(element)));
        }
        if (parens) MR_CHECK_OK(expect_symbol(")"));
        return operation(Node::Kind::kOperator, "IN", std::move(operands));
    }

    Result<Node> parse_sum() {
        MR_TRY(Node left, parse_operand());
        while (is_symbol("+") || is_symbol("-")) {
            const std::string symbol = peek().text;
            at_ += 1;
            MR_TRY(Node right, parse_operand());
            left = join(symbol, std::move(left), std::move(right));
        }
        return left;
    }
    static Node join(std::string name, Node left, Node right) {
        std::vector<Node> operands;
        operands.push_back(std::move(left));
        operands.push_back(std::move(right));
        return operation(Node::Kind::kOperator, std::move(name), std::move(operands));
    }

    Result<Node> parse_operand() {
        if (++depth_ > kDepthMax) return malformed("The statement is too deeply nested");
        auto node = parse_operand_inside();
        depth_ -= 1;
        return node;
    }
    Result<Node> parse_operand_inside() {
        if (accept_symbol("(")) {
            MR_TRY(Node node, parse_or());
            MR_CHECK_OK(expect_symbol(")"));
            return node;
        }
        const bool word = peek().kind == TokenKind::kWord && !is_literal_word();
        if (word && next_is_symbol("(")) {
            std::string name = peek().text;
            for (char& c : name) {
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
            }
            at_ += 2;
            std::vector<Node> operands;
            do {
                MR_TRY(Node operand, parse_sum());
                operands.push_back(std::move(operand));
            } while (accept_symbol(","));
            MR_CHECK_OK(expect_symbol(")"));
            return operation(Node::Kind::kFunction, std::move(name), std::move(operands));
        }
        if (word || peek().kind == TokenKind::kQuotedName) {
            Node node;
            node.kind = Node::Kind::kPath;
            MR_TRY(node.path, parse_path());
            return node;
        }
        MR_TRY(item::Value value, parse_value());
        return value_node(std::move(value));
    }

    // ---- names, paths, values ----

    Result<std::string> parse_name() {
        if (peek().kind != TokenKind::kWord && peek().kind != TokenKind::kQuotedName)
            return unexpected();
        std::string name = peek().text;
        at_ += 1;
        if (name.empty()) return malformed("A name is empty");
        return name;
    }

    Result<expression::Path> parse_path() {
        expression::Path path;
        MR_TRY(std::string name, parse_name());
        path.push_back({std::move(name), -1});
        for (;;) {
            if (accept_symbol(".")) {
                MR_TRY(std::string member, parse_name());
                path.push_back({std::move(member), -1});
            } else if (accept_symbol("[")) {
                if (peek().kind == TokenKind::kString) {
                    path.push_back({peek().text, -1});
                } else {
                    const std::string& digits = peek().text;
                    if (peek().kind != TokenKind::kNumber || digits.size() > 9 ||
                        !std::all_of(digits.begin(), digits.end(), is_digit))
                        return unexpected();
                    path.push_back({"", std::stoi(digits)});
                }
                at_ += 1;
                MR_CHECK_OK(expect_symbol("]"));
            } else {
                return path;
            }
            if (path.size() > static_cast<size_t>(item::kNestingDepthMax))
                return malformed("A document path is too long");
        }
    }

    Result<item::Value> parse_value() {
        if (++depth_ > kDepthMax) return malformed("The statement is too deeply nested");
        auto value = parse_value_inside();
        depth_ -= 1;
        return value;
    }
    Result<item::Value> parse_value_inside() {
        if (accept_symbol("?")) {
            if (parameters_ == nullptr || used_ >= parameters_->size()) {
                return errors::validation(
                    "Number of parameters in request and statement don't match.");
            }
            return (*parameters_)[used_++];
        }
        if (peek().kind == TokenKind::kString) {
            at_ += 1;
            return item::Value::string(tokens_[at_ - 1].text);
        }
        if (accept_word("TRUE")) return item::Value::boolean(true);
        if (accept_word("FALSE")) return item::Value::boolean(false);
        if (accept_word("NULL")) return item::Value::null();
        const bool negative = accept_symbol("-");
        if (peek().kind == TokenKind::kNumber) {
            at_ += 1;
            MR_TRY(const item::Number number,
                   item::parse_number((negative ? "-" : "") + tokens_[at_ - 1].text));
            return item::Value::number(number);
        }
        if (negative) return unexpected();
        if (accept_symbol("[")) {
            MR_TRY(const std::vector<item::Value> values, parse_values("]"));
            std::vector<item::ValueView> views(values.begin(), values.end());
            return item::Value::list(views);
        }
        if (accept_symbol("<<")) {
            MR_TRY(const std::vector<item::Value> values, parse_values(">>"));
            return make_set(values);
        }
        if (accept_symbol("{")) return parse_tuple();
        return unexpected();
    }

    Result<std::vector<item::Value>> parse_values(std::string_view close) {
        std::vector<item::Value> values;
        if (accept_symbol(close)) return values;
        do {
            MR_TRY(item::Value value, parse_value());
            values.push_back(std::move(value));
        } while (accept_symbol(","));
        MR_CHECK_OK(expect_symbol(close));
        return values;
    }

    static Result<item::Value> make_set(const std::vector<item::Value>& values) {
        if (values.empty()) return malformed("A set may not be empty");
        const item::Type type = values[0].type();
        std::vector<std::string_view> elements;
        for (const item::Value& value : values) {
            if (value.type() != type || !item::is_key_type(type))
                return malformed("A set's elements must be strings, numbers or binary values");
            elements.push_back(value.view().payload());
        }
        switch (type) {
            case item::Type::kString:
                return item::Value::set(item::Type::kStringSet, elements);
            case item::Type::kNumber:
                return item::Value::set(item::Type::kNumberSet, elements);
            default:
                return item::Value::set(item::Type::kBinarySet, elements);
        }
    }

    Result<item::Value> parse_tuple() {
        item::ItemBuilder builder;
        if (!accept_symbol("}")) {
            do {
                if (peek().kind != TokenKind::kString && peek().kind != TokenKind::kQuotedName)
                    return unexpected();
                const std::string name = peek().text;
                at_ += 1;
                MR_CHECK_OK(expect_symbol(":"));
                MR_TRY(const item::Value value, parse_value());
                builder.set(name, value);
            } while (accept_symbol(","));
            MR_CHECK_OK(expect_symbol("}"));
        }
        return item::Value::map(builder.build());
    }

    // ---- tokens ----

    const Token& peek() const { return tokens_[at_]; }
    bool next_is_symbol(std::string_view symbol) const {
        return at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == TokenKind::kSymbol &&
               tokens_[at_ + 1].text == symbol;
    }
    bool is_symbol(std::string_view symbol) const {
        return peek().kind == TokenKind::kSymbol && peek().text == symbol;
    }
    bool is_word(std::string_view word) const {
        return peek().kind == TokenKind::kWord && upper(peek().text) == word;
    }
    bool is_literal_word() const { return is_word("TRUE") || is_word("FALSE") || is_word("NULL"); }
    bool accept_symbol(std::string_view symbol) {
        if (!is_symbol(symbol)) return false;
        at_ += 1;
        return true;
    }
    bool accept_word(std::string_view word) {
        if (!is_word(word)) return false;
        at_ += 1;
        return true;
    }
    Result<void> expect_symbol(std::string_view symbol) {
        if (accept_symbol(symbol)) return {};
        return unexpected();
    }
    Result<void> expect_word(std::string_view word) {
        if (accept_word(word)) return {};
        return unexpected();
    }
    Error unexpected() const {
        switch (peek().kind) {
            case TokenKind::kEnd:
                return malformed("Unexpected end of statement");
            case TokenKind::kWord:
                return malformed("Unexpected keyword");
            default:
                return malformed(fmt::format("Unexpected token: {}", peek().text));
        }
    }

    const std::vector<Token> tokens_;
    const std::vector<item::Value>* parameters_;
    size_t at_ = 0;
    size_t used_ = 0;  // of parameters_
    int depth_ = 0;
};

}  // namespace

Result<Statement> parse(std::string_view text, const std::vector<item::Value>* parameters) {
    if (text.size() > kStatementBytesMax) return malformed("The statement is too long");
    MR_TRY(std::vector<Token> tokens, tokenize(text));
    return Parser(std::move(tokens), parameters).parse();
}

}  // namespace millrace::dynamodb::partiql
