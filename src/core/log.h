// Log lines for operators. Secrets, tokens and bodies never go in; say what was tried, on what, and
// what to do. Thread-safety: safe from any thread. spdlog behind it, out of this header.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace millrace::log {

enum class Level { kDebug, kInfo, kWarn, kError };
// Lines below the level are dropped. Default kInfo.
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kDebug))
        write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kInfo))
        write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kWarn))
        write(Level::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kError))
        write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace millrace::log
