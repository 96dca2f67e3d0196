// Reading and writing timestamps as the protocols do. Thread-safety: pure functions.
// Source: Smithy's timestampFormat (date-time, http-date, epoch-seconds).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace millrace::model {

// "2026-01-31T10:20:30Z", with or without a fraction, with "Z", "+01:00", "+0100" or nothing (UTC).
std::optional<TimePoint> parse_iso8601(std::string_view text);
// "Sat, 31 Jan 2026 10:20:30 GMT" (RFC 1123), "Saturday, 31-Jan-26 10:20:30 GMT" (RFC 850) or
// "Sat Jan 31 10:20:30 2026" (asctime).
std::optional<TimePoint> parse_http_date(std::string_view text);
// "1769854830", "1769854830.123", "1.7698548E9"
std::optional<TimePoint> parse_epoch_seconds(std::string_view text);
// Any of the three.
std::optional<TimePoint> parse_timestamp(std::string_view text);
// Nothing when the time is beyond what TimePoint holds.
std::optional<TimePoint> from_epoch_seconds(double seconds);

}  // namespace millrace::model
