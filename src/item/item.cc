// Flat values and items: views, building, canonical order. See item.h.
#include "item/item.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/bytes.h"
#include "item/errors.h"

namespace millrace::item {
namespace {

constexpr std::array<std::string_view, 11> kTypeNames = {"",   "S",    "N",    "B", "SS", "NS",
                                                         "BS", "BOOL", "NULL", "L", "M"};

// Reads a varint length at bytes[at]; at moves behind it. False if malformed.
inline bool read_length(std::string_view bytes, size_t& at, size_t& length) {
    if (at >= bytes.size()) return false;
    const auto first = static_cast<uint8_t>(bytes[at]);
    if (first < 0x80) {
        length = first;
        ++at;
        return true;
    }
    uint64_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
        if (at >= bytes.size()) return false;
        const auto byte = static_cast<uint8_t>(bytes[at++]);
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            length = value;
            return true;
        }
    }
    return false;
}

// The bytes of one (varint length, bytes) at bytes[at]; at moves behind them.
inline bool read_bytes(std::string_view bytes, size_t& at, std::string_view& out) {
    size_t length = 0;
    if (!read_length(bytes, at, length) || length > bytes.size() - at) return false;
    out = std::string_view(bytes.data() + at, length);
    at += length;
    return true;
}

}  // namespace

std::string_view type_name(Type type) { return kTypeNames[static_cast<size_t>(type)]; }

std::optional<Type> type_from_name(std::string_view name) {
    for (size_t i = 1; i < kTypeNames.size(); ++i) {
        if (kTypeNames[i] == name) return static_cast<Type>(i);
    }
    return std::nullopt;
}

ValueView ValueView::at(std::string_view bytes) {
    ValueView view;
    if (bytes.empty()) return view;
    const auto tag = static_cast<uint8_t>(bytes[0]);
    if (tag == 0 || tag > static_cast<uint8_t>(Type::kMap)) return view;
    size_t position = 1;
    size_t length = 0;
    if (!read_length(bytes, position, length) || length > bytes.size() - position) return view;
    view.bytes_ = std::string_view(bytes.data(), position + length);
    view.header_ = static_cast<uint32_t>(position);
    return view;
}

ItemView ValueView::map() const {
    return ItemView(is(Type::kMap) ? payload() : std::string_view());
}
ListView ValueView::list() const {
    return ListView(is(Type::kList) ? payload() : std::string_view());
}
SetView ValueView::set() const {
    return SetView(has_value() && is_set(type()) ? payload() : std::string_view());
}

size_t ValueView::count() const {
    if (!has_value()) return 0;
    size_t n = 0;
    if (type() == Type::kMap) {
        n = map().count();
    } else if (type() == Type::kList) {
        for ([[maybe_unused]] const ValueView& element : list()) ++n;
    } else if (is_set(type())) {
        for ([[maybe_unused]] const std::string_view& element : set()) ++n;
    }
    return n;
}

void SetView::Iterator::step() {
    size_t at = 0;
    if (rest_.empty() || !read_bytes(rest_, at, element_)) {
        element_ = {};
        rest_ = {};
        return;
    }
    rest_.remove_prefix(at);
}

bool SetView::contains(std::string_view element) const {
    for (const std::string_view& candidate : *this) {
        const int order = candidate.compare(element);
        if (order == 0) return true;
        if (order > 0) return false;
    }
    return false;
}

void ListView::Iterator::step() {
    value_ = ValueView::at(rest_);
    rest_.remove_prefix(value_.bytes().size());
}

ValueView ListView::at(size_t index) const {
    for (const ValueView& value : *this) {
        if (index-- == 0) return value;
    }
    return {};
}

void ItemView::Iterator::step() {
    size_t at = 0;
    if (rest_.empty() || !read_bytes(rest_, at, attribute_.name)) {
        attribute_ = {};
        rest_ = {};
        return;
    }
    rest_.remove_prefix(at);
    attribute_.value = ValueView::at(rest_);
    rest_.remove_prefix(attribute_.value.bytes().size());
}

ValueView ItemView::find(std::string_view name) const {
    size_t at = 0;
    std::string_view candidate;
    while (at < bytes_.size()) {
        if (!read_bytes(bytes_, at, candidate)) return {};
        const int order = candidate.compare(name);
        if (order == 0) return ValueView::at(bytes_.substr(at));
        if (order > 0) return {};
        ++at;  // the type
        size_t length = 0;
        if (!read_length(bytes_, at, length) || length > bytes_.size() - at) return {};
        at += length;
    }
    return {};
}

