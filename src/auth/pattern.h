// Compiling and matching a policy's strings (Pattern): wildcards and variables. Inside auth only.
// Thread-safety: pure functions. Matching is O(pattern * text) at worst, O(text) typically.
#pragma once

#include <string>
#include <string_view>

#include "auth/policy.h"
#include "core/http.h"

namespace millrace::auth {

inline char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string to_lower(std::string_view text);
// `lower` is in lower case already.
bool equals_lower(std::string_view text, std::string_view lower);

// `variables`: whether ${...} means something (Version 2012-10-17); `wildcards`: whether * and ?
// do.
Pattern compile_pattern(std::string_view text, bool variables, bool wildcards);

// As compiled_match, ignoring the case of `text`; `compiled` is in lower case.
bool compiled_match_lower(std::string_view compiled, std::string_view text);

}  // namespace millrace::auth
