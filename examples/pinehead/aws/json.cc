#include "aws/json.h"

#include <boost/json/src.hpp>

namespace pinehead {

std::optional<std::string> string_at(const json::value& value,
                                     std::initializer_list<std::string_view> path) {
    const json::value* at = &value;
    for (const std::string_view member : path) {
        const json::object* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(member);
        if (at == nullptr) return std::nullopt;
    }
    const json::string* text = at->if_string();
    if (text == nullptr) return std::nullopt;
    return std::string(*text);
}

}  // namespace pinehead
