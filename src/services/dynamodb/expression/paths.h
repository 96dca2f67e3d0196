// Which document paths of one expression exclude each other. Internal to this folder.
// Thread-safety: pure functions. Source: recorded answers of UpdateItem.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {

// The text of the first complaint about paths in the order in which they are written: overlaps (one
// path begins with the other) come before conflicts (one place is used as list and as map).
std::optional<std::string> find_path_clash(const std::vector<const Path*>& paths);

}  // namespace millrace::dynamodb::expression
