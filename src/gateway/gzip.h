// gzip of request and answer bodies. Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::gateway {

// nullopt: the bytes are no complete gzip stream, or their content is larger than `bytes_max`
// (then `too_large` is set).
std::optional<std::string> gunzip(std::string_view bytes, size_t bytes_max, bool& too_large);
// At zlib's quickest level.
std::string gzip(std::string_view bytes);
// Whether an Accept-Encoding header asks for gzip (RFC 9110 section 12.5.3; "gzip;q=0" does not).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace millrace::gateway
