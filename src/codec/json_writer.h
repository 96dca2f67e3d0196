// Appends JSON text (RFC 8259) to a string. The caller keeps the grammar: JsonWriter only sets the
// commas. Thread-safety: a plain value. Ownership: the writer refers to the caller's string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::codec {

// The escaped text between quotes. UTF-8 passes through; '"', '\\' and characters below U+0020
// are escaped.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);
void append_int(std::string& out, int64_t value);
// The shortest text that reads back as the same double ("1.5", "3", "1.0E10" never: no exponent
// below 1e21). Non-finite values become "NaN", "Infinity", "-Infinity" with quotes.
void append_double(std::string& out, double value);
// Epoch seconds with up to three decimals: "1769854830.123", "1769854830".
void append_epoch_seconds(std::string& out, int64_t epoch_milliseconds);

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void string(std::string_view text);
    void number(int64_t value);
    void number(double value);
    void boolean(bool value);
    void null();
    // Valid JSON text or the text of a number, as it is.
    void raw(std::string_view json);
    // key and value in one.
    void member(std::string_view name, std::string_view text) { key(name), string(text); }
    void member(std::string_view name, const char* text) { key(name), string(text); }
    void member(std::string_view name, int64_t value) { key(name), number(value); }
    void member(std::string_view name, int value) {
        key(name), number(static_cast<int64_t>(value));
    }
    void member(std::string_view name, double value) { key(name), number(value); }
    void member(std::string_view name, bool value) { key(name), boolean(value); }

private:
    void separate();
    void open(char bracket);
    void close(char bracket);
    std::string& out_;
    bool needs_comma_ = false;
};

}  // namespace millrace::codec
