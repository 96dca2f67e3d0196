#include "services/logs/pattern.h"

#include <algorithm>

#include "services/logs/operations.h"

namespace millrace::logs {

Result<Pattern> Pattern::parse(std::string_view text) {
    Pattern pattern;
    while (!text.empty()) {
        if (text[0] == ' ' || text[0] == '\t') {
            text.remove_prefix(1);
            continue;
        }
        std::vector<std::string>* terms = &pattern.all_;
        if (text[0] == '?' || text[0] == '-') {
            terms = text[0] == '?' ? &pattern.any_ : &pattern.none_;
            text.remove_prefix(1);
        }
        if (text.empty() || text[0] == ' ') return errors::invalid("Invalid filter pattern");
        if (text[0] == '{' || text[0] == '[' || text[0] == '%') {
            return errors::invalid(
                "Invalid filter pattern: patterns of JSON, columns and regular expressions are "
                "not supported.");
        }
        if (text[0] != '"') {
            const size_t end = std::min(text.find(' '), text.size());
            terms->emplace_back(text.substr(0, end));
            text.remove_prefix(end);
            continue;
        }
        // A quoted term; \" and \\ stand for the characters.
        std::string term;
        size_t at = 1;
        for (; at < text.size() && text[at] != '"'; ++at) {
            if (text[at] == '\\' && at + 1 < text.size() &&
                (text[at + 1] == '"' || text[at + 1] == '\\')) {
                at += 1;
            }
            term += text[at];
        }
        if (at == text.size()) return errors::invalid("Invalid filter pattern");
        terms->push_back(std::move(term));
        text.remove_prefix(at + 1);
    }
    return pattern;
}

bool Pattern::matches(std::string_view message) const {
    const auto has = [&](const std::string& term) {
        return message.find(term) != std::string_view::npos;
    };
    return std::all_of(all_.begin(), all_.end(), has) &&
           std::none_of(none_.begin(), none_.end(), has) &&
           (any_.empty() || std::any_of(any_.begin(), any_.end(), has));
}

}  // namespace millrace::logs
