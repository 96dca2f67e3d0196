// DynamoDB JSON ({"S":"x"}, {"M":{"a":{"N":"1"}}}) to and from flat values.
//
// Decoding distinguishes two kinds of mistakes. A wrong JSON type or bad base64 is a
// SerializationException and returned at once. A value that is well-formed but not allowed (no or
// two types, an empty set, a bad number...) is a ValidationException that DynamoDB reports later,
// behind its checks of the other parameters: the result carries it (Value::invalid,
// Item::invalid; report with check_valid).
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "item/item.h"

namespace millrace::item {

// `element` points to a `const simdjson::dom::element` (the type is kept out of this header).
Result<Value> decode_json_value(const void* element);
Result<Item> decode_json_item(const void* element);
// The same from text; a syntax error is a SerializationException. Slower: parses on its own.
Result<Value> parse_json_value(std::string_view json);
Result<Item> parse_json_item(std::string_view json);

// {"S":"x"} and {"name":{"S":"x"},...}. Output is UTF-8; control characters, '"' and '\' are
// escaped.
void append_json(std::string& out, ValueView value);
void append_json(std::string& out, ItemView item);
std::string to_json(ValueView value);
std::string to_json(ItemView item);

}  // namespace millrace::item
