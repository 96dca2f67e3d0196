// DynamoDB attribute values and items as flat byte strings: no tree, no allocation per attribute.
// Equal values have equal bytes: maps are ordered by name, sets by element, numbers are canonical.
//
// Layout (docs/formats/item.md). Value: type byte, varint length of the payload, payload. Payloads:
// S, B: the bytes. N: item/number.h. BOOL: one byte 0 or 1. NULL: empty. L: values. SS, NS, BS:
// (varint length, bytes) ascending. M: (varint length, name, value) ascending by name; an Item is
// the payload of an M.
//
// Thread-safety: plain values. Ownership: Value and Item own their bytes; the views point into
// bytes of somebody else and live as long as those.
#pragma once

#include <compare>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/check.h"
#include "core/result.h"
#include "item/number.h"

namespace millrace::item {

// Stored on disk: never renumbered.
enum class Type : uint8_t {
    kString = 1,
    kNumber = 2,
    kBinary = 3,
    kStringSet = 4,
    kNumberSet = 5,
    kBinarySet = 6,
    kBool = 7,
    kNull = 8,
    kList = 9,
    kMap = 10,
};
// "S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"
std::string_view type_name(Type type);
std::optional<Type> type_from_name(std::string_view name);
inline bool is_set(Type type) { return type >= Type::kStringSet && type <= Type::kBinarySet; }
// May be a key attribute: S, N or B.
inline bool is_key_type(Type type) { return type <= Type::kBinary; }

inline constexpr size_t kItemSizeBytesMax = 400 * 1024;
inline constexpr int kNestingDepthMax = 32;

class ItemView;
class ListView;
class SetView;

// One value inside bytes that somebody else owns. Default: no value.
class ValueView {
public:
    ValueView() = default;
    // The value at the start of `bytes`; behind it there may be more. No value if malformed.
    static ValueView at(std::string_view bytes);

    bool has_value() const { return !bytes_.empty(); }
    explicit operator bool() const { return has_value(); }
    Type type() const {
        MR_DCHECK(has_value());
        return static_cast<Type>(bytes_[0]);
    }
    bool is(Type type_wanted) const { return has_value() && type() == type_wanted; }
    // The whole encoding, for copying.
    std::string_view bytes() const { return bytes_; }
    // S: UTF-8; B: raw; N: the encoded number.
    std::string_view payload() const { return bytes_.substr(header_); }
    std::string_view string() const { return payload(); }
    std::string_view binary() const { return payload(); }
    std::string_view number() const { return payload(); }
    bool boolean() const { return payload() != std::string_view("\0", 1); }
    ItemView map() const;
    ListView list() const;
    SetView set() const;
    // Elements of L, M, SS, NS, BS. O(elements).
    size_t count() const;

    // By value: same type and content (canonical bytes). Two absent values are equal.
    friend bool operator==(ValueView a, ValueView b) { return a.bytes_ == b.bytes_; }

private:
    std::string_view bytes_;
    uint32_t header_ = 0;  // bytes before the payload
};

class SetView {
public:
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view*;
        using reference = const std::string_view&;
        Iterator() = default;
        explicit Iterator(std::string_view rest) : rest_(rest) { step(); }
        reference operator*() const { return element_; }
        pointer operator->() const { return &element_; }
        Iterator& operator++() {
            step();
            return *this;
        }
        Iterator operator++(int) {
            Iterator old = *this;
            step();
            return old;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.element_.data() == b.element_.data();
        }

    private:
        void step();
        std::string_view element_;  // data() == nullptr at the end
        std::string_view rest_;
    };
    explicit SetView(std::string_view payload) : payload_(payload) {}
    Iterator begin() const { return Iterator(payload_); }
    Iterator end() const { return {}; }
    bool contains(std::string_view element) const;

private:
    std::string_view payload_;
};

class ListView {
public:
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = ValueView;
        using difference_type = std::ptrdiff_t;
        using pointer = const ValueView*;
        using reference = const ValueView&;
        Iterator() = default;
        explicit Iterator(std::string_view rest) : rest_(rest) { step(); }
        reference operator*() const { return value_; }
        pointer operator->() const { return &value_; }
        Iterator& operator++() {
            step();
            return *this;
        }
        Iterator operator++(int) {
            Iterator old = *this;
            step();
            return old;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.value_.bytes().data() == b.value_.bytes().data();
        }

