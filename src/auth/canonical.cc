#include "auth/canonical.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "codec/url.h"

namespace millrace::auth {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void append_encoded(std::string& out, std::string_view bytes, bool keep_slash) {
    for (const char c : bytes) {
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            out += c;
            continue;
        }
        const auto byte = static_cast<uint8_t>(c);
        out += '%';
        out += kUpperHex[byte >> 4];
        out += kUpperHex[byte & 15];
    }
}

bool is_plain(std::string_view text, bool slash) {
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_unreserved(c) || (slash && c == '/'); });
}

// S3: the path's bytes, encoded exactly once.
void append_s3_path(std::string& out, std::string_view path) {
    if (path.empty()) {
        out += '/';
    } else if (is_plain(path, true)) {
        out += path;
    } else {
        append_encoded(out, codec::url_decode(path), true);
    }
}

// Others: "." and ".." and empty segments removed, and what was sent encoded once more.
void append_normalised_path(std::string& out, std::string_view path) {
    const bool plain = is_plain(path, true) && path.find("//") == std::string_view::npos &&
                       path.find("/.") == std::string_view::npos;
    if (!path.empty() && path.front() == '/' && plain) {
        out += path;
        return;
    }
    std::vector<std::string_view> segments;
    std::string_view rest = path;
    while (!rest.empty()) {
        const std::string_view segment = next_part(rest, '/');
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
            continue;
        }
        segments.push_back(segment);
    }
    for (const std::string_view segment : segments) {
        out += '/';
        append_encoded(out, segment, false);
    }
    const bool trailing = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if (segments.empty() || trailing) out += '/';
}

void append_query(std::string& out, std::string_view query, bool presigned) {
    if (query.empty()) return;
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        std::string_view value = next_part(query, '&');
        if (value.empty()) continue;
        const std::string_view name = next_part(value, '=');
        if (presigned && name == "X-Amz-Signature") continue;
        auto& pair = pairs.emplace_back();
        append_encoded(pair.first, codec::form_decode(name), false);
        append_encoded(pair.second, codec::form_decode(value), false);
    }
    std::sort(pairs.begin(), pairs.end());
    for (size_t i = 0; i < pairs.size(); ++i) {
        if (i > 0) out += '&';
        out += pairs[i].first;
        out += '=';
        out += pairs[i].second;
    }
}

// Trimmed, and runs of blanks inside made one.
void append_header_value(std::string& out, std::string_view value) {
    bool blank = false;
    bool begun = false;
    for (const char c : value) {
        if (c == ' ' || c == '\t') {
            blank = begun;
            continue;
        }
        if (blank) out += ' ';
        blank = false;
        begun = true;
        out += c;
    }
}

void append_headers(std::string& out, const HttpRequest& request, std::string_view signed_headers) {
    while (!signed_headers.empty()) {
        const std::string_view name = next_part(signed_headers, ';');
        out += name;
        out += ':';
        bool first = true;
        for (const HttpHeader& header : request.headers) {
            if (!equals_ignore_case(header.name, name)) continue;
            if (!first) out += ',';
            first = false;
            append_header_value(out, header.value);
        }
        out += '\n';
    }
}

}  // namespace

std::string_view next_part(std::string_view& rest, char separator) {
    const size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

std::string_view query_value(std::string_view query, std::string_view name, bool& found) {
    found = false;
    while (!query.empty()) {
        std::string_view value = next_part(query, '&');
        if (next_part(value, '=') == name) {
            found = true;
            return value;
        }
    }
    return {};
}

void write_canonical_request(const CanonicalParts& parts, std::string& out) {
    const HttpRequest& request = *parts.request;
    out.clear();
    out += request.method;
    out += '\n';
    if (parts.s3) {
        append_s3_path(out, request.path);
    } else {
        append_normalised_path(out, request.path);
    }
    out += '\n';
    append_query(out, request.query, parts.presigned);
    out += '\n';
    append_headers(out, request, parts.signed_headers);
    out += '\n';
    out += parts.signed_headers;
    out += '\n';
    out += parts.payload_hash;
}

}  // namespace millrace::auth
