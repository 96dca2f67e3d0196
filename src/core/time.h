// Time as the services see it: a Clock that tests move by hand.
// Thread-safety: SystemClock and FakeClock are safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace millrace {

using Duration = std::chrono::microseconds;
// Wall-clock time, microseconds since the Unix epoch.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline int64_t epoch_ms(TimePoint t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
inline int64_t epoch_seconds(TimePoint t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}
inline TimePoint from_epoch_ms(int64_t ms) { return TimePoint(std::chrono::milliseconds(ms)); }

// "2026-01-31T10:20:30Z"
std::string format_iso8601(TimePoint t);
// "2026-01-31T10:20:30.123Z"
std::string format_iso8601_ms(TimePoint t);
// "2026-01-31T10:20:30.123+0000", as Lambda writes it
std::string format_lambda(TimePoint t);
// "Sat, 31 Jan 2026 10:20:30 GMT"
std::string format_http_date(TimePoint t);
// "20260131T102030Z", as SigV4 writes it
std::string format_amz_date(TimePoint t);

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
};

// Never goes back while the process lives, whatever is done to the machine's clock.
class SystemClock final : public Clock {
public:
    TimePoint now() const override;
};

class FakeClock final : public Clock {
public:
    explicit FakeClock(TimePoint start = from_epoch_ms(1'767'225'600'000))
        : now_(start.time_since_epoch().count()) {}
    TimePoint now() const override { return TimePoint(Duration(now_.load())); }
    void advance(Duration by) { now_ += by.count(); }

private:
    std::atomic<int64_t> now_;
};

}  // namespace millrace
