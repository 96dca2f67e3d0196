// Golden vectors, error classes, and properties against a comparison and an addition on strings.
#include "item/number.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>

namespace millrace::item {
namespace {

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view kHex = "0123456789abcdef";
        out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
        out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
    }
    return out;
}

Number num(std::string_view text) {
    Number number;
    EXPECT_EQ(parse_number(text, number), NumberError::kNone) << text;
    return number;
}

TEST(Number, GoldenBytes) {
    const std::vector<std::pair<std::string, std::string>> golden = {
        {"0", "80"},
        {"1", "81820b00"},
        {"-1", "7f7df4ff"},
        {"10", "81830b00"},
        {"12", "81830d00"},
        {"0.001", "817f0b00"},
        {"-150.25", "7f7beffcccff"},
        {"9.9999999999999999999999999999999999999E+125",
         "81ff6464646464646464646464646464646464646400"},
        {"1E-130", "81000b00"},
        {"-1E-130", "7ffff4ff"},
    };
    for (const auto& [text, bytes] : golden) {
        EXPECT_EQ(hex(num(text).bytes()), bytes) << text;
        EXPECT_TRUE(valid_number(num(text).bytes())) << text;
    }
}

TEST(Number, NormalForm) {
    const std::vector<std::pair<std::string, std::string>> forms = {
        {"00042", "42"},    {"1.0", "1"},      {"1.5E2", "150"},  {"-0", "0"},
        {"0E99999", "0"},   {"+7", "7"},       {".5", "0.5"},     {"5.", "5"},
        {"1e5", "100000"},  {"-1.50", "-1.5"}, {"1E-3", "0.001"}, {"123.4560", "123.456"},
        {"0.0100", "0.01"}, {"12e-1", "1.2"},
    };
    for (const auto& [text, normal] : forms) EXPECT_EQ(num(text).text(), normal) << text;
    EXPECT_EQ(num("1E125").text(), "1" + std::string(125, '0'));
    EXPECT_EQ(num("1E-130").text(), "0." + std::string(129, '0') + "1");
}

TEST(Number, Errors) {
    Number number;
    for (const char* text : {"", "a", "1a", " 1", "1 ", "--1", "1..2", ".", "-", "e5", "1e", "1e+",
                             "0x1", "NaN", "1,5"}) {
        EXPECT_EQ(parse_number(text, number), NumberError::kNotANumber) << text;
    }
    EXPECT_EQ(parse_number(std::string(39, '1'), number), NumberError::kTooManyDigits);
    EXPECT_EQ(parse_number("1" + std::string(100, '0'), number), NumberError::kNone);
    EXPECT_EQ(parse_number("1E126", number), NumberError::kOverflow);
    EXPECT_EQ(parse_number("-1E999999999999999999999", number), NumberError::kOverflow);
    EXPECT_EQ(parse_number("1E-131", number), NumberError::kUnderflow);
    EXPECT_EQ(parse_number(std::string(5000, '0'), number), NumberError::kNotANumber);
    EXPECT_EQ(parse_number("abc").error().message,
              "The parameter cannot be converted to a numeric value: abc");
    EXPECT_EQ(parse_number("").error().message,
              "The parameter cannot be converted to a numeric value");
    EXPECT_EQ(parse_number(std::string(39, '1')).error().message,
              "Attempting to store more than 38 significant digits in a Number");
    EXPECT_EQ(
        parse_number("1E126").error().message,
        "Number overflow. Attempting to store a number with magnitude larger than supported range");
    EXPECT_EQ(parse_number("1E-131").error().message,
              "Number underflow. Attempting to store a number with magnitude smaller than "
              "supported range");
    EXPECT_EQ(parse_number("x").error().code, "ValidationException");
}

