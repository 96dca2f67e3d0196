#include "services/s3/website/cors.h"

#include <algorithm>
#include <cctype>

namespace millrace::s3 {
namespace {

constexpr std::string_view kVary =
    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// At most one '*', which stands for anything.
bool matches(std::string_view pattern, std::string_view text) {
    const size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == text;
    const std::string_view head = pattern.substr(0, star);
    const std::string_view tail = pattern.substr(star + 1);
    return text.size() >= head.size() + tail.size() && text.starts_with(head) &&
           text.ends_with(tail);
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        const size_t comma = list.find(',');
        std::string_view item = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
        if (!item.empty()) out.push_back(lower(item));
    }
    return out;
}

std::string join(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) {
        if (!out.empty()) out += ", ";
        out += item;
    }
    return out;
}

bool allows_headers(const CorsRule& rule, std::string_view headers) {
    const std::vector<std::string> asked = split(headers);
    return std::all_of(asked.begin(), asked.end(), [&](const std::string& header) {
        return std::any_of(
            rule.allowed_headers.begin(), rule.allowed_headers.end(),
            [&](const std::string& allowed) { return matches(lower(allowed), header); });
    });
}

void add_common(const CorsRule& rule, std::string_view origin, HttpResponse& response) {
    const bool anyone = std::find(rule.allowed_origins.begin(), rule.allowed_origins.end(), "*") !=
                        rule.allowed_origins.end();
    response.add_header("Access-Control-Allow-Origin", anyone ? "*" : std::string(origin));
    response.add_header("Access-Control-Allow-Methods", join(rule.allowed_methods));
    if (!rule.expose_headers.empty()) {
        response.add_header("Access-Control-Expose-Headers", join(rule.expose_headers));
    }
    if (rule.max_age_seconds) {
        response.add_header("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
    }
    if (!anyone) response.add_header("Access-Control-Allow-Credentials", "true");
    response.add_header("Vary", std::string(kVary));
}

}  // namespace

const CorsRule* find_cors_rule(const std::vector<CorsRule>& rules, std::string_view origin,
                               std::string_view method, std::string_view headers) {
    for (const CorsRule& rule : rules) {
        const bool origin_allowed =
            std::any_of(rule.allowed_origins.begin(), rule.allowed_origins.end(),
                        [&](const std::string& allowed) { return matches(allowed, origin); });
        const bool method_allowed =
            std::find(rule.allowed_methods.begin(), rule.allowed_methods.end(), method) !=
            rule.allowed_methods.end();
        if (origin_allowed && method_allowed && allows_headers(rule, headers)) return &rule;
    }
    return nullptr;
}

void add_preflight_headers(const CorsRule& rule, std::string_view origin, std::string_view headers,
                           HttpResponse& response) {
    add_common(rule, origin, response);
    const std::vector<std::string> asked = split(headers);
    if (!asked.empty()) response.add_header("Access-Control-Allow-Headers", join(asked));
}

void add_actual_headers(const CorsRule& rule, std::string_view origin, HttpResponse& response) {
    add_common(rule, origin, response);
}

}  // namespace millrace::s3
