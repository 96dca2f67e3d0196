#include "services/lambda/filter.h"

#include <algorithm>
#include <optional>

#include "services/lambda/errors.h"

namespace millrace::lambda {
namespace {

using codec::JsonValue;
constexpr std::string_view kOr = "$or";
constexpr int kDepthMax = 20;

Error bad_pattern() { return errors::invalid_parameter("Invalid filter pattern definition."); }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// '*' stands for any run of characters, "\*" for itself.
bool wildcard_matches(std::string_view pattern, std::string_view text) {
    std::vector<std::pair<bool, char>> parts;  // whether it is the wildcard; the character
    for (size_t i = 0; i < pattern.size(); ++i) {
        const bool escape = pattern[i] == '\\' && i + 1 < pattern.size();
        if (escape) i += 1;
        parts.emplace_back(!escape && pattern[i] == '*', pattern[i]);
    }
    size_t p = 0;
    size_t t = 0;
    std::optional<std::pair<size_t, size_t>> retry;  // after the last wildcard
    while (t < text.size()) {
        if (p < parts.size() && parts[p].first) {
            retry.emplace(++p, t);
        } else if (p < parts.size() && parts[p].second == text[t]) {
            ++p, ++t;
        } else if (retry) {
            p = retry->first;
            t = ++retry->second;
        } else {
            return false;
        }
    }
    while (p < parts.size() && parts[p].first) ++p;
    return p == parts.size();
}

bool is_literal(const JsonValue& value) {
    return value.is_string() || value.is_number() || value.is_bool() || value.is_null();
}
bool equals_literal(const JsonValue& matcher, const JsonValue& value) {
    if (matcher.is_number() && value.is_number()) return matcher.as_double() == value.as_double();
    return matcher == value;
}

// The text operators, also inside anything-but.
std::optional<bool> text_matches(std::string_view op, const JsonValue& wanted,
                                 const JsonValue& value) {
    const auto by = [&](auto test) { return value.is_string() && test(value.as_string()); };
    const std::string& text = wanted.as_string();
    if (op == "prefix") return by([&](const std::string& v) { return v.starts_with(text); });
    if (op == "suffix") return by([&](const std::string& v) { return v.ends_with(text); });
    if (op == "wildcard")
        return by([&](const std::string& v) { return wildcard_matches(text, v); });
    if (op == "equals-ignore-case")
        return by([&](const std::string& v) { return lower(v) == lower(text); });
    return std::nullopt;
}

// [">", 0, "<=", 5]
bool numeric_matches(const JsonValue& range, const JsonValue& value) {
    const auto number = value.as_double();
    if (!value.is_number() || !number) return false;
    for (size_t i = 0; i + 1 < range.elements().size(); i += 2) {
        const std::string& op = range.elements()[i].as_string();
        const double bound = range.elements()[i + 1].as_double().value_or(0);
        const bool holds = op == "="    ? *number == bound
                           : op == "<"  ? *number < bound
                           : op == "<=" ? *number <= bound
                           : op == ">"  ? *number > bound
                                        : *number >= bound;
        if (!holds) return false;
    }
    return true;
}

bool anything_but(const JsonValue& unwanted, const JsonValue& value) {
    if (unwanted.is_object()) {
        const auto& [op, wanted] = unwanted.members().front();
        if (!wanted.is_array()) return !text_matches(op, wanted, value).value_or(false);
        return std::none_of(wanted.elements().begin(), wanted.elements().end(),
                            [&, &name = op](const JsonValue& one) {
                                return text_matches(name, one, value).value_or(false);
                            });
    }
    if (!unwanted.is_array()) return !equals_literal(unwanted, value);
    return std::none_of(unwanted.elements().begin(), unwanted.elements().end(),
                        [&](const JsonValue& one) { return equals_literal(one, value); });
}

// `value`: null pointer when the record has no such member.
bool matcher_holds(const JsonValue& matcher, const JsonValue* value) {
    if (matcher.is_object()) {
        const auto& [op, argument] = matcher.members().front();
        // Only what has a value itself exists, not what has members.
        if (op == "exists") return argument.as_bool() == (value != nullptr && !value->is_object());
        if (value == nullptr || value->is_object()) return false;
        if (value->is_array()) {
            return std::any_of(
                value->elements().begin(), value->elements().end(),
                [&](const JsonValue& element) { return matcher_holds(matcher, &element); });
        }
        if (op == "numeric") return numeric_matches(argument, *value);
        if (op == "anything-but") return anything_but(argument, *value);
        return text_matches(op, argument, *value).value_or(false);
    }
    if (value == nullptr) return false;
    if (!value->is_array()) return equals_literal(matcher, *value);
    return std::any_of(value->elements().begin(), value->elements().end(),
                       [&](const JsonValue& element) { return equals_literal(matcher, element); });
}

bool pattern_matches(const JsonValue& pattern, const JsonValue* value) {
    if (value != nullptr && value->is_array()) {
        return std::any_of(
            value->elements().begin(), value->elements().end(),
            [&](const JsonValue& element) { return pattern_matches(pattern, &element); });
    }
    for (const auto& [name, wanted] : pattern.members()) {
        if (name == kOr) {
            const auto& choices = wanted.elements();
            if (std::none_of(choices.begin(), choices.end(), [&](const JsonValue& choice) {
                    return pattern_matches(choice, value);
                })) {
                return false;
            }
            continue;
        }
        const JsonValue* member =
            value != nullptr && value->is_object() ? value->find(name) : nullptr;
        if (wanted.is_object()) {
            if (!pattern_matches(wanted, member)) return false;
            continue;
        }
        const auto& matchers = wanted.elements();
        if (std::none_of(matchers.begin(), matchers.end(), [&](const JsonValue& matcher) {
                return matcher_holds(matcher, member);
            })) {
            return false;
        }
    }
    return true;
}

bool is_text_operator(std::string_view op) {
    return op == "prefix" || op == "suffix" || op == "wildcard" || op == "equals-ignore-case";
}

bool is_numeric_range(const JsonValue& range) {
    const auto& parts = range.elements();
    if (!range.is_array() || (parts.size() != 2 && parts.size() != 4)) return false;
    for (size_t i = 0; i < parts.size(); i += 2) {
        const std::string& op = parts[i].as_string();
        const bool below = op == "<" || op == "<=";
        const bool above = op == ">" || op == ">=";
        if (!parts[i + 1].is_number() || (!below && !above && op != "=")) return false;
        // A range is a lower bound and then an upper one.
        if (parts.size() == 4 && (i == 0 ? !above : !below)) return false;
    }
    return true;
}

bool is_matcher(const JsonValue& matcher) {
    if (is_literal(matcher)) return true;
    if (!matcher.is_object() || matcher.members().size() != 1) return false;
    const auto& [op, argument] = matcher.members().front();
    if (op == "exists") return argument.is_bool();
    if (op == "numeric") return is_numeric_range(argument);
    if (is_text_operator(op)) return argument.is_string();
    if (op != "anything-but") return false;
    const auto all = [](const JsonValue& list, auto test) {
        return list.is_array() && !list.elements().empty() &&
               std::all_of(list.elements().begin(), list.elements().end(), test);
    };
    const auto text_or_number = [](const JsonValue& v) { return v.is_string() || v.is_number(); };
    if (argument.is_object()) {
        if (argument.members().size() != 1) return false;
        const auto& [inner, text] = argument.members().front();
        return is_text_operator(inner) &&
               (text.is_string() || all(text, [](const JsonValue& v) { return v.is_string(); }));
    }
    return text_or_number(argument) || all(argument, text_or_number);
}

bool is_pattern(const JsonValue& pattern, int depth) {
    if (!pattern.is_object() || pattern.members().empty() || depth > kDepthMax) return false;
    for (const auto& [name, wanted] : pattern.members()) {
        if (name == kOr) {
            if (!wanted.is_array() || wanted.elements().size() < 2) return false;
            for (const JsonValue& choice : wanted.elements()) {
                if (!is_pattern(choice, depth + 1)) return false;
            }
            continue;
        }
        if (wanted.is_object()) {
            if (!is_pattern(wanted, depth + 1)) return false;
            continue;
        }
        if (!wanted.is_array() || wanted.elements().empty() ||
            !std::all_of(wanted.elements().begin(), wanted.elements().end(), is_matcher)) {
            return false;
        }
    }
    return true;
}

// The record with its body as the document that it is; nothing when it is none.
std::optional<JsonValue> with_parsed_body(const JsonValue& record) {
    std::vector<JsonValue::Member> members;
    for (const auto& [name, value] : record.members()) {
        if (name != "body") {
            members.emplace_back(name, value);
            continue;
        }
        auto body = codec::parse_json(value.as_string());
        if (!body || !body->is_object()) return std::nullopt;
        members.emplace_back(name, *std::move(body));
    }
    return JsonValue::object(std::move(members));
}

bool looks_into_body(const JsonValue& pattern) {
    for (const auto& [name, wanted] : pattern.members()) {
        if (name == "body" && wanted.is_object()) return true;
        if (name == kOr &&
            std::any_of(wanted.elements().begin(), wanted.elements().end(), looks_into_body)) {
            return true;
        }
    }
    return false;
}
bool names_body_text(const JsonValue& pattern) {
    const JsonValue* body = pattern.find("body");
    return body != nullptr && body->is_array();
}

}  // namespace

Result<Filter> Filter::make(const std::vector<std::string>& patterns) {
    Filter filter;
    for (const std::string& text : patterns) {
        auto pattern = codec::parse_json(text);
        if (text.size() > kPatternBytesMax || !pattern || !is_pattern(*pattern, 0))
            return bad_pattern();
        filter.patterns_.push_back(*std::move(pattern));
    }
    return filter;
}

bool Filter::passes(const JsonValue& record) const {
    return patterns_.empty() ||
           std::any_of(patterns_.begin(), patterns_.end(),
                       [&](const JsonValue& pattern) { return pattern_matches(pattern, &record); });
}

bool Filter::passes_message(const JsonValue& record) const {
    if (patterns_.empty()) return true;
    const std::optional<JsonValue> parsed = with_parsed_body(record);
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const JsonValue& pattern) {
        if (looks_into_body(pattern)) return parsed && pattern_matches(pattern, &*parsed);
        // A pattern of plain text drops a body that is JSON.
        if (names_body_text(pattern) && parsed) return false;
        return pattern_matches(pattern, &record);
    });
}

}  // namespace millrace::lambda
