// Filter patterns of FilterLogEvents: terms. All plain ones must be in the message, one of those
// with "?", none of those with "-"; "quoted ones" may have blanks. The forms for JSON and for
// columns, and regular expressions, are refused.
// Thread-safety: a plain value. Source: CloudWatch Logs User Guide, "Filter pattern syntax".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millrace::logs {

class Pattern {
public:
    static Result<Pattern> parse(std::string_view text);
    bool matches(std::string_view message) const;

private:
    std::vector<std::string> all_;
    std::vector<std::string> any_;
    std::vector<std::string> none_;
};

}  // namespace millrace::logs
