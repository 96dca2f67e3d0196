// PreferredMaintenanceWindow: "sun:05:00-sun:09:00", UTC. Source: CreateCluster in the API
// Reference.
#include <array>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr int kMinutesOfDay = 24 * 60;
constexpr int kMinutesOfWeek = 7 * kMinutesOfDay;
constexpr int kMinutesMin = 60;

int two_digits(std::string_view text) {
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

// Minutes since the week began; -1: not of the form ddd:hh24:mi.
int minute_of_week(std::string_view text) {
    if (text.size() != 9 || text[3] != ':' || text[6] != ':') return -1;
    const int hour = two_digits(text.substr(4, 2));
    const int minute = two_digits(text.substr(7, 2));
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return -1;
    for (size_t day = 0; day < kDays.size(); ++day) {
        if (text.substr(0, 3) == kDays[day])
            return static_cast<int>(day) * kMinutesOfDay + hour * 60 + minute;
    }
    return -1;
}

}  // namespace

Result<std::string> window_of(std::string_view text) {
    std::string window = lower(text);
    const size_t dash = window.find('-');
    const int begin = minute_of_week(window.substr(0, dash));
    const int end = dash == std::string::npos ? -1 : minute_of_week(window.substr(dash + 1));
    if (begin < 0 || end < 0) {
        return errors::invalid_value(
            fmt::format("Invalid maintenance window: {}. The format is "
                        "ddd:hh24:mi-ddd:hh24:mi.",
                        text));
    }
    if ((end - begin + kMinutesOfWeek) % kMinutesOfWeek < kMinutesMin) {
        return errors::invalid_value(fmt::format(
            "The maintenance window {} must be at least {} minutes long.", text, kMinutesMin));
    }
    return window;
}

std::string random_window(Rng& rng) {
    const auto hour = static_cast<int>(rng.next_u64() % (7 * 24));
    const auto text = [](int hour_of_week) {
        return fmt::format("{}:{:02}:00", kDays[static_cast<size_t>(hour_of_week / 24 % 7)],
                           hour_of_week % 24);
    };
    return text(hour) + "-" + text(hour + 1);
}

}  // namespace millrace::dax_control