size_t ItemView::count() const {
    size_t n = 0;
    for ([[maybe_unused]] const Attribute& attribute : *this) ++n;
    return n;
}

Value::Value() : bytes_("\x08\x00", 2) {}
Value::Value(ValueView view) : bytes_(view.bytes()) {
    if (bytes_.empty()) bytes_.assign("\x08\x00", 2);
}

namespace {
std::string encode(Type type, std::string_view payload) {
    std::string bytes;
    bytes.reserve(payload.size() + 6);
    append_value(bytes, type, payload);
    return bytes;
}
}  // namespace

Value Value::string(std::string_view utf8) { return from_bytes(encode(Type::kString, utf8)); }
Value Value::binary(std::string_view bytes) { return from_bytes(encode(Type::kBinary, bytes)); }
Value Value::number(const Number& number) {
    return from_bytes(encode(Type::kNumber, number.bytes()));
}
Value Value::boolean(bool value) {
    return from_bytes(encode(Type::kBool, std::string_view(value ? "\x01" : "\x00", 1)));
}
Value Value::map(ItemView item) { return from_bytes(encode(Type::kMap, item.bytes())); }

Value Value::set(Type set_type, std::vector<std::string_view> elements) {
    MR_ASSERT(is_set(set_type));
    std::sort(elements.begin(), elements.end());
    elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
    std::string bytes;
    for (const std::string_view element : elements) append_bytes(bytes, element);
    wrap_value(bytes, 0, set_type);
    return from_bytes(std::move(bytes));
}

Value Value::list(std::span<const ValueView> values) {
    std::string bytes;
    for (const ValueView value : values) bytes.append(value.bytes());
    wrap_value(bytes, 0, Type::kList);
    return from_bytes(std::move(bytes));
}

Value Value::from_bytes(std::string encoded) {
    MR_ASSERT(!encoded.empty() && ValueView::at(encoded).bytes().size() == encoded.size());
    Value value;
    value.bytes_ = std::move(encoded);
    return value;
}

Value Value::invalid_value(std::string text) {
    Value value;
    value.invalid_ = std::make_shared<const InvalidValue>(InvalidValue{{}, std::move(text)});
    return value;
}

Item Item::from_bytes(std::string bytes) {
    MR_DCHECK(valid_item(bytes));
    Item item;
    item.bytes_ = std::move(bytes);
    return item;
}

Item Item::invalid_item(std::string name, std::string text) {
    Item item;
    item.invalid_ =
        std::make_shared<const InvalidValue>(InvalidValue{std::move(name), std::move(text)});
    return item;
}

Item Item::with_invalid(std::string name, std::string text) && {
    invalid_ = std::make_shared<const InvalidValue>(InvalidValue{std::move(name), std::move(text)});
    return std::move(*this);
}

Result<void> check_valid(const Value& value) {
    if (value.invalid() != nullptr) return validation_error(value.invalid()->text);
    return {};
}
Result<void> check_valid(const Item& item) {
    if (item.invalid() != nullptr) return validation_error(item.invalid()->text);
    return {};
}

ItemBuilder::ItemBuilder(ItemView item) : bytes_(item.bytes()) {}

ItemBuilder& ItemBuilder::set(std::string_view name, ValueView value) {
    MR_ASSERT(value.has_value());
    append_bytes(bytes_, name);
    bytes_.append(value.bytes());
    return *this;
}
ItemBuilder& ItemBuilder::set_payload(std::string_view name, Type type, std::string_view payload) {
    append_bytes(bytes_, name);
    append_value(bytes_, type, payload);
    return *this;
}
ItemBuilder& ItemBuilder::set_string(std::string_view name, std::string_view utf8) {
    return set_payload(name, Type::kString, utf8);
}
ItemBuilder& ItemBuilder::set_binary(std::string_view name, std::string_view bytes) {
    return set_payload(name, Type::kBinary, bytes);
}
ItemBuilder& ItemBuilder::set_number(std::string_view name, const Number& number) {
    return set_payload(name, Type::kNumber, number.bytes());
}
ItemBuilder& ItemBuilder::set_number(std::string_view name, int64_t value) {
    return set_number(name, Number::from_int(value));
}
ItemBuilder& ItemBuilder::set_bool(std::string_view name, bool value) {
    return set_payload(name, Type::kBool, std::string_view(value ? "\x01" : "\x00", 1));
}
ItemBuilder& ItemBuilder::set_null(std::string_view name) {
    return set_payload(name, Type::kNull, {});
}

