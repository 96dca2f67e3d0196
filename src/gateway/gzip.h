// gzip of request and answer bodies. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include "codec/gzip.h"

namespace millrace::gateway {

using codec::gunzip;
using codec::gzip;
// Whether an Accept-Encoding header asks for gzip (RFC 9110 section 12.5.3; "gzip;q=0" does not).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace millrace::gateway
