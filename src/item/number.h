// Decimal numbers of up to 38 significant digits as order-preserving bytes: memcmp order is numeric
// order, equal numbers have equal bytes, and an encoding delimits itself.
//
// Layout (docs/formats/item.md): zero is 80. A positive number d1.d2..dn x 10^E is 81, the byte
// E+130, the digits in pairs as value+1 (01..64 hex; an odd last digit is paired with 0), and 00.
// A negative number is 7F and then the same bytes complemented (so its terminator is FF).
//
// Thread-safety: plain values and pure functions. Functions that take an encoded number expect one
// made here (or checked with valid_number). All are O(38).
// Source of ranges and texts: DynamoDB Developer Guide, "Data types"; recorded answers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millrace::item {

inline constexpr size_t kNumberBytesMax = 22;
inline constexpr int kNumberDigitsMax = 38;
inline constexpr int kNumberExponentMin = -130;
inline constexpr int kNumberExponentMax = 125;
// The longest text that is parsed; anything longer is not a number. Leading and trailing zeros
// count.
inline constexpr size_t kNumberTextBytesMax = 4096;

enum class NumberError : uint8_t { kNone, kNotANumber, kTooManyDigits, kOverflow, kUnderflow };

// AWS's text for the error; `text` is what the client wrote, if it is known.
std::string number_error_text(NumberError error, std::string_view text = {});

// An encoded number in place. Default: zero.
class Number {
public:
    Number() : size_(1) { bytes_[0] = 0x80; }
    static Number from_int(int64_t value);

    std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }
    // In DynamoDB's normal form, e.g. "-150.25".
    std::string text() const;
    friend bool operator==(const Number& a, const Number& b) { return a.bytes() == b.bytes(); }
    friend std::strong_ordering operator<=>(const Number& a, const Number& b) {
        return a.bytes().compare(b.bytes()) <=> 0;
    }

private:
    friend class NumberCodec;
    std::array<uint8_t, kNumberBytesMax> bytes_;
    uint8_t size_;
};

// [+-] digits [. digits] [eE [+-] digits]; no blanks. `out` is set only for kNone.
NumberError parse_number(std::string_view text, Number& out);
// The same, as a ValidationException.
Result<Number> parse_number(std::string_view text);

// The number that the bytes encode (they must be valid).
Number number_from_bytes(std::string_view encoded);
// Appends DynamoDB's normal form: plain digits, no exponent, no leading or trailing zeros.
void append_number_text(std::string& out, std::string_view encoded);
std::string number_text(std::string_view encoded);

// Exact, or kTooManyDigits (the sum needs more than 38), kOverflow or kUnderflow.
NumberError add_numbers(std::string_view a, std::string_view b, Number& out);
NumberError subtract_numbers(std::string_view a, std::string_view b, Number& out);

// The whole of `bytes` is one canonical encoding.
bool valid_number(std::string_view bytes);
// Length of the encoded number at the start of `bytes`; 0 if there is none.
size_t number_length(std::string_view bytes);
// Bytes that DynamoDB counts for the number in an item: (digits + 1) / 2 + 1, one more if negative,
// at most 21; zero counts 1.
size_t number_size(std::string_view encoded);
// The number as an integer, truncated towards zero; false if it does not fit. For TTL.
bool number_to_int64(std::string_view encoded, int64_t& out);

}  // namespace millrace::item
