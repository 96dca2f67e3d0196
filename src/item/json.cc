// DynamoDB JSON. See json.h.
#include "item/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "codec/base64.h"
#include "core/bytes.h"
#include "item/errors.h"

namespace millrace::item {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kInvalidParameter = "One or more parameter values were invalid: ";
constexpr std::string_view kNoType =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
constexpr std::string_view kTwoTypes =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
    "supported datatypes";
constexpr std::string_view kTooDeep = "Nesting Levels have exceeded supported limits";

// Decodes into one buffer. The first complaint of each kind is kept and decoding goes on, since a
// wrong JSON type anywhere comes before an invalid value anywhere.
class Decoder {
public:
    std::string bytes;
    bool wrong_json = false;
    std::string wrong_json_text;
    bool invalid = false;
    std::string invalid_text;

    // Appends one value; NULL in place of one that is not valid.
    void value(const dom::element& element, int depth) {
        dom::object object;
        if (element.get_object().get(object) != simdjson::SUCCESS) {
            reject(element.is_array() ? "Unrecognized collection type class "
                                        "com.amazonaws.dynamodb.v20120810.AttributeValue"
                                      : "Unexpected token received from parser");
            return;
        }
        const size_t begin = bytes.size();
        int types = 0;
        for (const dom::key_value_pair field : object) {
            if (field.value.is_null()) continue;
            const std::optional<Type> type = type_from_name(field.key);
            if (!type) continue;
            ++types;
            if (types > 1) bytes.resize(begin);
            payload(*type, field.value, depth);
            if (wrong_json) return;
        }
        if (types == 0) complain(std::string(kNoType));
        if (types > 1) complain(std::string(kTwoTypes));
        if (bytes.size() == begin) append_value(bytes, Type::kNull, {});
    }

    // Appends the entries of a map in canonical order. `first_invalid`: the name of the first entry
    // that is not valid, if there was none before.
    void entries(const dom::object& object, int depth, std::string* first_invalid) {
        const size_t begin = bytes.size();
        std::string_view previous;
        bool sorted = true;
        bool first = true;
        for (const dom::key_value_pair field : object) {
            if (field.value.is_null()) continue;
            if (!first && previous.compare(field.key) >= 0) sorted = false;
            previous = field.key;
            first = false;
            append_bytes(bytes, field.key);
            const bool had_complaint = invalid;
            value(field.value, depth);
            if (wrong_json) return;
            if (invalid && !had_complaint && first_invalid != nullptr)
                first_invalid->assign(field.key);
        }
        if (!sorted) sort_map_payload(bytes, begin);
    }

    void reject(std::string text) {
        if (wrong_json) return;
        wrong_json = true;
        wrong_json_text = std::move(text);
    }

private:
    void complain(std::string text) {
        if (invalid) return;
        invalid = true;
        invalid_text = std::move(text);
    }
    void complain_parameter(std::string_view text) {
        if (!invalid) complain(std::string(kInvalidParameter).append(text));
    }

    void reject_type(const dom::element& element, std::string_view wanted) {
        std::string_view found;
        switch (element.type()) {
            case dom::element_type::ARRAY:
                return reject("Unrecognized collection type class java.lang." +
                              std::string(wanted));
            case dom::element_type::OBJECT:
                return reject("Start of structure or map found where not expected");
            case dom::element_type::STRING:
                found = "STRING_VALUE";
                break;
            case dom::element_type::BOOL:
                found = bool(element) ? "TRUE_VALUE" : "FALSE_VALUE";
                break;
            default:
                found = "NUMBER_VALUE";
                break;
        }
        reject(std::string(found) + " cannot be converted to " + std::string(wanted));
    }

    bool string(const dom::element& element, std::string_view& out) {
        if (element.get_string().get(out) == simdjson::SUCCESS) return true;
        if (element.is_null()) {
            reject("Unexpected token received from parser");
        } else {
            reject_type(element, "String");
        }
        return false;
    }

    bool base64(const dom::element& element, std::string& out) {
        std::string_view text;
        if (!string(element, text)) return false;
        std::optional<std::string> decoded = codec::base64_decode(text);
        if (decoded) {
            out = std::move(*decoded);
            return true;
        }
        if (text.size() % 4 != 0) {
            reject("Base64 encoded length is expected a multiple of 4 bytes but found: " +
                   std::to_string(text.size()));
            return false;
        }
        for (const char c : text) {
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '/' &&
                c != '=') {
                reject(std::string("Invalid Base64 character: '") + c + "'");
                return false;
            }
        }
        reject("Invalid last non-pad Base64 character dectected");
        return false;
    }

    // Null if it is not an array (then it is rejected).
    bool array(const dom::element& element, dom::array& out) {
        if (element.get_array().get(out) == simdjson::SUCCESS) return true;
        reject(element.is_object() ? "Start of structure or map found where not expected"
                                   : "Unexpected field type");
        return false;
    }

