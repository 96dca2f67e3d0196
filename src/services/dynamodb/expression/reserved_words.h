// DynamoDB's reserved words. Thread-safety: a pure function.
#pragma once

#include <string_view>

namespace millrace::dynamodb::expression {

// Case is ignored. O(log words).
bool is_reserved_word(std::string_view word);

}  // namespace millrace::dynamodb::expression