    private:
        void step();
        ValueView value_;
        std::string_view rest_;
    };
    explicit ListView(std::string_view payload) : payload_(payload) {}
    Iterator begin() const { return Iterator(payload_); }
    Iterator end() const { return {}; }
    // No value when there is no such element. O(index).
    ValueView at(size_t index) const;

private:
    std::string_view payload_;
};

struct Attribute {
    std::string_view name;
    ValueView value;
};

// A map of values inside bytes that somebody else owns, ascending by name bytes.
class ItemView {
public:
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = Attribute;
        using difference_type = std::ptrdiff_t;
        using pointer = const Attribute*;
        using reference = const Attribute&;
        Iterator() = default;
        explicit Iterator(std::string_view rest) : rest_(rest) { step(); }
        reference operator*() const { return attribute_; }
        pointer operator->() const { return &attribute_; }
        Iterator& operator++() {
            step();
            return *this;
        }
        Iterator operator++(int) {
            Iterator old = *this;
            step();
            return old;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.attribute_.value.bytes().data() == b.attribute_.value.bytes().data();
        }

    private:
        void step();
        Attribute attribute_;  // without a value at the end
        std::string_view rest_;
    };

    ItemView() = default;
    explicit ItemView(std::string_view bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::string_view bytes() const { return bytes_; }
    Iterator begin() const { return Iterator(bytes_); }
    Iterator end() const { return {}; }
    // No value when absent. O(attributes before it); does not look into values.
    ValueView find(std::string_view name) const;
    bool has(std::string_view name) const { return find(name).has_value(); }
    size_t count() const;
    friend bool operator==(ItemView a, ItemView b) { return a.bytes_ == b.bytes_; }

private:
    std::string_view bytes_;
};

// What is wrong with a value that a client sent; kept in the value so that the complaint comes in
// the order in which the service checks, not when the JSON is read.
struct InvalidValue {
    std::string name;  // top-level attribute, empty in a Value that stands alone
    std::string text;  // AWS's text
};

// One owned value. Default: NULL.
class Value {
public:
    Value();
    explicit Value(ValueView view);
    static Value string(std::string_view utf8);
    static Value binary(std::string_view bytes);
    static Value number(const Number& number);
    static Value number(int64_t value) { return number(Number::from_int(value)); }
    static Value boolean(bool value);
    static Value null() { return Value(); }
    // Elements in any order; equal ones are merged. NS takes encoded numbers.
    static Value set(Type set_type, std::vector<std::string_view> elements);
    static Value map(ItemView item);
    static Value list(std::span<const ValueView> values);
    // Takes over the encoding of exactly one value (asserted).
    static Value from_bytes(std::string encoded);
    static Value invalid_value(std::string text);

    ValueView view() const { return ValueView::at(bytes_); }
    operator ValueView() const { return view(); }  // NOLINT(google-explicit-constructor)
    Type type() const { return static_cast<Type>(bytes_[0]); }
    const std::string& bytes() const { return bytes_; }
    // Non-null: the client sent something that is not a valid value; see check_valid.
    const InvalidValue* invalid() const { return invalid_.get(); }

    friend bool operator==(const Value& a, const Value& b) { return a.bytes_ == b.bytes_; }

private:
    std::string bytes_;
    std::shared_ptr<const InvalidValue> invalid_;  // shared by copies of this value
};

// An owned map of values: an item, a key, expression attribute values.
class Item {
public:
    Item() = default;
    explicit Item(ItemView view) : bytes_(view.bytes()) {}
    // Takes over bytes that are valid (asserted in debug builds).
    static Item from_bytes(std::string bytes);
    static Item invalid_item(std::string name, std::string text);
    // The same item, marked as invalid: its names can still be looked at.
    Item with_invalid(std::string name, std::string text) &&;

    ItemView view() const { return ItemView(bytes_); }
    operator ItemView() const { return view(); }  // NOLINT(google-explicit-constructor)
    const std::string& bytes() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }
    ValueView find(std::string_view name) const { return view().find(name); }
    bool has(std::string_view name) const { return find(name).has_value(); }
    size_t count() const { return view().count(); }
    ItemView::Iterator begin() const { return view().begin(); }
    ItemView::Iterator end() const { return view().end(); }
    const InvalidValue* invalid() const { return invalid_.get(); }
    friend bool operator==(const Item& a, const Item& b) { return a.bytes_ == b.bytes_; }