Item ItemBuilder::build() {
    sort_map_payload(bytes_, 0);
    Item item = Item::from_bytes(std::move(bytes_));
    bytes_.clear();
    return item;
}

void append_value(std::string& out, Type type, std::string_view payload) {
    out.push_back(static_cast<char>(type));
    append_varint(out, payload.size());
    out.append(payload);
}

void wrap_value(std::string& out, size_t begin, Type type) {
    size_t length = out.size() - begin;
    std::array<char, 11> header;
    size_t size = 0;
    header[size++] = static_cast<char>(type);
    for (; length >= 0x80; length >>= 7) header[size++] = static_cast<char>(length | 0x80);
    header[size++] = static_cast<char>(length);
    out.insert(begin, header.data(), size);
}

void sort_map_payload(std::string& out, size_t begin) {
    const std::string_view payload = std::string_view(out).substr(begin);
    // The usual case first: already in order.
    size_t at = 0;
    std::string_view previous;
    bool sorted = true;
    size_t count = 0;
    while (at < payload.size()) {
        std::string_view name;
        MR_ASSERT(read_bytes(payload, at, name));
        if (count != 0 && previous.compare(name) >= 0) sorted = false;
        previous = name;
        const ValueView value = ValueView::at(payload.substr(at));
        MR_ASSERT(value.has_value());
        at += value.bytes().size();
        ++count;
    }
    if (sorted) return;
    struct Entry {
        std::string_view name;
        std::string_view bytes;  // length, name and value
    };
    std::vector<Entry> entries;
    entries.reserve(count);
    at = 0;
    while (at < payload.size()) {
        const size_t from = at;
        Entry entry;
        MR_ASSERT(read_bytes(payload, at, entry.name));
        at += ValueView::at(payload.substr(at)).bytes().size();
        entry.bytes = payload.substr(from, at - from);
        entries.push_back(entry);
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        const int order = a.name.compare(b.name);
        return order != 0 ? order < 0 : a.bytes.data() < b.bytes.data();
    });
    std::string ordered;
    ordered.reserve(payload.size());
    for (size_t i = 0; i < entries.size(); ++i) {
        if (i + 1 < entries.size() && entries[i].name == entries[i + 1].name) continue;
        ordered.append(entries[i].bytes);
    }
    out.replace(begin, std::string::npos, ordered);
}

Type MutableValue::type() const {
    if (std::holds_alternative<List>(state_)) return Type::kList;
    if (std::holds_alternative<Map>(state_)) return Type::kMap;
    return leaf().type();
}

ValueView MutableValue::leaf() const {
    if (const auto* view = std::get_if<ValueView>(&state_)) return *view;
    if (const auto* value = std::get_if<Value>(&state_)) return value->view();
    return {};
}

MutableValue::List* MutableValue::list() {
    if (auto* open = std::get_if<List>(&state_)) return open;
    const ValueView view = leaf();
    if (!view.is(Type::kList)) return nullptr;
    const bool owned = std::holds_alternative<Value>(state_);
    List opened;
    for (const ValueView& element : view.list()) {
        opened.push_back(owned ? MutableValue(Value(element)) : borrow(element));
    }
    state_ = std::move(opened);
    return &std::get<List>(state_);
}

MutableValue::Map* MutableValue::map() {
    if (auto* open = std::get_if<Map>(&state_)) return open;
    const ValueView view = leaf();
    if (!view.is(Type::kMap)) return nullptr;
    const bool owned = std::holds_alternative<Value>(state_);
    Map opened;
    for (const Attribute& attribute : view.map()) {
        opened.emplace_hint(opened.end(), attribute.name,
                            owned ? MutableValue(Value(attribute.value)) : borrow(attribute.value));
    }
    state_ = std::move(opened);
    return &std::get<Map>(state_);
}

void MutableValue::append_to(std::string& out) const {
    if (const auto* open_list = std::get_if<List>(&state_)) {
        const size_t begin = out.size();
        for (const MutableValue& element : *open_list) element.append_to(out);
        wrap_value(out, begin, Type::kList);
    } else if (const auto* open_map = std::get_if<Map>(&state_)) {
        const size_t begin = out.size();
        for (const auto& [name, value] : *open_map) {
            append_bytes(out, name);
            value.append_to(out);
        }
        wrap_value(out, begin, Type::kMap);
    } else {
        out.append(leaf().bytes());
    }
}

Value MutableValue::to_value() const {
    std::string bytes;
    append_to(bytes);
    return Value::from_bytes(std::move(bytes));
}

}  // namespace millrace::item
