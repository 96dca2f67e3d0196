#include "model/timestamps.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <vector>

namespace millrace::model {
namespace {

class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}
    bool at_end() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
    bool skip(char c) {
        if (peek() != c || rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Exactly `count` digits.
    std::optional<int> digits(size_t count) {
        if (rest_.size() < count) return std::nullopt;
        int value = 0;
        for (size_t i = 0; i < count; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    // A fraction behind its point, as microseconds; more digits are cut off.
    int64_t fraction() {
        int64_t value = 0;
        int count = 0;
        while (peek() >= '0' && peek() <= '9') {
            if (count < 6) value = value * 10 + (peek() - '0'), ++count;
            rest_.remove_prefix(1);
        }
        for (; count < 6; ++count) value *= 10;
        return value;
    }

private:
    std::string_view rest_;
};

std::optional<TimePoint> make_time(int year, int month, int day, int hour, int minute, int second,
                                   int64_t microseconds) {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second) +
           std::chrono::microseconds(microseconds);
}

int month_of(std::string_view name) {
    constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (size_t i = 0; i < kMonths.size(); ++i) {
        if (kMonths[i] == name) return static_cast<int>(i) + 1;
    }
    return 0;
}

std::optional<int> to_int(std::string_view text) {
    int value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

}  // namespace

std::optional<TimePoint> parse_iso8601(std::string_view text) {
    Cursor cursor(text);
    const auto year = cursor.digits(4);
    if (!year || !cursor.skip('-')) return std::nullopt;
    const auto month = cursor.digits(2);
    if (!month || !cursor.skip('-')) return std::nullopt;
    const auto day = cursor.digits(2);
    if (!day) return std::nullopt;
    if (cursor.at_end()) return make_time(*year, *month, *day, 0, 0, 0, 0);
    if (!cursor.skip('T') && !cursor.skip('t') && !cursor.skip(' ')) return std::nullopt;
    const auto hour = cursor.digits(2);
    if (!hour || !cursor.skip(':')) return std::nullopt;
    const auto minute = cursor.digits(2);
    if (!minute || !cursor.skip(':')) return std::nullopt;
    const auto second = cursor.digits(2);
    if (!second) return std::nullopt;
    const int64_t fraction = cursor.skip('.') ? cursor.fraction() : 0;
    auto time = make_time(*year, *month, *day, *hour, *minute, *second, fraction);
    if (!time) return std::nullopt;
    if (cursor.at_end() || cursor.skip('Z') || cursor.skip('z'))
        return cursor.at_end() ? time : std::nullopt;
    const bool west = cursor.peek() == '-';
    if (!cursor.skip('+') && !cursor.skip('-')) return std::nullopt;
    const auto offset_hours = cursor.digits(2);
    if (!offset_hours) return std::nullopt;
    cursor.skip(':');
    const auto offset_minutes = cursor.digits(2);
    if (!offset_minutes || !cursor.at_end()) return std::nullopt;
    const auto offset = std::chrono::hours(*offset_hours) + std::chrono::minutes(*offset_minutes);
    return west ? *time + offset : *time - offset;
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
    std::vector<std::string_view> words;
    size_t begin = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] != ' ' && text[i] != ',' && text[i] != '-') continue;
        if (i > begin) words.push_back(text.substr(begin, i - begin));
        begin = i + 1;
        if (words.size() > 6) return std::nullopt;
    }
    if (words.size() < 5) return std::nullopt;
    const bool asctime = month_of(words[1]) != 0;
    const auto day = to_int(asctime ? words[2] : words[1]);
    const int month = month_of(asctime ? words[1] : words[2]);
    auto year = to_int(asctime ? words[4] : words[3]);
    if (!day || month == 0 || !year) return std::nullopt;
    if (*year < 100) *year += *year < 70 ? 2000 : 1900;
    Cursor clock(asctime ? words[3] : words[4]);
    const auto hour = clock.digits(2);
    if (!hour || !clock.skip(':')) return std::nullopt;
    const auto minute = clock.digits(2);
    if (!minute || !clock.skip(':')) return std::nullopt;
    const auto second = clock.digits(2);
    if (!second || !clock.at_end()) return std::nullopt;
    return make_time(*year, month, *day, *hour, *minute, *second, 0);
}

std::optional<TimePoint> from_epoch_seconds(double seconds) {
    constexpr double kSecondsMax =
        9.0e12;  // far beyond year 9999, far within 64 bits of microseconds
    if (!(std::fabs(seconds) <= kSecondsMax)) return std::nullopt;
    return TimePoint(Duration(static_cast<int64_t>(std::llround(seconds * 1e6))));
}

std::optional<TimePoint> parse_epoch_seconds(std::string_view text) {
    double seconds = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size())
        return std::nullopt;
    return from_epoch_seconds(seconds);
}

std::optional<TimePoint> parse_timestamp(std::string_view text) {
    if (auto time = parse_iso8601(text)) return time;
    if (auto time = parse_epoch_seconds(text)) return time;
    return parse_http_date(text);
}

}  // namespace millrace::model
