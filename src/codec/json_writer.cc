#include "codec/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace millrace::codec {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out.push_back('"');
    size_t run = 0;  // start of the bytes that need no escape
    for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<uint8_t>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text, run, i - run);
        run = i + 1;
        out.push_back('\\');
        switch (text[i]) {
            case '"':
                out.push_back('"');
                break;
            case '\\':
                out.push_back('\\');
                break;
            case '\n':
                out.push_back('n');
                break;
            case '\r':
                out.push_back('r');
                break;
            case '\t':
                out.push_back('t');
                break;
            case '\b':
                out.push_back('b');
                break;
            case '\f':
                out.push_back('f');
                break;
            default:
                out += "u00";
                out.push_back(kDigits[byte >> 4]);
                out.push_back(kDigits[byte & 15]);
        }
    }
    out.append(text, run);
    out.push_back('"');
}

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_json_string(out, text);
    return out;
}

void append_int(std::string& out, int64_t value) {
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    out.append(buffer.data(), end);
}

void append_double(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "\"NaN\"";
        return;
    }
    if (std::isinf(value)) {
        out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        return;
    }
    std::array<char, 64> buffer;
    const bool plain = value == 0 || (std::fabs(value) < 1e21 && std::fabs(value) >= 1e-7);
    const auto result = plain ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                              std::chars_format::fixed)
                              : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), result.ptr);
}

void append_epoch_seconds(std::string& out, int64_t epoch_milliseconds) {
    int64_t ms = epoch_milliseconds;
    if (ms < 0) {
        out.push_back('-');
        ms = -ms;
    }
    append_int(out, ms / 1000);
    const int64_t rest = ms % 1000;
    if (rest == 0) return;
    out.push_back('.');
    std::array<char, 3> digits{static_cast<char>('0' + rest / 100),
                               static_cast<char>('0' + rest / 10 % 10),
                               static_cast<char>('0' + rest % 10)};
    size_t count = 3;
    while (digits[count - 1] == '0') --count;
    out.append(digits.data(), count);
}

void JsonWriter::separate() {
    if (needs_comma_) out_.push_back(',');
    needs_comma_ = true;
}
void JsonWriter::open(char bracket) {
    separate();
    out_.push_back(bracket);
    needs_comma_ = false;
}
void JsonWriter::close(char bracket) {
    out_.push_back(bracket);
    needs_comma_ = true;
}
void JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_.push_back(':');
    needs_comma_ = false;
}
void JsonWriter::string(std::string_view text) {
    separate();
    append_json_string(out_, text);
}
void JsonWriter::number(int64_t value) {
    separate();
    append_int(out_, value);
}
void JsonWriter::number(double value) {
    separate();
    append_double(out_, value);
}
void JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
}
void JsonWriter::null() {
    separate();
    out_ += "null";
}
void JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

}  // namespace millrace::codec
