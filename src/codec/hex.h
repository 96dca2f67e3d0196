// Hexadecimal. Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::codec {

// Lower case, two digits a byte.
std::string hex_encode(std::string_view bytes);
// Either case; nothing on an odd length or another character.
std::optional<std::string> hex_decode(std::string_view text);

}  // namespace millrace::codec
