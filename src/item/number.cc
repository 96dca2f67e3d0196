// Numbers: parsing, the byte encoding, plain text, exact sums. See number.h.
#include "item/number.h"

#include <algorithm>
#include <cstring>

#include "item/errors.h"

namespace millrace::item {
namespace {

constexpr uint8_t kZeroByte = 0x80;
constexpr uint8_t kPositiveByte = 0x81;
constexpr uint8_t kNegativeByte = 0x7f;
constexpr int kExponentBias = 130;
// An exponent in the text beyond this is as good as infinite; keeps the arithmetic in an int.
constexpr int64_t kTextExponentMax = 1'000'000;

// d1.d2..dn x 10^exponent, without leading or trailing zeros; count 0 is zero.
struct Digits {
    bool negative = false;
    int exponent = 0;
    int count = 0;
    std::array<uint8_t, kNumberDigitsMax + 1> digit{};
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Digits unpack(std::string_view encoded) {
    Digits number;
    MR_DCHECK(!encoded.empty());
    const auto first = static_cast<uint8_t>(encoded[0]);
    if (first == kZeroByte || encoded.size() < 4) return number;
    number.negative = first == kNegativeByte;
    const uint8_t flip = number.negative ? 0xff : 0;
    number.exponent = (static_cast<uint8_t>(encoded[1]) ^ flip) - kExponentBias;
    for (size_t i = 2; i + 1 < encoded.size() && number.count + 1 < kNumberDigitsMax + 1; ++i) {
        const int pair = (static_cast<uint8_t>(encoded[i]) ^ flip) - 1;
        number.digit[number.count++] = static_cast<uint8_t>(pair / 10);
        number.digit[number.count++] = static_cast<uint8_t>(pair % 10);
    }
    if (number.count > 0 && number.digit[number.count - 1] == 0) --number.count;
    return number;
}

}  // namespace

// Writes Number's bytes.
class NumberCodec {
public:
    static NumberError pack(const Digits& digits, Number& out) {
        if (digits.count == 0) {
            out = Number();
            return NumberError::kNone;
        }
        if (digits.exponent > kNumberExponentMax) return NumberError::kOverflow;
        if (digits.exponent < kNumberExponentMin) return NumberError::kUnderflow;
        if (digits.count > kNumberDigitsMax) return NumberError::kTooManyDigits;
        const uint8_t flip = digits.negative ? 0xff : 0;
        uint8_t* p = out.bytes_.data();
        *p++ = digits.negative ? kNegativeByte : kPositiveByte;
        *p++ = static_cast<uint8_t>(digits.exponent + kExponentBias) ^ flip;
        for (int i = 0; i < digits.count; i += 2) {
            const int low = i + 1 < digits.count ? digits.digit[i + 1] : 0;
            *p++ = static_cast<uint8_t>(digits.digit[i] * 10 + low + 1) ^ flip;
        }
        *p++ = flip;
        out.size_ = static_cast<uint8_t>(p - out.bytes_.data());
        return NumberError::kNone;
    }
    static void copy(std::string_view encoded, Number& out) {
        MR_ASSERT(encoded.size() <= kNumberBytesMax && !encoded.empty());
        std::memcpy(out.bytes_.data(), encoded.data(), encoded.size());
        out.size_ = static_cast<uint8_t>(encoded.size());
    }
};

namespace {

// a + b, or a - b when `subtract`. Both are at most 38 digits, so that either the digits overlap
// within kWidth positions or the result needs more than 38.
NumberError sum(std::string_view encoded_a, std::string_view encoded_b, bool subtract,
                Number& out) {
    constexpr int kWidth = 2 * kNumberDigitsMax + 6;
    const Digits a = unpack(encoded_a);
    Digits b = unpack(encoded_b);
    if (subtract) b.negative = !b.negative;
    if (a.count == 0) return NumberCodec::pack(b, out);
    if (b.count == 0) return NumberCodec::pack(a, out);
    const int top = std::max(a.exponent, b.exponent) + 1;  // power of ten of position 0: the carry
    const int bottom = std::min(a.exponent - a.count, b.exponent - b.count) + 1;
    const int width = top - bottom + 1;
    if (width > kWidth) return NumberError::kTooManyDigits;
    std::array<int8_t, kWidth> larger{};
    std::array<int8_t, kWidth> smaller{};
    for (int i = 0; i < a.count; ++i)
        larger[top - a.exponent + i] = static_cast<int8_t>(a.digit[i]);
    for (int i = 0; i < b.count; ++i)
        smaller[top - b.exponent + i] = static_cast<int8_t>(b.digit[i]);
    bool negative = a.negative;
    const bool same_sign = a.negative == b.negative;
    if (!same_sign && std::memcmp(larger.data(), smaller.data(), width) < 0) {
        std::swap(larger, smaller);
        negative = b.negative;
    }
    int carry = 0;
    for (int i = width - 1; i >= 0; --i) {
        int digit = larger[i] + (same_sign ? smaller[i] : -smaller[i]) + carry;
        carry = 0;
        if (digit >= 10) {
            digit -= 10;
            carry = 1;
        } else if (digit < 0) {
            digit += 10;
            carry = -1;
        }
        larger[i] = static_cast<int8_t>(digit);
    }
    int first = 0;
    while (first < width && larger[first] == 0) ++first;
    if (first == width) {
        out = Number();
        return NumberError::kNone;
    }
    int last = width - 1;
    while (larger[last] == 0) --last;
    Digits result;
    result.negative = negative;
    result.exponent = top - first;
    if (result.exponent > kNumberExponentMax) return NumberError::kOverflow;
    if (result.exponent < kNumberExponentMin) return NumberError::kUnderflow;
    if (last - first + 1 > kNumberDigitsMax) return NumberError::kTooManyDigits;
    for (int i = first; i <= last; ++i)
        result.digit[result.count++] = static_cast<uint8_t>(larger[i]);
    return NumberCodec::pack(result, out);
}

}  // namespace

std::string number_error_text(NumberError error, std::string_view text) {
    switch (error) {
        case NumberError::kNone:
            return {};
        case NumberError::kNotANumber: {
            std::string result = "The parameter cannot be converted to a numeric value";
            if (!text.empty()) result.append(": ").append(text);
            return result;
        }
        case NumberError::kTooManyDigits:
            return "Attempting to store more than 38 significant digits in a Number";
        case NumberError::kOverflow:
            return "Number overflow. Attempting to store a number with magnitude larger than "
                   "supported range";
        case NumberError::kUnderflow:
            return "Number underflow. Attempting to store a number with magnitude smaller than "
                   "supported range";
    }
    return {};
}

Number Number::from_int(int64_t value) {
    Digits digits;
    digits.negative = value < 0;
    uint64_t rest =
        digits.negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    std::array<uint8_t, 20> reversed{};
    int count = 0;
    for (; rest != 0; rest /= 10) reversed[count++] = static_cast<uint8_t>(rest % 10);
    for (int i = count - 1; i >= 0; --i) digits.digit[digits.count++] = reversed[i];
    digits.exponent = count - 1;
    while (digits.count > 0 && digits.digit[digits.count - 1] == 0) --digits.count;
    Number number;
    MR_ASSERT(NumberCodec::pack(digits, number) == NumberError::kNone);
    return number;
}

std::string Number::text() const { return number_text(bytes()); }

NumberError parse_number(std::string_view text, Number& out) {
    if (text.empty() || text.size() > kNumberTextBytesMax) return NumberError::kNotANumber;
    Digits digits;
    size_t i = 0;
    if (text[0] == '-' || text[0] == '+') {
        digits.negative = text[0] == '-';
        i = 1;
    }
    int64_t significant = 0;  // digits from the first that is not zero
    int64_t nonzero_end = 0;  // of these, up to the last that is not zero
    int64_t before_point =
        0;  // power of ten of the first significant digit, if it was before the point
    int64_t after_point = 0;  // digits read behind the point
    bool any = false;
    bool point = false;
    int64_t first_power = 0;
    for (; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c)) break;
        any = true;
        if (point) ++after_point;
        if (significant > 0 || c != '0') {
            if (significant == 0 && point) first_power = -after_point;
            if (significant < kNumberDigitsMax + 1)
                digits.digit[significant] = static_cast<uint8_t>(c - '0');
            ++significant;
            if (!point) ++before_point;
            if (c != '0') nonzero_end = significant;
        }
    }
    if (!any) return NumberError::kNotANumber;
    int64_t exponent = 0;
    if (i < text.size()) {
        if (text[i] != 'e' && text[i] != 'E') return NumberError::kNotANumber;
        ++i;
        bool negative = false;
        if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
            negative = text[i] == '-';
            ++i;
        }
        if (i == text.size()) return NumberError::kNotANumber;
        for (; i < text.size(); ++i) {
            if (!is_digit(text[i])) return NumberError::kNotANumber;
            exponent = std::min(exponent * 10 + (text[i] - '0'), kTextExponentMax);
        }
        if (negative) exponent = -exponent;
    }
    if (significant == 0) {
        out = Number();
        return NumberError::kNone;
    }
    const int64_t power = (before_point > 0 ? before_point - 1 : first_power) + exponent;
    if (power > kNumberExponentMax) return NumberError::kOverflow;
    if (power < kNumberExponentMin) return NumberError::kUnderflow;
    if (nonzero_end > kNumberDigitsMax) return NumberError::kTooManyDigits;
    digits.exponent = static_cast<int>(power);
    digits.count = static_cast<int>(nonzero_end);
    return NumberCodec::pack(digits, out);
}

