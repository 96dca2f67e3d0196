#include "codec/url.h"

#include <cstdint>

namespace millrace::codec {
namespace {

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

std::string encode(std::string_view bytes, bool keep_slash) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 4);
    for (const char c : bytes) {
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<uint8_t>(c);
        out.push_back('%');
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

std::string decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%' && i + 2 < text.size()) {
            const int high = digit_value(text[i + 1]);
            const int low = digit_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out.push_back(static_cast<char>(high * 16 + low));
                i += 2;
                continue;
            }
        }
        out.push_back(plus_is_blank && c == '+' ? ' ' : c);
    }
    return out;
}

}  // namespace

std::string url_encode(std::string_view bytes) { return encode(bytes, false); }
std::string url_encode_path(std::string_view bytes) { return encode(bytes, true); }
std::string url_decode(std::string_view text) { return decode(text, false); }
std::string form_decode(std::string_view text) { return decode(text, true); }

bool is_well_formed_url(std::string_view text) {
    for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
        if (i + 2 >= text.size() || digit_value(text[i + 1]) < 0 || digit_value(text[i + 2]) < 0)
            return false;
    }
    return true;
}

std::optional<FormPairs> parse_form(std::string_view text, size_t pairs_max) {
    FormPairs pairs;
    while (!text.empty()) {
        const size_t end = text.find('&');
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (part.empty()) continue;
        if (pairs.size() == pairs_max) return std::nullopt;
        const size_t equals = part.find('=');
        pairs.emplace_back(form_decode(part.substr(0, equals)),
                           equals == std::string_view::npos ? std::string()
                                                            : form_decode(part.substr(equals + 1)));
    }
    return pairs;
}

}  // namespace millrace::codec
