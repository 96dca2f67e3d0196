#include "auth/pattern.h"

#include <algorithm>

namespace millrace::auth {
namespace {

// Greedy with one point of return: the last run. Linear unless runs overlap badly.
template <class Fold>
bool match(std::string_view pattern, std::string_view text, Fold fold) {
    size_t p = 0;
    size_t t = 0;
    size_t run = std::string_view::npos;
    size_t run_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == Pattern::kAnyRun) {
            run = p++;
            run_text = t;
            if (p == pattern.size()) return true;
        } else if (p < pattern.size() &&
                   (pattern[p] == Pattern::kAnyChar || pattern[p] == fold(text[t]))) {
            ++p;
            ++t;
        } else if (run != std::string_view::npos) {
            p = run + 1;
            t = ++run_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == Pattern::kAnyRun) ++p;
    return p == pattern.size();
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// The inside of ${...}: "aws:username", "aws:username, 'none'".
Pattern::Variable parse_variable(std::string_view inside, size_t position) {
    Pattern::Variable variable;
    variable.position = position;
    const size_t comma = inside.find(',');
    variable.key = to_lower(trim(inside.substr(0, comma)));
    if (comma != std::string_view::npos) {
        std::string_view value = trim(inside.substr(comma + 1));
        if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
            variable.has_default = true;
            variable.default_value = value.substr(1, value.size() - 2);
        }
    }
    return variable;
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower_char);
    return out;
}

bool equals_lower(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return lower_char(a) == b; });
}

Pattern compile_pattern(std::string_view text, bool variables, bool wildcards) {
    Pattern pattern;
    pattern.text = text;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (variables && c == '$' && i + 1 < text.size() && text[i + 1] == '{') {
            const size_t end = text.find('}', i);
            if (end != std::string_view::npos) {
                const std::string_view inside = text.substr(i + 2, end - i - 2);
                if (inside == "*" || inside == "?" || inside == "$") {
                    pattern.compiled += inside;
                } else {
                    pattern.variables.push_back(parse_variable(inside, pattern.compiled.size()));
                }
                i = end;
                continue;
            }
        }
        if (wildcards && (c == '*' || c == '?')) {
            pattern.has_wildcard = true;
            pattern.compiled += c == '*' ? Pattern::kAnyRun : Pattern::kAnyChar;
        } else {
            pattern.compiled += c;
        }
    }
    pattern.matches_all = wildcards && text == "*";
    return pattern;
}

bool compiled_match(std::string_view compiled, std::string_view text) {
    return match(compiled, text, [](char c) { return c; });
}

bool compiled_match_lower(std::string_view compiled, std::string_view text) {
    return match(compiled, text, lower_char);
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
    return compiled_match(compile_pattern(pattern, false, true).compiled, text);
}

}  // namespace millrace::auth