Result<Number> parse_number(std::string_view text) {
    Number number;
    const NumberError error = parse_number(text, number);
    if (error != NumberError::kNone) return validation_error(number_error_text(error, text));
    return number;
}

Number number_from_bytes(std::string_view encoded) {
    Number number;
    NumberCodec::copy(encoded, number);
    return number;
}

void append_number_text(std::string& out, std::string_view encoded) {
    const Digits number = unpack(encoded);
    if (number.count == 0) {
        out.push_back('0');
        return;
    }
    if (number.negative) out.push_back('-');
    const auto digits = [&](int from, int to) {
        for (int i = from; i < to; ++i) out.push_back(static_cast<char>('0' + number.digit[i]));
    };
    if (number.exponent < 0) {
        out.append("0.");
        out.append(static_cast<size_t>(-number.exponent - 1), '0');
        digits(0, number.count);
    } else if (number.exponent >= number.count - 1) {
        digits(0, number.count);
        out.append(static_cast<size_t>(number.exponent - number.count + 1), '0');
    } else {
        digits(0, number.exponent + 1);
        out.push_back('.');
        digits(number.exponent + 1, number.count);
    }
}

std::string number_text(std::string_view encoded) {
    std::string text;
    append_number_text(text, encoded);
    return text;
}

NumberError add_numbers(std::string_view a, std::string_view b, Number& out) {
    return sum(a, b, false, out);
}
NumberError subtract_numbers(std::string_view a, std::string_view b, Number& out) {
    return sum(a, b, true, out);
}

