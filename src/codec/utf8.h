// UTF-8 checks and counts. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::codec {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);
// Code points of valid UTF-8.
size_t utf8_length(std::string_view text);
// UTF-16 code units of valid UTF-8: how AWS's (Java) services count characters.
size_t utf16_length(std::string_view text);
// The code point at `position`, which moves behind it. U+FFFD, one byte on, when it is malformed.
uint32_t next_code_point(std::string_view text, size_t& position);

}  // namespace millrace::codec
