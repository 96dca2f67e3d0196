// Conditional requests and ranges (RFC 9110 as S3 reads it), shared by the API and the website.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace millrace::s3 {

struct Preconditions {
    std::optional<std::string> if_match;
    std::optional<std::string> if_none_match;
    std::optional<TimePoint> if_modified_since;
    std::optional<TimePoint> if_unmodified_since;
};

// Whether a list of ETags ("*", quoted or not, weak or not) names this one (without quotes).
bool etag_matches(std::string_view list, std::string_view etag);
// Nothing, PreconditionFailed or NotModified (304). A modification date in the future is ignored.
Result<void> check_read(const Preconditions& conditions, std::string_view etag, TimePoint modified,
                        TimePoint now);
// The same for the source of a copy, whose failures are all 412.
Result<void> check_copy_source(const Preconditions& conditions, std::string_view etag,
                               TimePoint modified, TimePoint now);
// If-None-Match: * and If-Match on a write. `etag`: of the object that is there, or nothing.
Result<void> check_write(const std::optional<std::string>& if_match,
                         const std::optional<std::string>& if_none_match,
                         const std::optional<std::string>& etag, std::string_view key);

// "Sat, 31 Jan 2026 10:20:30 GMT". Nothing: another form.
std::optional<TimePoint> parse_http_date(std::string_view text);

struct ByteRange {
    uint64_t offset = 0;
    uint64_t length = 0;
};
enum class RangeKind : uint8_t { kWhole, kPartial, kUnsatisfiable };
// kWhole: no range, several, or one that cannot be read: the whole object with 200.
RangeKind parse_range(std::string_view header, uint64_t size, ByteRange& range);
std::string content_range(const ByteRange& range, uint64_t size);

}  // namespace millrace::s3
