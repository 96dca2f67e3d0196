#include "codec/utf8.h"

namespace millrace::codec {
namespace {

constexpr uint32_t kBad = 0xffffffff;

// The code point at `position` (moved behind it), or kBad (moved one byte on).
uint32_t decode(std::string_view text, size_t& position) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byte(position);
    const size_t start = position++;
    if (first < 0x80) return first;
    int more = 0;
    uint32_t minimum = 0;
    uint32_t value = 0;
    if (first >= 0xc2 && first <= 0xdf) {
        more = 1, minimum = 0x80, value = first & 0x1f;
    } else if (first >= 0xe0 && first <= 0xef) {
        more = 2, minimum = 0x800, value = first & 0x0f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        more = 3, minimum = 0x10000, value = first & 0x07;
    } else {
        return kBad;
    }
    if (start + static_cast<size_t>(more) >= text.size()) return kBad;
    for (int i = 1; i <= more; ++i) {
        const uint8_t next = byte(start + static_cast<size_t>(i));
        if ((next & 0xc0) != 0x80) return kBad;
        value = value << 6 | (next & 0x3f);
    }
    if (value < minimum || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return kBad;
    position = start + static_cast<size_t>(more) + 1;
    return value;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    size_t position = 0;
    while (position < text.size()) {
        if (decode(text, position) == kBad) return false;
    }
    return true;
}

size_t utf8_length(std::string_view text) {
    size_t count = 0;
    for (const char c : text) count += (static_cast<uint8_t>(c) & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

size_t utf16_length(std::string_view text) {
    size_t count = 0;
    for (const char c : text) {
        const auto byte = static_cast<uint8_t>(c);
        if ((byte & 0xc0) != 0x80) count += byte >= 0xf0 ? 2 : 1;
    }
    return count;
}

uint32_t next_code_point(std::string_view text, size_t& position) {
    const uint32_t value = decode(text, position);
    return value == kBad ? 0xfffd : value;
}

}  // namespace millrace::codec
