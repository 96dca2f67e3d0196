// LogSink: where functions' output goes. Implemented by services/logs; creates group and stream as
// needed. Thread-safety: safe from any thread. Lines are written in batches and become durable
// within a second; a full buffer drops the oldest lines and says so in the stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace millrace::contracts {

struct LogLine {
    TimePoint at;
    std::string text;
};

class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(std::string_view account, std::string_view region, std::string_view group,
                       std::string_view stream, std::vector<LogLine> lines) = 0;
};

}  // namespace millrace::contracts
