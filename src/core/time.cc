#include "core/time.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace millrace {
namespace {

std::string format_utc(TimePoint t, const char* pattern) {
    const std::time_t seconds = static_cast<std::time_t>(epoch_seconds(t));
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char buffer[64];
    const size_t length = std::strftime(buffer, sizeof buffer, pattern, &utc);
    return {buffer, length};
}

std::string with_ms(TimePoint t, const char* suffix) {
    char ms[8];
    std::snprintf(ms, sizeof ms, ".%03d", static_cast<int>(epoch_ms(t) % 1000));
    return format_utc(t, "%Y-%m-%dT%H:%M:%S") + ms + suffix;
}

}  // namespace

std::string format_iso8601(TimePoint t) { return format_utc(t, "%Y-%m-%dT%H:%M:%SZ"); }
std::string format_iso8601_ms(TimePoint t) { return with_ms(t, "Z"); }
std::string format_lambda(TimePoint t) { return with_ms(t, "+0000"); }
std::string format_http_date(TimePoint t) { return format_utc(t, "%a, %d %b %Y %H:%M:%S GMT"); }
std::string format_amz_date(TimePoint t) { return format_utc(t, "%Y%m%dT%H%M%SZ"); }

TimePoint SystemClock::now() const {
    static std::atomic<int64_t> latest{0};
    const int64_t read = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())
                             .time_since_epoch()
                             .count();
    int64_t seen = latest.load(std::memory_order_relaxed);
    while (read > seen && !latest.compare_exchange_weak(seen, read, std::memory_order_relaxed)) {
    }
    return TimePoint(Duration(std::max(read, seen)));
}

}  // namespace millrace
