#include "codec/json.h"

#include <simdjson.h>

#include <charconv>

#include "codec/json_writer.h"

namespace millrace::codec {
namespace {

// simdjson's DOM parses numbers to int64, uint64 or double; JsonValue wants their text. So a small
// scanner walks the text along with a grammar that simdjson has already checked.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    JsonValue value() {
        skip_blanks();
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return JsonValue::string(string());
            case 't':
                position_ += 4;
                return JsonValue::boolean(true);
            case 'f':
                position_ += 5;
                return JsonValue::boolean(false);
            case 'n':
                position_ += 4;
                return {};
            default:
                return number();
        }
    }

private:
    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
    void skip_blanks() {
        while (position_ < text_.size() &&
               (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) {
            ++position_;
        }
    }
    JsonValue number() {
        const size_t begin = position_;
        while (position_ < text_.size() &&
               std::string_view("+-.eE0123456789").find(peek()) != std::string_view::npos) {
            ++position_;
        }
        return JsonValue::number(std::string(text_.substr(begin, position_ - begin)));
    }
    JsonValue array() {
        std::vector<JsonValue> elements;
        ++position_;
        skip_blanks();
        while (peek() != ']') {
            elements.push_back(value());
            skip_blanks();
            if (peek() == ',') ++position_;
            skip_blanks();
        }
        ++position_;
        return JsonValue::array(std::move(elements));
    }
    JsonValue object() {
        std::vector<JsonValue::Member> members;
        ++position_;
        skip_blanks();
        while (peek() != '}') {
            std::string name = string();
            skip_blanks();
            ++position_;  // ':'
            members.emplace_back(std::move(name), value());
            skip_blanks();
            if (peek() == ',') ++position_;
            skip_blanks();
        }
        ++position_;
        return JsonValue::object(std::move(members));
    }
    uint32_t hex4() {
        uint32_t unit = 0;
        std::from_chars(text_.data() + position_, text_.data() + position_ + 4, unit, 16);
        position_ += 4;
        return unit;
    }
    void append_code_point(std::string& out, uint32_t c) {
        if (c < 0x80) {
            out.push_back(static_cast<char>(c));
        } else if (c < 0x800) {
            out.push_back(static_cast<char>(0xc0 | c >> 6));
            out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
            out.push_back(static_cast<char>(0xe0 | c >> 12));
            out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
            out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
        } else {
            out.push_back(static_cast<char>(0xf0 | c >> 18));
            out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3f)));
            out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
            out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
        }
    }
    std::string string() {
        std::string out;
        ++position_;
        while (peek() != '"') {
            const char c = text_[position_++];
            if (c != '\\') {
                out.push_back(c);
                continue;
            }
            const char escape = text_[position_++];
            switch (escape) {
                case 'n':
                    out.push_back('\n');
                    break;
                case 'r':
                    out.push_back('\r');
                    break;
                case 't':
                    out.push_back('\t');
                    break;
                case 'b':
                    out.push_back('\b');
                    break;
                case 'f':
                    out.push_back('\f');
                    break;
                case 'u': {
                    uint32_t unit = hex4();
                    if (unit >= 0xd800 &&
                        unit < 0xdc00) {  // simdjson checked that its other half follows
                        position_ += 2;
                        unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4() - 0xdc00);
                    }
                    append_code_point(out, unit);
                    break;
                }
                default:
                    out.push_back(escape);
            }
        }
        ++position_;
        return out;
    }

    std::string_view text_;
    size_t position_ = 0;
};

}  // namespace

JsonValue JsonValue::boolean(bool value) {
    JsonValue json;
    json.kind_ = Kind::kBool;
    json.bool_ = value;
    return json;
}
JsonValue JsonValue::number(std::string text) {
    JsonValue json;
    json.kind_ = Kind::kNumber;
    json.text_ = std::move(text);
    return json;
}
JsonValue JsonValue::number(int64_t value) { return number(std::to_string(value)); }
JsonValue JsonValue::string(std::string text) {
    JsonValue json;
    json.kind_ = Kind::kString;
    json.text_ = std::move(text);
    return json;
}
JsonValue JsonValue::array(std::vector<JsonValue> elements) {
    JsonValue json;
    json.kind_ = Kind::kArray;
    json.elements_ = std::move(elements);
    return json;
}
JsonValue JsonValue::object(std::vector<Member> members) {
    JsonValue json;
    json.kind_ = Kind::kObject;
    json.members_ = std::move(members);
    return json;
}

const std::string& JsonValue::as_string() const {
    static const std::string kNone;
    return kind_ == Kind::kString ? text_ : kNone;
}
const std::string& JsonValue::number_text() const {
    static const std::string kNone;
    return kind_ == Kind::kNumber ? text_ : kNone;
}
std::optional<int64_t> JsonValue::as_int64() const {
    if (kind_ != Kind::kNumber) return std::nullopt;
    int64_t value = 0;
    const char* end = text_.data() + text_.size();
    const auto result = std::from_chars(text_.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return value;
}
std::optional<double> JsonValue::as_double() const {
    if (kind_ != Kind::kNumber) return std::nullopt;
    double value = 0;
    const char* end = text_.data() + text_.size();
    const auto result = std::from_chars(text_.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return value;
}
const JsonValue* JsonValue::find(std::string_view name) const {
    for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
        if (member->first == name) return &member->second;
    }
    return nullptr;
}
std::optional<std::string_view> JsonValue::find_string(std::string_view name) const {
    const JsonValue* value = find(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->text_;
}

std::string JsonValue::to_json() const {
    std::string out;
    append_json(out);
    return out;
}
void JsonValue::append_json(std::string& out) const {
    switch (kind_) {
        case Kind::kNull:
            out += "null";
            break;
        case Kind::kBool:
            out += bool_ ? "true" : "false";
            break;
        case Kind::kNumber:
            out += text_;
            break;
        case Kind::kString:
            append_json_string(out, text_);
            break;
        case Kind::kArray: {
            out.push_back('[');
            bool first = true;
            for (const JsonValue& element : elements_) {
                if (!first) out.push_back(',');
                first = false;
                element.append_json(out);
            }
            out.push_back(']');
            break;
        }
        case Kind::kObject: {
            out.push_back('{');
            bool first = true;
            for (const auto& [name, value] : members_) {
                if (!first) out.push_back(',');
                first = false;
                append_json_string(out, name);
                out.push_back(':');
                value.append_json(out);
            }
            out.push_back('}');
            break;
        }
    }
}

bool is_valid_json(std::string_view text) {
    thread_local simdjson::dom::parser parser;
    if (parser.allocate(text.size(), kJsonDepthMax) != simdjson::SUCCESS) return false;
    return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

std::optional<JsonValue> parse_json(std::string_view text) {
    if (!is_valid_json(text)) return std::nullopt;
    return Reader(text).value();
}

}  // namespace millrace::codec
