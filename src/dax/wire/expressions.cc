#include "dax/wire/expressions.h"

#include <fmt/format.h>

#include <algorithm>

#include "dax/wire/cbor.h"
#include "dax/wire/values.h"
#include "item/errors.h"

namespace millrace::dax {
namespace {

// Codes of the wire.
enum class Code : uint8_t {
    kEqual = 0,
    kNotEqual = 1,
    kLess = 2,
    kGreaterEqual = 3,
    kGreater = 4,
    kLessEqual = 5,
    kAnd = 6,
    kOr = 7,
    kNot = 8,
    kBetween = 9,
    kIn = 10,
    kExists = 11,
    kNotExists = 12,
    kType = 13,
    kBeginsWith = 14,
    kContains = 15,
    kSize = 16,
    kVariable = 17,
    kPath = 18,
    kSet = 19,
    kAdd = 20,
    kDelete = 21,
    kRemove = 22,
    kIfNotExists = 23,
    kListAppend = 24,
    kPlus = 25,
    kMinus = 26,
};
constexpr int64_t kCodeMax = 26;
constexpr int64_t kEncodingVersion = 1;
// An expression of 4 KB has not more of them.
constexpr size_t kPathsMax = 2048;
constexpr size_t kVariablesMax = 2048;
constexpr int kDepthMax = static_cast<int>(cbor::kDepthMax);

constexpr std::string_view kComparators[] = {" = ", " <> ", " < ", " >= ", " > ", " <= "};

// How tightly a condition binds; a looser one inside a tighter one needs parentheses.
enum class Binding : uint8_t { kOr, kAnd, kNot, kPredicate };

Error malformed() { return item::validation_error("Invalid expression: malformed encoding"); }

class Printer {
public:
    Printer(cbor::Reader& reader, const std::vector<std::string>& variables,
            Placeholders& placeholders)
        : reader_(reader), variables_(variables), placeholders_(placeholders) {}

    bool condition(std::string& out, Binding outer, int depth);
    bool update(std::string& out);

private:
    // The head of a function: its code and the number of its arguments.
    bool begin(Code& code, uint64_t& arguments);
    bool operand(std::string& out, int depth);
    bool path(std::string& out);
    bool path_elements(std::string& out, uint64_t count);
    bool call(std::string& out, std::string_view function, uint64_t given, uint64_t wanted,
              int depth);