    bool number(std::string_view text, Number& out) {
        const NumberError error = parse_number(text, out);
        if (error == NumberError::kNone) return true;
        complain(number_error_text(error, text));
        return false;
    }

    void payload(Type type, const dom::element& element, int depth) {
        std::string_view text;
        switch (type) {
            case Type::kString:
                if (string(element, text)) append_value(bytes, type, text);
                return;
            case Type::kNumber: {
                Number parsed;
                if (string(element, text) && number(text, parsed))
                    append_value(bytes, type, parsed.bytes());
                return;
            }
            case Type::kBinary: {
                std::string raw;
                if (base64(element, raw)) append_value(bytes, type, raw);
                return;
            }
            case Type::kBool:
            case Type::kNull: {
                bool flag = false;
                if (element.get_bool().get(flag) != simdjson::SUCCESS)
                    return reject_type(element, "Boolean");
                if (type == Type::kBool) {
                    append_value(bytes, type, std::string_view(flag ? "\x01" : "\x00", 1));
                    return;
                }
                if (!flag)
                    complain_parameter("Null attribute value types must have the value of true");
                append_value(bytes, type, {});
                return;
            }
            case Type::kStringSet:
                return string_set(element);
            case Type::kNumberSet:
                return number_set(element);
            case Type::kBinarySet:
                return binary_set(element);
            case Type::kList: {
                dom::array elements;
                if (!array(element, elements)) return;
                if (depth >= kNestingDepthMax) return complain(std::string(kTooDeep));
                const size_t begin = bytes.size();
                for (const dom::element member : elements) {
                    value(member, depth + 1);
                    if (wrong_json) return;
                }
                wrap_value(bytes, begin, type);
                return;
            }
            case Type::kMap: {
                dom::object object;
                if (element.get_object().get(object) != simdjson::SUCCESS) {
                    return reject(element.is_array()
                                      ? "Unrecognized collection type class java.util.Map"
                                      : "Unexpected field type");
                }
                if (depth >= kNestingDepthMax) return complain(std::string(kTooDeep));
                const size_t begin = bytes.size();
                entries(object, depth + 1, nullptr);
                if (!wrong_json) wrap_value(bytes, begin, type);
                return;
            }
        }
    }

    void append_set(Type type, std::vector<std::string_view>& sorted) {
        const size_t begin = bytes.size();
        for (const std::string_view member : sorted) append_bytes(bytes, member);
        wrap_value(bytes, begin, type);
    }

    void string_set(const dom::element& element) {
        dom::array elements;
        if (!array(element, elements)) return;
        std::vector<std::string_view> members;
        for (const dom::element member : elements) {
            std::string_view text;
            if (!string(member, text)) return;
            members.push_back(text);
        }
        if (members.empty()) return complain_parameter("An string set  may not be empty");
        std::vector<std::string_view> sorted = members;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
            return complain_parameter("Input collection " + in_brackets(members) +
                                      " contains duplicates.");
        }
        append_set(Type::kStringSet, sorted);
    }

    void number_set(const dom::element& element) {
        dom::array elements;
        if (!array(element, elements)) return;
        std::vector<Number> members;
        bool good = true;
        bool any = false;
        for (const dom::element member : elements) {
            std::string_view text;
            if (!string(member, text)) return;
            any = true;
            if (!good) continue;
            members.emplace_back();
            good = number(text, members.back());
        }
        if (!any) return complain_parameter("An number set  may not be empty");
        if (!good) return;
        std::sort(members.begin(), members.end());
        if (std::adjacent_find(members.begin(), members.end()) != members.end()) {
            return complain("Input collection contains duplicates");
        }
        std::vector<std::string_view> sorted;
        for (const Number& member : members) sorted.push_back(member.bytes());
        append_set(Type::kNumberSet, sorted);
    }

    void binary_set(const dom::element& element) {
        dom::array elements;
        if (!array(element, elements)) return;
        std::vector<std::string> members;
        std::vector<std::string_view> texts;
        for (const dom::element member : elements) {
            std::string raw;
            if (!base64(member, raw)) return;
            members.push_back(std::move(raw));
            texts.push_back(member.get_string().value_unsafe());
        }
        if (members.empty()) return complain_parameter("Binary sets should not be empty");
        std::sort(members.begin(), members.end());
        if (std::adjacent_find(members.begin(), members.end()) != members.end()) {
            return complain_parameter("Input collection " + in_brackets(texts) +
                                      "of type BS contains duplicates.");
        }
        std::vector<std::string_view> sorted(members.begin(), members.end());
        append_set(Type::kBinarySet, sorted);
    }

    static std::string in_brackets(const std::vector<std::string_view>& members) {
        std::string text = "[";
        for (size_t i = 0; i < members.size(); ++i) {
            if (i != 0) text.append(", ");
            text.append(members[i]);
        }
        return text.append("]");
    }
};

