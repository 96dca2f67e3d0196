// CORS: which rule of a bucket a browser's request falls under, and the headers that follow.
// Thread-safety: pure functions. Source: S3 User Guide, "Using cross-origin resource sharing
// (CORS)", "How S3 evaluates the CORS configuration on a bucket".
#pragma once

#include <string_view>
#include <vector>

#include "core/http.h"
#include "services/s3/bucket.h"

namespace millrace::s3 {

// The first rule that allows the origin, the method and every header of the comma-separated list.
// Null: none.
const CorsRule* find_cors_rule(const std::vector<CorsRule>& rules, std::string_view origin,
                               std::string_view method, std::string_view headers);
// The answer to a preflight that the rule allows.
void add_preflight_headers(const CorsRule& rule, std::string_view origin, std::string_view headers,
                           HttpResponse& response);
// What goes on the answer to the request itself.
void add_actual_headers(const CorsRule& rule, std::string_view origin, HttpResponse& response);

}  // namespace millrace::s3
