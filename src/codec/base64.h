// Base64 (RFC 4648 section 4) as AWS reads it: strict. Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::codec {

// With padding, no line breaks.
std::string base64_encode(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);
// Nothing on a character outside the alphabet, a length that is no multiple of 4, misplaced
// padding, or set bits behind the last byte.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace millrace::codec