size_t number_length(std::string_view bytes) {
    if (bytes.empty()) return 0;
    const auto first = static_cast<uint8_t>(bytes[0]);
    if (first == kZeroByte) return 1;
    if (first != kPositiveByte && first != kNegativeByte) return 0;
    const uint8_t flip = first == kNegativeByte ? 0xff : 0;
    const size_t limit = std::min(bytes.size(), kNumberBytesMax);
    for (size_t i = 2; i < limit; ++i) {
        if (static_cast<uint8_t>(bytes[i]) == flip) return i + 1;
    }
    return 0;
}

bool valid_number(std::string_view bytes) {
    if (number_length(bytes) != bytes.size() || bytes.empty()) return false;
    if (bytes.size() == 1) return true;
    const uint8_t flip = static_cast<uint8_t>(bytes[0]) == kNegativeByte ? 0xff : 0;
    const size_t pairs_end = bytes.size() - 1;
    if (pairs_end < 3) return false;
    for (size_t i = 2; i < pairs_end; ++i) {
        const int byte = static_cast<uint8_t>(bytes[i]) ^ flip;
        if (byte > 100) return false;
        if (i == 2 && byte <= 10) return false;             // a leading zero
        if (i + 1 == pairs_end && byte == 1) return false;  // trailing zeros
    }
    return true;
}

size_t number_size(std::string_view encoded) {
    if (encoded.size() < 4) return 1;
    const bool negative = static_cast<uint8_t>(encoded[0]) == kNegativeByte;
    // (digits + 1) / 2 is the number of pairs.
    return encoded.size() - 3 + 1 + (negative ? 1 : 0);
}

bool number_to_int64(std::string_view encoded, int64_t& out) {
    const Digits number = unpack(encoded);
    out = 0;
    if (number.count == 0 || number.exponent < 0) return true;
    if (number.exponent > 18) return false;
    uint64_t value = 0;
    for (int i = 0; i <= number.exponent; ++i) {
        value = value * 10 + (i < number.count ? number.digit[i] : 0);
    }
    const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (number.negative ? 1 : 0);
    if (value > limit) return false;
    out = number.negative ? static_cast<int64_t>(~value + 1) : static_cast<int64_t>(value);
    return true;
}

}  // namespace millrace::item
