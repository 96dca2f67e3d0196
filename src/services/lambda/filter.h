// Filter: the patterns of FilterCriteria. A record passes when one of the mapping's patterns
// matches it. Thread-safety: immutable once made.
// Source: Lambda Developer Guide, "Control which events Lambda sends to your function"; EventBridge
// User Guide, "Comparison operators for use in event patterns".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace millrace::lambda {

inline constexpr size_t kFiltersMax = 5;
inline constexpr size_t kPatternBytesMax = 4096;

class Filter {
public:
    // Error: InvalidParameterValueException, when a pattern is none.
    static Result<Filter> make(const std::vector<std::string>& patterns);
    bool empty() const { return patterns_.empty(); }
    // True without patterns.
    bool passes(const codec::JsonValue& record) const;
    // The same for a record whose `body` is a string: where a pattern looks into the body, that
    // string must be JSON. O(record).
    bool passes_message(const codec::JsonValue& record) const;

private:
    std::vector<codec::JsonValue> patterns_;
};

}  // namespace millrace::lambda
