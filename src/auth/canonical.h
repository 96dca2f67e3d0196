// SigV4's canonical request: the text of which the digest is signed. Inside auth.
// Thread-safety: pure functions; results are appended to the caller's buffer, which is reused.
// Source: IAM User Guide, "Create a signed AWS API request".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/http.h"

namespace millrace::auth {

// Everything that a canonical request is made of.
struct CanonicalParts {
    const HttpRequest* request = nullptr;
    std::string_view signed_headers;  // "host;x-amz-date"
    std::string_view payload_hash;
    bool s3 = false;         // path encoded once and never normalised
    bool presigned = false;  // X-Amz-Signature is left out of the query
};
// Clears `out` first.
void write_canonical_request(const CanonicalParts& parts, std::string& out);

// Splits off what comes before the first `separator`; `rest` moves behind it.
std::string_view next_part(std::string_view& rest, char separator);

// The raw (still encoded) value of a query parameter, or an empty view; `found` says which.
std::string_view query_value(std::string_view query, std::string_view name, bool& found);

}  // namespace millrace::auth
