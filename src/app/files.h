// Small files of the data folder. Thread-safety: pure functions of the file system.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millrace::app {

std::optional<std::string> read_file(const std::string& path);
// Complete or not there at all, also after a power cut. The error is one line for the operator.
Result<void> write_file(const std::string& path, std::string_view text, mode_t mode);

// Of a text of NAME=value lines; empty: there is no such line.
std::string value_of(std::string_view text, std::string_view name);

}  // namespace millrace::app
