// Sizes, depth, order, key encoding, the stored form, and the check of stored bytes. See item.h.
#include <algorithm>

#include "core/bytes.h"
#include "item/item.h"

namespace millrace::item {

size_t attribute_size(std::string_view name, ValueView value) {
    return name.size() + value_size(value);
}

size_t item_size(ItemView item) {
    size_t size = 0;
    for (const Attribute& attribute : item) size += attribute_size(attribute.name, attribute.value);
    return size;
}

size_t value_size(ValueView value) {
    if (!value.has_value()) return 0;
    size_t size = 0;
    switch (value.type()) {
        case Type::kString:
        case Type::kBinary:
            return value.payload().size();
        case Type::kNumber:
            return number_size(value.payload());
        case Type::kBool:
        case Type::kNull:
            return 1;
        case Type::kStringSet:
        case Type::kBinarySet:
            for (const std::string_view element : value.set()) size += element.size();
            return size;
        case Type::kNumberSet:
            for (const std::string_view element : value.set()) size += number_size(element);
            return size;
        case Type::kList:
            size = 3;
            for (const ValueView& element : value.list()) size += 1 + value_size(element);
            return size;
        case Type::kMap:
            size = 3;
            for (const Attribute& attribute : value.map()) {
                size += 1 + attribute_size(attribute.name, attribute.value);
            }
            return size;
    }
    return size;
}

int nesting_depth(ValueView value) {
    int deepest = 0;
    if (value.is(Type::kList)) {
        for (const ValueView& element : value.list())
            deepest = std::max(deepest, nesting_depth(element));
        return deepest + 1;
    }
    if (value.is(Type::kMap)) return nesting_depth(value.map()) + 1;
    return 0;
}

int nesting_depth(ItemView item) {
    int deepest = 0;
    for (const Attribute& attribute : item)
        deepest = std::max(deepest, nesting_depth(attribute.value));
    return deepest;
}

std::optional<std::strong_ordering> compare(ValueView a, ValueView b) {
    if (!a.has_value() || !b.has_value() || a.type() != b.type() || !is_key_type(a.type())) {
        return std::nullopt;
    }
    return a.payload().compare(b.payload()) <=> 0;
}

void append_key_prefix(std::string& out, ValueView value) {
    MR_ASSERT(value.is(Type::kString) || value.is(Type::kBinary));
    out.push_back(static_cast<char>(value.type()));
    std::string_view rest = value.payload();
    while (true) {
        const size_t zero = rest.find('\0');
        if (zero == std::string_view::npos) break;
        out.append(rest.substr(0, zero));
        out.append("\x00\xff", 2);
        rest.remove_prefix(zero + 1);
    }
    out.append(rest);
}

void append_key(std::string& out, ValueView value) {
    if (value.is(Type::kNumber)) {
        out.push_back(static_cast<char>(Type::kNumber));
        out.append(value.payload());
        return;
    }
    append_key_prefix(out, value);
    out.append("\x00\x01", 2);
}

std::optional<Value> take_key(std::string_view& bytes) {
    if (bytes.empty()) return std::nullopt;
    const auto type = static_cast<Type>(bytes[0]);
    if (type == Type::kNumber) {
        const size_t length = number_length(bytes.substr(1));
        if (length == 0 || !valid_number(bytes.substr(1, length))) return std::nullopt;
        Value value = Value::number(number_from_bytes(bytes.substr(1, length)));
        bytes.remove_prefix(1 + length);
        return value;
    }
    if (type != Type::kString && type != Type::kBinary) return std::nullopt;
    std::string raw;
    std::string_view rest = bytes.substr(1);
    while (true) {
        const size_t zero = rest.find('\0');
        if (zero == std::string_view::npos || zero + 1 >= rest.size()) return std::nullopt;
        raw.append(rest.substr(0, zero));
        const char mark = rest[zero + 1];
        rest.remove_prefix(zero + 2);
        if (mark == '\x01') break;
        if (mark != '\xff') return std::nullopt;
        raw.push_back('\0');
    }
    bytes = rest;
    return type == Type::kString ? Value::string(raw) : Value::binary(raw);
}

std::string prefix_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
    return end;
}

void append_stored(std::string& out, ItemView item) {
    append_u8(out, kStoredItemVersion);
    out.append(item.bytes());
}

std::optional<ItemView> read_stored(std::string_view stored) {
    if (stored.empty() || static_cast<uint8_t>(stored[0]) != kStoredItemVersion)
        return std::nullopt;
    return ItemView(stored.substr(1));
}

namespace {

bool valid_map(std::string_view bytes, int depth);

// Lengths must be written in the shortest way, or equal values could differ in bytes.
bool shortest_length(std::string_view header) {
    return header.size() == 1 || header.back() != '\0';
}

bool valid_set(Type type, std::string_view bytes) {
    ByteReader reader(bytes);
    std::string_view previous;
    bool first = true;
    while (!reader.at_end()) {
        const std::string_view before = reader.rest();
        const std::string_view element = reader.bytes();
        if (!reader.ok()) return false;
        if (!shortest_length(
                before.substr(0, before.size() - reader.rest().size() - element.size())))
            return false;
        if (!first && previous.compare(element) >= 0) return false;
        if (type == Type::kNumberSet && !valid_number(element)) return false;
        previous = element;
        first = false;
    }
    return reader.ok() && !first;
}

bool valid_at(std::string_view bytes, size_t& size, int depth) {
    const ValueView value = ValueView::at(bytes);
    if (!value.has_value()) return false;
    size = value.bytes().size();
    const std::string_view payload = value.payload();
    if (!shortest_length(value.bytes().substr(1, size - payload.size() - 1))) return false;
    switch (value.type()) {
        case Type::kString:
        case Type::kBinary:
            return true;
        case Type::kNumber:
            return valid_number(payload);
        case Type::kBool:
            return payload.size() == 1 && static_cast<uint8_t>(payload[0]) <= 1;
        case Type::kNull:
            return payload.empty();
        case Type::kStringSet:
        case Type::kNumberSet:
        case Type::kBinarySet:
            return valid_set(value.type(), payload);
        case Type::kMap:
            return depth < kNestingDepthMax && valid_map(payload, depth + 1);
        case Type::kList:
            break;
    }
    if (depth >= kNestingDepthMax) return false;
    for (size_t at = 0; at < payload.size();) {
        size_t element = 0;
        if (!valid_at(payload.substr(at), element, depth + 1)) return false;
        at += element;
    }
    return true;
}

bool valid_map(std::string_view bytes, int depth) {
    ByteReader reader(bytes);
    std::string_view previous;
    bool first = true;
    while (!reader.at_end()) {
        const std::string_view before = reader.rest();
        const std::string_view name = reader.bytes();
        if (!reader.ok()) return false;
        if (!shortest_length(before.substr(0, before.size() - reader.rest().size() - name.size())))
            return false;
        if (!first && previous.compare(name) >= 0) return false;
        previous = name;
        first = false;
        size_t size = 0;
        if (!valid_at(reader.rest(), size, depth)) return false;
        reader.take(size);
    }
    return reader.ok();
}

}  // namespace

bool valid_item(std::string_view bytes) { return valid_map(bytes, 0); }

bool valid_value(std::string_view bytes) {
    size_t size = 0;
    return valid_at(bytes, size, 0) && size == bytes.size();
}

}  // namespace millrace::item
