// Boost.JSON, compiled once (json.cc), and the two lookups that the functions need.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pinehead {

namespace json = boost::json;

// The string at a path of object members, or nothing.
std::optional<std::string> string_at(const json::value& value,
                                     std::initializer_list<std::string_view> path);

}  // namespace pinehead
