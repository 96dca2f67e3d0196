// Percent-encoding and form bodies. Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::codec {

// SigV4's encoding: everything but A-Z a-z 0-9 - _ . ~ becomes %XX with upper-case digits.
std::string url_encode(std::string_view bytes);
// The same, but '/' stays: paths and S3's encoding-type=url of keys.
std::string url_encode_path(std::string_view bytes);
// Decodes %XX; '+' stays. A '%' without two hexadecimal digits stays as it is.
std::string url_decode(std::string_view text);
// The same, and '+' is a blank: query strings and forms.
std::string form_decode(std::string_view text);
// True when every '%' is followed by two hexadecimal digits.
bool is_well_formed_url(std::string_view text);

using FormPairs = std::vector<std::pair<std::string, std::string>>;
// "a=1&b=%20&c" -> {a,1} {b,' '} {c,""}, in order, repeated names kept; empty parts are skipped.
// Nothing when there are more than `pairs_max` pairs.
std::optional<FormPairs> parse_form(std::string_view text, size_t pairs_max = 10'000);

}  // namespace millrace::codec