private:
    std::string bytes_;
    std::shared_ptr<const InvalidValue> invalid_;
};

// Call on every Value and Item of a request in the order AWS checks them: the ValidationException
// for what JSON decoding found, e.g. an empty set.
Result<void> check_valid(const Value& value);
Result<void> check_valid(const Item& item);

// Collects attributes in any order; the last of equal names wins.
class ItemBuilder {
public:
    ItemBuilder() = default;
    // Starts with the attributes of an item.
    explicit ItemBuilder(ItemView item);
    ItemBuilder& set(std::string_view name, ValueView value);
    ItemBuilder& set_string(std::string_view name, std::string_view utf8);
    ItemBuilder& set_binary(std::string_view name, std::string_view bytes);
    ItemBuilder& set_number(std::string_view name, const Number& number);
    ItemBuilder& set_number(std::string_view name, int64_t value);
    ItemBuilder& set_bool(std::string_view name, bool value);
    ItemBuilder& set_null(std::string_view name);
    // The item; the builder is empty afterwards.
    Item build();

private:
    ItemBuilder& set_payload(std::string_view name, Type type, std::string_view payload);
    std::string bytes_;  // entries in the order of the calls
};

// Appends the encoding of one value.
void append_value(std::string& out, Type type, std::string_view payload);
// Orders the entries of an M payload that begins at out[begin] (in any order, the last of equal
// names wins) so that it is canonical.
void sort_map_payload(std::string& out, size_t begin);
// Turns the bytes from out[begin] on into the payload of a value of that type.
void wrap_value(std::string& out, size_t begin, Type type);

// A value that can be taken apart: what updates work on. A leaf is an encoded value, its own or
// borrowed (then it lives as long as the bytes it was made from); lists and maps are opened one
// level at a time, when somebody goes into them.
class MutableValue {
public:
    using List = std::vector<MutableValue>;
    using Map = std::map<std::string, MutableValue, std::less<>>;

    explicit MutableValue(Value value) : state_(std::move(value)) {}
    explicit MutableValue(List list) : state_(std::move(list)) {}
    explicit MutableValue(Map map) : state_(std::move(map)) {}
    static MutableValue borrow(ValueView view) { return MutableValue(view); }

    Type type() const;
    // Opens an encoded L or M. Null when it is of another type.
    List* list();
    Map* map();
    // Copies of everything inside, recursively opened.
    void append_to(std::string& out) const;
    Value to_value() const;

private:
    explicit MutableValue(ValueView view) : state_(view) {}
    ValueView leaf() const;
    std::variant<ValueView, Value, List, Map> state_;
};

// Bytes that DynamoDB counts: item = sum of attributes; attribute = UTF-8 length of the name +
// value.
size_t item_size(ItemView item);
size_t value_size(ValueView value);
size_t attribute_size(std::string_view name, ValueView value);
// Levels of L and M below and including this value; scalars and sets have 0.
int nesting_depth(ValueView value);
int nesting_depth(ItemView item);

// Order of two values of one scalar type (S, N, B); nothing for other or different types.
std::optional<std::strong_ordering> compare(ValueView a, ValueView b);

// Key encoding: order-preserving and self-delimiting. Type byte, then S and B: the bytes with 00
// written as 00 FF, then 00 01; N: the encoded number. At most 2 * bytes + 3.
void append_key(std::string& out, ValueView value);
// The encoding without its end, so that every key that begins with these bytes begins with it. S
// and B.
void append_key_prefix(std::string& out, ValueView value);
// Reads one key from the front of `bytes` and removes it; nothing if malformed.
std::optional<Value> take_key(std::string_view& bytes);
// The smallest string above every string that begins with `prefix`; empty if there is none.
std::string prefix_end(std::string_view prefix);

// What is written to the store: a version byte (1), then the item's bytes.
inline constexpr uint8_t kStoredItemVersion = 1;
void append_stored(std::string& out, ItemView item);
// Points into `stored`. Nothing if the version is unknown; does not check further (see valid_item).
std::optional<ItemView> read_stored(std::string_view stored);
// Every byte is as this room writes it: types, lengths, order, depth. O(bytes).
bool valid_item(std::string_view bytes);
bool valid_value(std::string_view bytes);

}  // namespace millrace::item
