// JsonValue: an immutable JSON document as a value, for what is not on the hot path (policy
// documents, configurations, event payloads). Numbers keep their text. Thread-safety: immutable.
// Ownership: a value owns its tree; views point into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace millrace::codec {

class JsonValue {
public:
    enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
    using Member = std::pair<std::string, JsonValue>;

    JsonValue() = default;  // null
    static JsonValue boolean(bool value);
    static JsonValue number(std::string text);  // a JSON number's text
    static JsonValue number(int64_t value);
    static JsonValue string(std::string text);
    static JsonValue array(std::vector<JsonValue> elements);
    static JsonValue object(std::vector<Member> members);

    Kind kind() const { return kind_; }
    bool is_null() const { return kind_ == Kind::kNull; }
    bool is_bool() const { return kind_ == Kind::kBool; }
    bool is_number() const { return kind_ == Kind::kNumber; }
    bool is_string() const { return kind_ == Kind::kString; }
    bool is_array() const { return kind_ == Kind::kArray; }
    bool is_object() const { return kind_ == Kind::kObject; }

    // The value of that kind; false, "" or an empty list when it is of another kind.
    bool as_bool() const { return kind_ == Kind::kBool && bool_; }
    const std::string& as_string() const;
    // The number as it stands in the document, e.g. "1.50e3".
    const std::string& number_text() const;
    std::optional<int64_t> as_int64() const;  // nothing when it is no integer or does not fit
    std::optional<double> as_double() const;
    const std::vector<JsonValue>& elements() const { return elements_; }
    // In the document's order; repeated names are kept.
    const std::vector<Member>& members() const { return members_; }
    // The last member of that name, or null pointer. O(members).
    const JsonValue* find(std::string_view name) const;
    // find(), and its string, when it is one.
    std::optional<std::string_view> find_string(std::string_view name) const;

    // Compact text. append: behind what `out` holds.
    std::string to_json() const;
    void append_json(std::string& out) const;
    friend bool operator==(const JsonValue&, const JsonValue&) = default;

private:
    Kind kind_ = Kind::kNull;
    bool bool_ = false;
    std::string text_;  // of a string or number
    std::vector<JsonValue> elements_;
    std::vector<Member> members_;
};

// Nesting allowed in documents.
inline constexpr int kJsonDepthMax = 256;

// Nothing when it is not one JSON document (RFC 8259, UTF-8).
std::optional<JsonValue> parse_json(std::string_view text);
// True when it is one JSON document.
bool is_valid_json(std::string_view text);

}  // namespace millrace::codec
