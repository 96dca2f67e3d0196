#include "dax/wire/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "codec/utf8.h"
#include "core/bytes.h"
#include "item/errors.h"

namespace millrace::dax {
namespace {

using item::Type;
using U128 = unsigned __int128;

// 10^126 needs 53 bytes; some clients pad.
constexpr size_t kBigIntegerBytesMax = 64;

Error invalid_value() { return item::validation_error("Supplied AttributeValue is malformed"); }
Error key_mismatch() {
    return item::validation_error("The provided key element does not match the schema");
}

// A number as sign, digits without leading zeros, and a power of ten: digits x 10^exponent.
struct Decimal {
    bool negative = false;
    std::string digits;
    int exponent = 0;
};

// Integers of up to 38 digits keep their trailing zeros, so that clients print them plainly.
Decimal decimal_of(std::string_view number) {
    Decimal result;
    const std::string text = item::number_text(number);
    std::string_view rest = text;
    if (rest.starts_with('-')) {
        result.negative = true;
        rest.remove_prefix(1);
    }
    const size_t point = rest.find('.');
    result.digits = rest.substr(0, point);
    if (point != std::string_view::npos) {
        result.digits += rest.substr(point + 1);
        result.exponent = -static_cast<int>(rest.size() - point - 1);
    } else if (result.digits.size() > item::kNumberDigitsMax) {
        const size_t kept = result.digits.find_last_not_of('0') + 1;
        result.exponent = static_cast<int>(result.digits.size() - kept);
        result.digits.resize(kept);
    }
    result.digits.erase(0, result.digits.find_first_not_of('0'));
    return result;
}

void append_integer(std::string& out, U128 magnitude, bool negative) {
    const U128 sent = negative ? magnitude - 1 : magnitude;
    if (sent >> 64 == 0) {
        cbor::append_head(out, negative ? cbor::Major::kNegative : cbor::Major::kUnsigned,
                          static_cast<uint64_t>(sent));
        return;
    }
    std::string bytes;
    append_u64(bytes, static_cast<uint64_t>(sent >> 64));
    append_u64(bytes, static_cast<uint64_t>(sent));
    bytes.erase(0, bytes.find_first_not_of('\0'));
    cbor::append_tag(out, negative ? cbor::kTagBigNegative : cbor::kTagBigUnsigned);
    cbor::append_bytes(out, bytes);
}

// The digits of an unsigned big-endian integer, plus one if asked. O(bytes^2).
std::string big_digits(std::string_view bytes, bool plus_one) {
    std::string digits = "0";  // last digit first, as values
    digits[0] = 0;
    const auto multiply_add = [&digits](int factor, int carry) {
        for (char& digit : digits) {
            carry += digit * factor;
            digit = static_cast<char>(carry % 10);
            carry /= 10;
        }
        for (; carry > 0; carry /= 10) digits.push_back(static_cast<char>(carry % 10));
    };
    for (const char byte : bytes) multiply_add(256, static_cast<uint8_t>(byte));
    if (plus_one) multiply_add(1, 1);
    for (char& digit : digits) digit = static_cast<char>(digit + '0');
    std::reverse(digits.begin(), digits.end());
    return digits;
}

// The text of an integer or big integer.
Result<std::string> read_integer_text(cbor::Reader& reader) {
    const cbor::Head head = reader.take_head();
    if (head.major == cbor::Major::kUnsigned && reader.ok()) return fmt::format("{}", head.value);
    if (head.major == cbor::Major::kNegative) {
        const U128 magnitude = U128{head.value} + 1;
        return magnitude >> 64 == 0 ? fmt::format("-{}", static_cast<uint64_t>(magnitude))
                                    : std::string("-18446744073709551616");
    }
    const bool negative = head.value == cbor::kTagBigNegative;
    if (head.major != cbor::Major::kTag || (!negative && head.value != cbor::kTagBigUnsigned)) {
        reader.fail();
        return invalid_value();
    }
    std::string_view bytes = reader.bytes();
    bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
    if (!reader.ok()) return invalid_value();
    if (bytes.size() > kBigIntegerBytesMax)
        return item::validation_error(
            "Number overflow. Attempting to store a number with magnitude larger than supported "
            "range");
    return (negative ? "-" : "") + big_digits(bytes, negative);
}

bool is_number_head(const cbor::Head& head) {
    switch (head.major) {
        case cbor::Major::kUnsigned:
        case cbor::Major::kNegative:
            return true;
        case cbor::Major::kTag:
            return head.value >= cbor::kTagBigUnsigned && head.value <= cbor::kTagDecimal;
        case cbor::Major::kSimple:
            return !head.indefinite && head.info >= 25;
        default:
            return false;
    }
}

Result<void> read_text(cbor::Reader& reader, std::string_view& text) {
    text = reader.text();
    if (!reader.ok() || !codec::is_valid_utf8(text)) return invalid_value();
    return {};
}

Result<void> read_set(cbor::Reader& reader, Type type, std::string& flat) {
    std::vector<std::string> numbers;
    std::vector<std::string_view> elements;
    for (auto all = reader.array(); reader.more(all);) {
        if (type == Type::kStringSet) {
            MR_CHECK_OK(read_text(reader, elements.emplace_back()));
        } else if (type == Type::kBinarySet) {
            elements.push_back(reader.bytes());
        } else {
            MR_TRY(const item::Number number, read_number(reader));
            numbers.emplace_back(number.bytes());
        }
    }
    if (!reader.ok()) return invalid_value();
    elements.insert(elements.end(), numbers.begin(), numbers.end());
    if (elements.empty()) {
        const std::string_view kind = type == Type::kStringSet   ? "An string"
                                      : type == Type::kNumberSet ? "An number"
                                                                 : "Binary";
        return item::validation_error(fmt::format(
            "One or more parameter values were invalid: {} set  may not be empty", kind));
    }
    const size_t count = elements.size();
    const item::Value set = item::Value::set(type, std::move(elements));
    if (set.view().count() != count)
        return item::validation_error(
            "One or more parameter values were invalid: Input collection contains duplicates");
    flat += set.bytes();
    return {};
}

// One part of a key that is its own CBOR item, or (`raw`) the whole of `bytes`.
Result<item::Value> check_key_part(Type type, std::string_view bytes) {
    if (bytes.empty())
        return item::validation_error(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty string value.");
    if (type == Type::kString) {
        if (!codec::is_valid_utf8(bytes)) return key_mismatch();
        return item::Value::string(bytes);
    }
    return item::Value::binary(bytes);
}

struct KeyValues {
    item::Value hash;
    std::optional<item::Value> sort;
};

Result<KeyValues> parse_key(const KeySchema& schema, std::string_view bytes) {
    KeyValues values;
    const Type type = schema.hash.type;
    if (!schema.sort && type != Type::kNumber) {
        MR_TRY(values.hash, check_key_part(type, bytes));
        return values;
    }
    cbor::Reader reader(bytes);
    if (type == Type::kNumber) {
        Result<item::Number> number = read_number(reader);
        if (!number) return reader.ok() ? std::move(number.error()) : key_mismatch();
        values.hash = item::Value::number(*number);
    } else {
        const std::string_view part = type == Type::kString ? reader.text() : reader.bytes();
        if (!reader.ok()) return key_mismatch();
        MR_TRY(values.hash, check_key_part(type, part));
    }
    if (!schema.sort) {
        if (!reader.at_end()) return key_mismatch();
        return values;
    }
    if (schema.sort->type == Type::kNumber) {
        MR_TRY(const item::Number number, parse_lexdecimal(reader.rest()));
        values.sort = item::Value::number(number);
    } else {
        MR_TRY(values.sort, check_key_part(schema.sort->type, reader.rest()));
    }
    return values;
}

}  // namespace

void append_number(std::string& out, std::string_view number) {
    const Decimal decimal = decimal_of(number);
    U128 magnitude = 0;
    size_t end = decimal.digits.size();
    int exponent = decimal.exponent;
    if (exponent < 0) {
        while (end > 0 && decimal.digits[end - 1] == '0') {
            --end;
            ++exponent;
        }
    }
    for (const char digit : std::string_view(decimal.digits).substr(0, end))
        magnitude = magnitude * 10 + static_cast<unsigned>(digit - '0');
    if (exponent != 0) {
        cbor::append_tag(out, cbor::kTagDecimal);
        cbor::append_array(out, 2);
        cbor::append_int(out, exponent);
    }
    append_integer(out, magnitude, decimal.negative);
}

Result<item::Number> read_number(cbor::Reader& reader) {
    const cbor::Head head = reader.peek();
    if (!is_number_head(head)) {
        reader.fail();
        return invalid_value();
    }
    if (head.major <= cbor::Major::kNegative && head.value <= INT64_MAX)
        return item::Number::from_int(reader.integer());
    if (head.major == cbor::Major::kSimple) {
        const double value = reader.number();
        if (!std::isfinite(value)) return invalid_value();
        // The shortest text that means this double: what the user wrote.
        char buffer[32];
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
        return item::parse_number(std::string_view(buffer, static_cast<size_t>(end - buffer)));
    }
    if (head.major == cbor::Major::kTag && head.value == cbor::kTagDecimal) {
        (void)reader.take_head();
        auto pair = reader.array();
        if (!reader.more(pair)) reader.fail();
        const int64_t exponent = reader.integer();
        if (!reader.more(pair)) reader.fail();
        if (!reader.ok()) return invalid_value();
        MR_TRY(const std::string mantissa, read_integer_text(reader));
        if (reader.more(pair) || !reader.ok()) {
            reader.fail();
            return invalid_value();
        }
        return item::parse_number(fmt::format("{}E{}", mantissa, exponent));
    }
    MR_TRY(const std::string text, read_integer_text(reader));
    return item::parse_number(text);
}

void append_value(std::string& out, item::ValueView value) {
    switch (value.type()) {
        case Type::kString:
            cbor::append_text(out, value.string());
            return;
        case Type::kBinary:
            cbor::append_bytes(out, value.binary());
            return;
        case Type::kNumber:
            append_number(out, value.number());
            return;
        case Type::kBool:
            cbor::append_bool(out, value.boolean());
            return;
        case Type::kNull:
            cbor::append_null(out);
            return;
        case Type::kList:
            cbor::append_array(out, value.count());
            for (const item::ValueView element : value.list()) append_value(out, element);
            return;
        case Type::kMap:
            cbor::append_map(out, value.count());
            for (const item::Attribute& member : value.map()) {
                cbor::append_text(out, member.name);
                append_value(out, member.value);
            }
            return;
        case Type::kStringSet:
            cbor::append_tag(out, cbor::kTagStringSet);
            cbor::append_array(out, value.count());
            for (const std::string_view element : value.set()) cbor::append_text(out, element);
            return;
        case Type::kNumberSet:
            cbor::append_tag(out, cbor::kTagNumberSet);
            cbor::append_array(out, value.count());
            for (const std::string_view element : value.set()) append_number(out, element);
            return;
        case Type::kBinarySet:
            cbor::append_tag(out, cbor::kTagBinarySet);
            cbor::append_array(out, value.count());
            for (const std::string_view element : value.set()) cbor::append_bytes(out, element);
            return;
    }
}

Result<void> read_value(cbor::Reader& reader, std::string& flat, int depth) {
    const cbor::Head head = reader.peek();
    if (is_number_head(head)) {
        MR_TRY(const item::Number number, read_number(reader));
        item::append_value(flat, Type::kNumber, number.bytes());
        return {};
    }
    const bool container = head.major == cbor::Major::kArray || head.major == cbor::Major::kMap;
    if (container && depth == item::kNestingDepthMax)
        return item::validation_error("Nesting Levels have exceeded supported limits");
    switch (head.major) {
        case cbor::Major::kText: {
            std::string_view text;
            MR_CHECK_OK(read_text(reader, text));
            item::append_value(flat, Type::kString, text);
            return {};
        }
        case cbor::Major::kBytes: {
            const std::string_view bytes = reader.bytes();
            if (!reader.ok()) return invalid_value();
            item::append_value(flat, Type::kBinary, bytes);
            return {};
        }
        case cbor::Major::kArray: {
            const size_t begin = flat.size();
            for (auto all = reader.array(); reader.more(all);)
                MR_CHECK_OK(read_value(reader, flat, depth + 1));
            if (!reader.ok()) return invalid_value();
            item::wrap_value(flat, begin, Type::kList);
            return {};
        }
        case cbor::Major::kMap: {
            const size_t begin = flat.size();
            for (auto all = reader.map(); reader.more(all);) {
                std::string_view name;
                MR_CHECK_OK(read_text(reader, name));
                append_bytes(flat, name);
                MR_CHECK_OK(read_value(reader, flat, depth + 1));
            }
            if (!reader.ok()) return invalid_value();
            item::sort_map_payload(flat, begin);
            item::wrap_value(flat, begin, Type::kMap);
            return {};
        }
        case cbor::Major::kTag:
            (void)reader.take_head();
            if (head.value == cbor::kTagStringSet) return read_set(reader, Type::kStringSet, flat);
            if (head.value == cbor::kTagNumberSet) return read_set(reader, Type::kNumberSet, flat);
            if (head.value == cbor::kTagBinarySet) return read_set(reader, Type::kBinarySet, flat);
            break;
        case cbor::Major::kSimple:
            (void)reader.take_head();
            if (head.indefinite) break;
            if (head.info == cbor::kNull) {
                item::append_value(flat, Type::kNull, {});
                return {};
            }
            if (head.info == cbor::kTrue || head.info == cbor::kFalse) {
                flat += item::Value::boolean(head.info == cbor::kTrue).bytes();
                return {};
            }
            break;
        default:
            break;
    }
    reader.fail();
    return invalid_value();
}

void append_lexdecimal(std::string& out, std::string_view number) {
    Decimal decimal = decimal_of(number);
    if (decimal.digits.empty()) {
        out.push_back('\x80');
        return;
    }
    const bool negative = decimal.negative;
    const int exponent = static_cast<int>(decimal.digits.size()) + decimal.exponent;
    const auto wide = [&](uint8_t header) {
        append_u8(out, header);
        append_u32(out, static_cast<uint32_t>(exponent) ^ (negative ? 0x7fffffffU : 0x80000000U));
    };
    if (exponent >= 62) {
        wide(negative ? 0x01 : 0xfe);
    } else if (exponent < -62) {
        wide(negative ? 0x7e : 0x81);
    } else {
        append_u8(out, static_cast<uint8_t>(negative ? 0x3f - exponent : 0xc0 + exponent));
    }
    const size_t last = (decimal.digits.size() - 1) % 3;  // digits of the last group, less one
    decimal.digits.append(2 - last, '0');
    uint32_t bits = 0;
    int count = 0;
    const auto code = [&](uint32_t value) {
        bits = bits << 10 | value;
        for (count += 10; count >= 8; count -= 8)
            append_u8(out, static_cast<uint8_t>(bits >> (count - 8)));
        bits &= (1U << count) - 1;
    };
    for (size_t i = 0; i < decimal.digits.size(); i += 3) {
        const auto digit = [&](size_t j) {
            return static_cast<uint32_t>(decimal.digits[i + j] - '0');
        };
        const uint32_t group = digit(0) * 100 + digit(1) * 10 + digit(2);
        code(negative ? 1011 - group : 12 + group);
    }
    const auto terminator = static_cast<uint32_t>(last);
    code(negative ? 1023 - terminator : terminator);
    if (count > 0) append_u8(out, static_cast<uint8_t>(bits << (8 - count)));
}

Result<item::Number> parse_lexdecimal(std::string_view bytes) {
    ByteReader reader(bytes);
    const uint8_t header = reader.u8();
    if (!reader.ok() || header == 0x00 || header == 0xff) return key_mismatch();
    if (header == 0x7f || header == 0x80) {
        if (!reader.at_end()) return key_mismatch();
        return item::Number();
    }
    const bool negative = header < 0x7f;
    int64_t exponent = negative ? 0x3f - header : header - 0xc0;
    if (header == 0x01 || header == 0x7e || header == 0x81 || header == 0xfe)
        exponent = static_cast<int32_t>(reader.u32() ^ (negative ? 0x7fffffffU : 0x80000000U));
    std::string digits;
    uint32_t bits = 0;
    int count = 0;
    for (;;) {
        while (count < 10) {
            bits = bits << 8 | reader.u8();
            count += 8;
        }
        if (!reader.ok()) return key_mismatch();
        uint32_t code = bits >> (count - 10) & 1023;
        count -= 10;
        bits &= (1U << count) - 1;
        if (negative) code = 1023 - code;
        if (code <= 2) {
            if (digits.empty() || !reader.at_end()) return key_mismatch();
            digits.resize(digits.size() - 2 + code);
            break;
        }
        if (code < 12 || code > 1011) return key_mismatch();
        digits += fmt::format("{:03}", code - 12);
    }
    return item::parse_number(fmt::format("{}0.{}E{}", negative ? "-" : "", digits, exponent));
}

Result<void> append_key(std::string& out, const KeySchema& schema, item::ItemView item) {
    const item::ValueView hash = item.find(schema.hash.name);
    if (!hash.is(schema.hash.type)) return key_mismatch();
    if (!schema.sort) {
        if (hash.is(Type::kNumber)) {
            append_number(out, hash.number());
        } else {
            out += hash.payload();
        }
        return {};
    }
    const item::ValueView sort = item.find(schema.sort->name);
    if (!sort.is(schema.sort->type)) return key_mismatch();
    append_value(out, hash);
    if (sort.is(Type::kNumber)) {
        append_lexdecimal(out, sort.number());
    } else {
        out += sort.payload();
    }
    return {};
}

Result<item::Item> read_key(const KeySchema& schema, std::string_view bytes) {
    MR_TRY(const KeyValues values, parse_key(schema, bytes));
    item::ItemBuilder key;
    key.set(schema.hash.name, values.hash);
    if (values.sort) key.set(schema.sort->name, *values.sort);
    return key.build();
}

Result<void> normalise_key(const KeySchema& schema, std::string_view bytes, std::string& out) {
    MR_TRY(const KeyValues values, parse_key(schema, bytes));
    item::append_key(out, values.hash);
    if (values.sort) item::append_key(out, *values.sort);
    return {};
}

Result<item::Item> read_item(Directory& directory, item::ItemView key, std::string_view bytes) {
    cbor::Reader reader(bytes);
    const int64_t id = reader.integer();
    if (!reader.ok()) return invalid_value();
    item::ItemBuilder item(key);
    if (id != kEmptyListId) {
        MR_TRY(const AttributeNamesRef names, directory.names(id));
        std::string flat;
        for (const std::string& name : *names) {
            flat.clear();
            MR_CHECK_OK(read_value(reader, flat));
            // A list that names a key's attribute cannot change the key.
            if (!key.has(name)) item.set(name, item::ValueView::at(flat));
        }
    }
    if (!reader.at_end()) return invalid_value();
    return item.build();
}

Result<void> append_item(std::string& out, Directory& directory, const KeySchema& schema,
                         item::ItemView item) {
    AttributeNames names;
    for (const item::Attribute& attribute : item) {
        if (!schema.has(attribute.name)) names.emplace_back(attribute.name);
    }
    int64_t id = kEmptyListId;
    if (!names.empty()) {
        MR_TRY(id, directory.list_id(names));
    }
    cbor::append_int(out, id);
    for (const item::Attribute& attribute : item) {
        if (!schema.has(attribute.name)) append_value(out, attribute.value);
    }
    return {};
}

}  // namespace millrace::dax
