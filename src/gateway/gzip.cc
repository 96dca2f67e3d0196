#include "gateway/gzip.h"

#include "core/http.h"

namespace millrace::gateway {

bool accepts_gzip(std::string_view header) {
    while (!header.empty()) {
        const size_t comma = header.find(',');
        std::string_view item = header.substr(0, comma);
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        const auto trim = [](std::string_view text) {
            while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
                text.remove_prefix(1);
            while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
                text.remove_suffix(1);
            return text;
        };
        const size_t semicolon = item.find(';');
        const std::string_view name = trim(item.substr(0, semicolon));
        if (!equals_ignore_case(name, "gzip")) continue;
        if (semicolon == std::string_view::npos) return true;
        const std::string_view weight = trim(item.substr(semicolon + 1));
        // "q=0", "q=0.0", "q=0.000" refuse it.
        const bool zero = weight.starts_with("q=0") &&
                          weight.find_first_not_of("0.", 2) == std::string_view::npos;
        return !zero;
    }
    return false;
}

}  // namespace millrace::gateway