    cbor::Reader& reader_;
    const std::vector<std::string>& variables_;
    Placeholders& placeholders_;
};

bool Printer::begin(Code& code, uint64_t& arguments) {
    const cbor::Head head = reader_.take_head();
    if (head.major != cbor::Major::kArray || head.indefinite || head.value == 0) return false;
    const int64_t number = reader_.integer();
    if (!reader_.ok() || number < 0 || number > kCodeMax) return false;
    code = static_cast<Code>(number);
    arguments = head.value - 1;
    return true;
}

bool Printer::path_elements(std::string& out, uint64_t count) {
    if (count == 0 || count > reader_.rest().size()) return false;
    for (uint64_t i = 0; i < count; ++i) {
        if (reader_.next_is(cbor::Major::kTag)) {
            if (reader_.take_head().value != cbor::kTagListIndex || i == 0) return false;
            const int64_t index = reader_.integer();
            if (!reader_.ok() || index < 0) return false;
            out += fmt::format("[{}]", index);
        } else {
            const std::string_view name = reader_.text();
            if (!reader_.ok()) return false;
            if (i > 0) out += '.';
            out += placeholders_.name(name);
        }
    }
    return out.size() <= kPrintedBytesMax;
}

bool Printer::path(std::string& out) {
    Code code{};
    uint64_t count = 0;
    return begin(code, count) && code == Code::kPath && path_elements(out, count);
}

bool Printer::call(std::string& out, std::string_view function, uint64_t given, uint64_t wanted,
                   int depth) {
    if (given != wanted) return false;
    out += function;
    out += '(';
    for (uint64_t i = 0; i < wanted; ++i) {
        if (i > 0) out += ", ";
        if (!operand(out, depth + 1)) return false;
    }
    out += ')';
    return true;
}

bool Printer::operand(std::string& out, int depth) {
    Code code{};
    uint64_t count = 0;
    if (depth > kDepthMax || out.size() > kPrintedBytesMax || !begin(code, count)) return false;
    switch (code) {
        case Code::kVariable: {
            const int64_t index = reader_.integer();
            if (count != 1 || !reader_.ok() || index < 0 ||
                static_cast<size_t>(index) >= variables_.size()) {
                return false;
            }
            out += placeholders_.value(item::ValueView::at(variables_[static_cast<size_t>(index)]));
            return true;
        }
        case Code::kPath:
            return path_elements(out, count);
        case Code::kSize:
            return call(out, "size", count, 1, depth);
        case Code::kIfNotExists:
            return call(out, "if_not_exists", count, 2, depth);
        case Code::kListAppend:
            return call(out, "list_append", count, 2, depth);
        case Code::kPlus:
        case Code::kMinus:
            if (count != 2 || !operand(out, depth + 1)) return false;
            out += code == Code::kPlus ? " + " : " - ";
            return operand(out, depth + 1);
        default:
            return false;
    }
}

bool Printer::condition(std::string& out, Binding outer, int depth) {
    Code code{};
    uint64_t count = 0;
    if (depth > kDepthMax || out.size() > kPrintedBytesMax || !begin(code, count)) return false;
    switch (code) {
        case Code::kAnd:
        case Code::kOr: {
            const Binding own = code == Code::kAnd ? Binding::kAnd : Binding::kOr;
            if (count != 2) return false;
            if (own < outer) out += '(';
            if (!condition(out, own, depth + 1)) return false;
            out += code == Code::kAnd ? " AND " : " OR ";
            if (!condition(out, own, depth + 1)) return false;
            if (own < outer) out += ')';
            return true;
        }
        case Code::kNot:
            if (count != 1) return false;
            if (outer > Binding::kNot) out += '(';
            out += "NOT ";
            if (!condition(out, Binding::kNot, depth + 1)) return false;
            if (outer > Binding::kNot) out += ')';
            return true;
        case Code::kBetween:
            if (count != 3 || !operand(out, depth + 1)) return false;
            out += " BETWEEN ";
            if (!operand(out, depth + 1)) return false;
            out += " AND ";
            return operand(out, depth + 1);
        case Code::kIn: {
            if (count != 2 || !operand(out, depth + 1)) return false;
            out += " IN (";
            bool first = true;
            for (auto all = reader_.array(); reader_.more(all); first = false) {
                if (!first) out += ", ";
                if (!operand(out, depth + 1)) return false;
            }
            out += ')';
            return reader_.ok() && !first;
        }
        case Code::kExists:
            return call(out, "attribute_exists", count, 1, depth);
        case Code::kNotExists:
            return call(out, "attribute_not_exists", count, 1, depth);
        case Code::kType:
            return call(out, "attribute_type", count, 2, depth);
        case Code::kBeginsWith:
            return call(out, "begins_with", count, 2, depth);
        case Code::kContains:
            return call(out, "contains", count, 2, depth);
        default:
            if (code > Code::kLessEqual || count != 2 || !operand(out, depth + 1)) return false;
            out += kComparators[static_cast<size_t>(code)];
            return operand(out, depth + 1);
    }
}

bool Printer::update(std::string& out) {
    // One clause of each kind, in the order in which they first come.
    struct Clause {
        Code code;
        std::string_view keyword;
        std::string text;
    };
    std::vector<Clause> clauses;
    for (auto all = reader_.array(); reader_.more(all);) {
        Code code{};
        uint64_t count = 0;
        if (!begin(code, count)) return false;
        std::string_view keyword;
        switch (code) {
            case Code::kSet:
                keyword = "SET ";
                break;
            case Code::kAdd:
                keyword = "ADD ";
                break;
            case Code::kDelete:
                keyword = "DELETE ";
                break;
            case Code::kRemove:
                keyword = "REMOVE ";
                break;
            default:
                return false;
        }
        if (count != (code == Code::kRemove ? 1 : 2)) return false;
        auto clause = std::find_if(clauses.begin(), clauses.end(),
                                   [code](const Clause& one) { return one.code == code; });
        if (clause == clauses.end()) clause = clauses.insert(clause, {code, keyword, {}});
        std::string& text = clause->text;
        if (!text.empty()) text += ", ";
        if (!path(text)) return false;
        if (code == Code::kRemove) continue;
        text += code == Code::kSet ? " = " : " ";
        if (!operand(text, 0)) return false;
    }
    for (const Clause& clause : clauses) {
        if (!out.empty()) out += ' ';
        out += clause.keyword;
        out += clause.text;
    }
    return reader_.ok() && out.size() <= kPrintedBytesMax;
}

struct Parts {
    std::string_view body;
    std::vector<std::string> variables;  // flat values
};

Result<Parts> take_apart(cbor::Reader& reader, bool has_variables) {
    Parts parts;
    if (!reader.array_of(has_variables ? 3 : 2) || reader.integer() != kEncodingVersion)
        return malformed();
    parts.body = reader.item();
    if (has_variables) {
        for (auto all = reader.array(); reader.more(all);) {
            if (parts.variables.size() == kVariablesMax) return malformed();
            MR_CHECK_OK(read_value(reader, parts.variables.emplace_back()));
        }
    }
    if (!reader.ok() || !reader.at_end()) return malformed();
    return parts;
}

bool overlap(const Path& a, const Path& b) {
    const size_t common = std::min(a.size(), b.size());
    for (size_t i = 0; i < common; ++i) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

std::string path_text(const Path& path) {
    std::string text = "[";
    for (const PathElement& element : path) {
        if (text.size() > 1) text += ", ";
        text += element.index >= 0 ? fmt::format("[{}]", element.index) : element.name;
    }
    return text + "]";
}

}  // namespace

std::string Placeholders::name(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    std::string placeholder = fmt::format("#{}", by_name_.size());
    by_name_.emplace(name, placeholder);
    return placeholder;
}

std::string Placeholders::value(item::ValueView value) {
    std::string placeholder = fmt::format(":{}", value_count_++);
    values_.set(placeholder, value);
    return placeholder;
}

std::optional<std::map<std::string, std::string>> Placeholders::names() const {
    if (by_name_.empty()) return std::nullopt;
    std::map<std::string, std::string> names;
    for (const auto& [name, placeholder] : by_name_) names.emplace(placeholder, name);
    return names;
}

std::optional<item::Item> Placeholders::values() {
    if (value_count_ == 0) return std::nullopt;
    value_count_ = 0;
    return values_.build();
}

Result<std::string> print_condition(std::string_view encoded, Placeholders& placeholders) {
    cbor::Reader reader(encoded);
    MR_TRY(const Parts parts, take_apart(reader, true));
    cbor::Reader body(parts.body);
    std::string text;
    if (!Printer(body, parts.variables, placeholders).condition(text, Binding::kOr, 0))
        return malformed();
    return text;
}

Result<std::string> print_update(std::string_view encoded, Placeholders& placeholders) {
    cbor::Reader reader(encoded);
    MR_TRY(const Parts parts, take_apart(reader, true));
    cbor::Reader body(parts.body);
    std::string text;
    if (!Printer(body, parts.variables, placeholders).update(text)) return malformed();
    return text;
}

Result<Projection> parse_projection(std::string_view encoded) {
    cbor::Reader reader(encoded);
    MR_TRY(const Parts parts, take_apart(reader, false));
    cbor::Reader body(parts.body);
    Projection projection;
    for (auto all = body.array(); body.more(all);) {
        const cbor::Head head = body.take_head();
        if (head.major != cbor::Major::kArray || head.indefinite || head.value < 2 ||
            head.value > parts.body.size() || body.integer() != static_cast<int64_t>(Code::kPath)) {
            return malformed();
        }
        if (projection.paths.size() == kPathsMax) return malformed();
        Path& path = projection.paths.emplace_back();
        for (uint64_t i = 1; i < head.value; ++i) {
            PathElement& element = path.emplace_back();
            if (body.next_is(cbor::Major::kTag)) {
                if (body.take_head().value != cbor::kTagListIndex || i == 1) return malformed();
                element.index = body.integer();
                if (element.index < 0) return malformed();
            } else {
                element.name = body.text();
            }
        }
    }
    if (!body.ok() || projection.paths.empty()) return malformed();
    for (size_t i = 0; i < projection.paths.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (!overlap(projection.paths[j], projection.paths[i])) continue;
            return item::validation_error(fmt::format(
                "Invalid ProjectionExpression: Two document paths overlap with each other; must "
                "remove or rewrite one of these paths; path one: {}, path two: {}",
                path_text(projection.paths[j]), path_text(projection.paths[i])));
        }
    }
    return projection;
}

std::string Projection::print(Placeholders& placeholders) const {
    std::string text;
    std::map<std::string_view, bool> seen;
    for (const Path& path : paths) {
        if (!seen.emplace(path[0].name, true).second) continue;
        if (!text.empty()) text += ", ";
        text += placeholders.name(path[0].name);
    }
    return text;
}

item::ValueView find_path(item::ItemView item, const Path& path) {
    item::ValueView value = item.find(path[0].name);
    for (size_t i = 1; i < path.size() && value.has_value(); ++i) {
        if (path[i].index >= 0) {
            value = value.is(item::Type::kList)
                        ? value.list().at(static_cast<size_t>(path[i].index))
                        : item::ValueView();
        } else {
            value = value.is(item::Type::kMap) ? value.map().find(path[i].name) : item::ValueView();
        }
    }
    return value;
}

}  // namespace millrace::dax
