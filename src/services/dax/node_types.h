// The node types of DAX. Source: DynamoDB pricing (memory of each type), DAX developer guide.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::dax_control {

// Memory of a node in bytes; nullopt: DAX has no such type.
std::optional<uint64_t> memory_of_node_type(std::string_view type);

}  // namespace millrace::dax_control