TEST(Number, Sums) {
    const auto add = [](std::string_view a, std::string_view b) {
        Number sum;
        EXPECT_EQ(add_numbers(num(a).bytes(), num(b).bytes(), sum), NumberError::kNone);
        return sum.text();
    };
    EXPECT_EQ(add("1", "2"), "3");
    EXPECT_EQ(add("0.1", "0.2"), "0.3");
    EXPECT_EQ(add("5", "-5"), "0");
    EXPECT_EQ(add("0", "-5"), "-5");
    EXPECT_EQ(add("-3", "1"), "-2");
    EXPECT_EQ(add("999", "1"), "1000");
    EXPECT_EQ(add(std::string(38, '9'), "1"), "1" + std::string(38, '0'));
    EXPECT_EQ(add("1E37", "-1"), std::string(37, '9'));
    EXPECT_EQ(add("1E125", "-1E125"), "0");
    Number sum;
    EXPECT_EQ(add_numbers(num("1E38").bytes(), num("1").bytes(), sum), NumberError::kTooManyDigits);
    EXPECT_EQ(add_numbers(num("1E125").bytes(), num("1E-130").bytes(), sum),
              NumberError::kTooManyDigits);
    EXPECT_EQ(add_numbers(num("9E125").bytes(), num("1E125").bytes(), sum), NumberError::kOverflow);
    EXPECT_EQ(subtract_numbers(num("1.1E-130").bytes(), num("1E-130").bytes(), sum),
              NumberError::kUnderflow);
    EXPECT_EQ(subtract_numbers(num("3").bytes(), num("5").bytes(), sum), NumberError::kNone);
    EXPECT_EQ(sum.text(), "-2");
}

TEST(Number, Sizes) {
    EXPECT_EQ(number_size(num("0").bytes()), 1U);
    EXPECT_EQ(number_size(num("1").bytes()), 2U);
    EXPECT_EQ(number_size(num("12").bytes()), 2U);
    EXPECT_EQ(number_size(num("123").bytes()), 3U);
    EXPECT_EQ(number_size(num("-1").bytes()), 3U);
    EXPECT_EQ(number_size(num("-" + std::string(38, '7')).bytes()), 21U);
}

TEST(Number, Integers) {
    EXPECT_EQ(Number::from_int(INT64_MIN).text(), "-9223372036854775808");
    EXPECT_EQ(Number::from_int(INT64_MAX).text(), "9223372036854775807");
    EXPECT_EQ(Number::from_int(0).text(), "0");
    EXPECT_EQ(Number::from_int(1200).bytes(), num("1200").bytes());
    int64_t value = 0;
    for (const int64_t wanted :
         {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}, int64_t{1767225600}}) {
        EXPECT_TRUE(number_to_int64(Number::from_int(wanted).bytes(), value));
        EXPECT_EQ(value, wanted);
    }
    EXPECT_TRUE(number_to_int64(num("1767225600.9").bytes(), value));
    EXPECT_EQ(value, 1767225600);
    EXPECT_FALSE(number_to_int64(num("9223372036854775808").bytes(), value));
    EXPECT_FALSE(number_to_int64(num("1E100").bytes(), value));
}

TEST(Number, Delimited) {
    const std::string two = std::string(num("-12.5").bytes()) + std::string(num("3").bytes());
    EXPECT_EQ(number_length(two), num("-12.5").bytes().size());
    EXPECT_EQ(number_length("\x81\x82"), 0U);
    EXPECT_EQ(number_length(""), 0U);
    EXPECT_FALSE(valid_number(std::string_view("\x81\x82\x00", 3)));          // no digits
    EXPECT_FALSE(valid_number(std::string_view("\x81\x82\x0a\x00", 4)));      // leading zero
    EXPECT_FALSE(valid_number(std::string_view("\x81\x82\x0b\x01\x00", 5)));  // trailing zeros
    EXPECT_FALSE(valid_number(std::string_view("\x81\x82\x65\x00", 4)));      // pair above 99
}

// A decimal as plain text with a fixed layout: reference that shares nothing with the encoding.
struct Plain {
    bool negative;
    std::string integer;   // no leading zeros
    std::string fraction;  // no trailing zeros
};