// 0: copied as it is; otherwise the character behind the backslash, 'u' for \u00XX.
constexpr std::array<char, 256> make_escapes() {
    std::array<char, 256> table{};
    for (int i = 0; i < 0x20; ++i) table[i] = 'u';
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    const char* run = text.data();
    const char* const end = run + text.size();
    for (const char* p = run; p != end; ++p) {
        const char escape = kEscapes[static_cast<uint8_t>(*p)];
        if (escape == 0) [[likely]] {
            continue;
        }
        out.append(run, p);
        out.push_back('\\');
        out.push_back(escape);
        if (escape == 'u') {
            constexpr std::string_view kHex = "0123456789abcdef";
            out.append("00");
            out.push_back(kHex[static_cast<uint8_t>(*p) >> 4]);
            out.push_back(kHex[static_cast<uint8_t>(*p) & 15]);
        }
        run = p + 1;
    }
    out.append(run, end);
    out.push_back('"');
}

void append_scalar(std::string& out, Type type, std::string_view payload) {
    if (type == Type::kString || type == Type::kStringSet) return append_quoted(out, payload);
    out.push_back('"');
    if (type == Type::kNumber || type == Type::kNumberSet) {
        append_number_text(out, payload);
    } else {
        codec::append_base64(out, payload);
    }
    out.push_back('"');
}

Error wrong_json_error(Decoder& decoder) {
    return serialization_error(std::move(decoder.wrong_json_text));
}

}  // namespace

Result<Value> decode_json_value(const void* element) {
    Decoder decoder;
    decoder.value(*static_cast<const dom::element*>(element), 0);
    if (decoder.wrong_json) return wrong_json_error(decoder);
    if (decoder.invalid) return Value::invalid_value(std::move(decoder.invalid_text));
    return Value::from_bytes(std::move(decoder.bytes));
}

Result<Item> decode_json_item(const void* element) {
    const dom::element& json = *static_cast<const dom::element*>(element);
    dom::object object;
    if (json.get_object().get(object) != simdjson::SUCCESS) {
        return serialization_error(json.is_array()
                                       ? "Unrecognized collection type class java.util.Map"
                                       : "Unexpected field type");
    }
    Decoder decoder;
    decoder.bytes.reserve(256);
    std::string first_invalid;
    decoder.entries(object, 0, &first_invalid);
    if (decoder.wrong_json) return wrong_json_error(decoder);
    Item item = Item::from_bytes(std::move(decoder.bytes));
    if (!decoder.invalid) return item;
    return std::move(item).with_invalid(std::move(first_invalid), std::move(decoder.invalid_text));
}

namespace {
template <class T, class Decode>
Result<T> parse(std::string_view json, Decode decode) {
    dom::parser parser;
    const simdjson::padded_string padded(json);
    dom::element element;
    if (parser.parse(padded).get(element) != simdjson::SUCCESS) {
        return serialization_error("Unexpected token received from parser");
    }
    return decode(&element);
}
}  // namespace

Result<Value> parse_json_value(std::string_view json) {
    return parse<Value>(json, decode_json_value);
}
Result<Item> parse_json_item(std::string_view json) { return parse<Item>(json, decode_json_item); }

void append_json(std::string& out, ValueView value) {
    MR_ASSERT(value.has_value());
    const Type type = value.type();
    switch (type) {
        case Type::kString:
            out.append("{\"S\":");
            append_scalar(out, type, value.payload());
            break;
        case Type::kNumber:
            out.append("{\"N\":");
            append_scalar(out, type, value.payload());
            break;
        case Type::kBinary:
            out.append("{\"B\":");
            append_scalar(out, type, value.payload());
            break;
        case Type::kBool:
            out.append(value.boolean() ? "{\"BOOL\":true" : "{\"BOOL\":false");
            break;
        case Type::kNull:
            out.append("{\"NULL\":true");
            break;
        case Type::kStringSet:
        case Type::kNumberSet:
        case Type::kBinarySet: {
            out.append("{\"").append(type_name(type)).append("\":[");
            bool first = true;
            for (const std::string_view element : value.set()) {
                if (!first) out.push_back(',');
                first = false;
                append_scalar(out, type, element);
            }
            out.push_back(']');
            break;
        }
        case Type::kList: {
            out.append("{\"L\":[");
            bool first = true;
            for (const ValueView& element : value.list()) {
                if (!first) out.push_back(',');
                first = false;
                append_json(out, element);
            }
            out.push_back(']');
            break;
        }
        case Type::kMap:
            out.append("{\"M\":");
            append_json(out, value.map());
            break;
    }
    out.push_back('}');
}

void append_json(std::string& out, ItemView item) {
    out.push_back('{');
    bool first = true;
    for (const Attribute& attribute : item) {
        if (!first) out.push_back(',');
        first = false;
        append_quoted(out, attribute.name);
        out.push_back(':');
        append_json(out, attribute.value);
    }
    out.push_back('}');
}

std::string to_json(ValueView value) {
    std::string out;
    append_json(out, value);
    return out;
}
std::string to_json(ItemView item) {
    std::string out;
    append_json(out, item);
    return out;
}

}  // namespace millrace::item
