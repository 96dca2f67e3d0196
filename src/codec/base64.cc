#include "codec/base64.h"

#include <array>
#include <cstdint>

namespace millrace::codec {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kBad = 0xff;

constexpr std::array<uint8_t, 256> make_reverse() {
    std::array<uint8_t, 256> table{};
    for (uint8_t& entry : table) entry = kBad;
    for (size_t i = 0; i < kAlphabet.size(); ++i) {
        table[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
    }
    return table;
}
constexpr std::array<uint8_t, 256> kReverse = make_reverse();

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    const size_t begin = out.size();
    out.resize(begin + (bytes.size() + 2) / 3 * 4);
    char* to = out.data() + begin;
    size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const uint32_t three = static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 16 |
                               static_cast<uint32_t>(static_cast<uint8_t>(bytes[i + 1])) << 8 |
                               static_cast<uint8_t>(bytes[i + 2]);
        *to++ = kAlphabet[three >> 18];
        *to++ = kAlphabet[three >> 12 & 63];
        *to++ = kAlphabet[three >> 6 & 63];
        *to++ = kAlphabet[three & 63];
    }
    const size_t left = bytes.size() - i;
    if (left == 0) return;
    uint32_t three = static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 16;
    if (left == 2) three |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i + 1])) << 8;
    *to++ = kAlphabet[three >> 18];
    *to++ = kAlphabet[three >> 12 & 63];
    *to++ = left == 2 ? kAlphabet[three >> 6 & 63] : '=';
    *to = '=';
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.empty()) return std::string();
    const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string out;
    out.resize(text.size() / 4 * 3 - padding);
    size_t to = 0;
    for (size_t i = 0; i < text.size(); i += 4) {
        const size_t missing = i + 4 == text.size() ? padding : 0;
        uint32_t three = 0;
        for (size_t k = 0; k < 4; ++k) {
            uint8_t digit = 0;
            if (k < 4 - missing) {
                digit = kReverse[static_cast<uint8_t>(text[i + k])];
                if (digit == kBad) return std::nullopt;
            }
            three = three << 6 | digit;
        }
        if ((missing == 1 && (three & 0xff) != 0) || (missing == 2 && (three & 0xffff) != 0))
            return std::nullopt;
        out[to++] = static_cast<char>(three >> 16);
        if (missing < 2) out[to++] = static_cast<char>(three >> 8);
        if (missing < 1) out[to++] = static_cast<char>(three);
    }
    return out;
}

}  // namespace millrace::codec