Plain plain(std::string_view text) {
    Plain result{text.starts_with('-'), {}, {}};
    if (result.negative) text.remove_prefix(1);
    const size_t point = text.find('.');
    result.integer = std::string(text.substr(0, point));
    if (point != std::string_view::npos) result.fraction = std::string(text.substr(point + 1));
    if (result.integer == "0") result.integer.clear();
    return result;
}

int compare_plain(const Plain& a, const Plain& b) {
    const auto magnitude = [](const Plain& x, const Plain& y) {
        if (x.integer.size() != y.integer.size())
            return x.integer.size() < y.integer.size() ? -1 : 1;
        const int integers = x.integer.compare(y.integer);
        return integers != 0 ? integers : x.fraction.compare(y.fraction);
    };
    const bool a_zero = a.integer.empty() && a.fraction.empty();
    const bool b_zero = b.integer.empty() && b.fraction.empty();
    const int a_sign = a_zero ? 0 : a.negative ? -1 : 1;
    const int b_sign = b_zero ? 0 : b.negative ? -1 : 1;
    if (a_sign != b_sign) return a_sign < b_sign ? -1 : 1;
    return a_sign >= 0 ? magnitude(a, b) : magnitude(b, a);
}

std::string random_text() {
    const auto digits = *rc::gen::inRange(1, 39);
    std::string text = *rc::gen::element(std::string("-"), std::string());
    for (int i = 0; i < digits; ++i)
        text.push_back(static_cast<char>('0' + *rc::gen::inRange(0, 10)));
    const int wide = *rc::gen::inRange(0, 2);
    const int exponent = wide != 0 ? *rc::gen::inRange(-90, 85) : *rc::gen::inRange(-3, 4);
    return text + "E" + std::to_string(exponent);
}

TEST(NumberProperty, OrderOfBytesIsOrderOfNumbers) {
    EXPECT_TRUE(rc::check([] {
        const Number a = num(random_text());
        const Number b = num(random_text());
        const int wanted = compare_plain(plain(a.text()), plain(b.text()));
        const int got = a.bytes().compare(b.bytes());
        RC_ASSERT((wanted < 0) == (got < 0));
        RC_ASSERT((wanted == 0) == (got == 0));
    }));
}

TEST(NumberProperty, TextRoundTrip) {
    EXPECT_TRUE(rc::check([] {
        const Number a = num(random_text());
        RC_ASSERT(num(a.text()) == a);
        RC_ASSERT(valid_number(a.bytes()));
        RC_ASSERT(a.bytes().size() <= kNumberBytesMax);
        RC_ASSERT(number_length(a.bytes()) == a.bytes().size());
    }));
}

// The sum of small decimals with three places, through integers.
TEST(NumberProperty, SumsAgreeWithIntegers) {
    EXPECT_TRUE(rc::check([] {
        const int64_t a = *rc::gen::inRange<int64_t>(-1'000'000'000'000, 1'000'000'000'000);
        const int64_t b = *rc::gen::inRange<int64_t>(-1'000'000'000'000, 1'000'000'000'000);
        const Number x = num(std::to_string(a) + "E-3");
        const Number y = num(std::to_string(b) + "E-3");
        Number sum;
        RC_ASSERT(add_numbers(x.bytes(), y.bytes(), sum) == NumberError::kNone);
        RC_ASSERT(sum == num(std::to_string(a + b) + "E-3"));
        RC_ASSERT(subtract_numbers(x.bytes(), y.bytes(), sum) == NumberError::kNone);
        RC_ASSERT(sum == num(std::to_string(a - b) + "E-3"));
    }));
}

TEST(NumberProperty, AddThenSubtract) {
    EXPECT_TRUE(rc::check([] {
        const Number a = num(random_text());
        const Number b = num(random_text());
        Number sum;
        if (add_numbers(a.bytes(), b.bytes(), sum) != NumberError::kNone) return;
        Number back;
        if (subtract_numbers(sum.bytes(), b.bytes(), back) != NumberError::kNone) return;
        RC_ASSERT(back == a);
    }));
}

}  // namespace
}  // namespace millrace::item
