// Scalars as text: what query strings, forms, headers and XML have in common.
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "model/descriptor.h"

namespace millrace::model {

// True when the type is one that a text can hold (no list, map, structure, stream, item).
bool is_scalar(const TypeDescriptor& type);
// Sets *out from the text; false when the text is none of that type. A member's own timestamp
// format does not matter: every format is read.
bool scalar_from_text(const TypeDescriptor& type, std::string_view text, void* out);
// Appends the value's text. `fallback` is the protocol's timestamp format where the model names
// none.
void append_scalar(std::string& out, const TypeDescriptor& type, TimestampFormat member_format,
                   TimestampFormat fallback, const void* value, bool with_milliseconds);

}  // namespace millrace::model
