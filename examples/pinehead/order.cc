#include "order.h"

#include <cstdio>
#include <cstdlib>

namespace pinehead {
namespace {

// A price must not become 0.98999999999999999: of a double, the shortest text that reads back as
// it.
std::string number_text(const json::value& number) {
    if (number.is_int64()) return std::to_string(number.get_int64());
    if (number.is_uint64()) return std::to_string(number.get_uint64());
    char text[32];
    for (int digits = 1; digits <= 17; ++digits) {
        std::snprintf(text, sizeof text, "%.*g", digits, number.get_double());
        if (std::strtod(text, nullptr) == number.get_double()) break;
    }
    return text;
}

json::value attribute(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return {{"NULL", true}};
        case json::kind::bool_:
            return {{"BOOL", value.get_bool()}};
        case json::kind::string:
            return {{"S", value.get_string()}};
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return {{"N", number_text(value)}};
        case json::kind::array: {
            json::array list;
            for (const json::value& element : value.get_array()) list.push_back(attribute(element));
            return {{"L", std::move(list)}};
        }
        case json::kind::object: {
            json::object map;
            for (const auto& member : value.get_object())
                map[member.key()] = attribute(member.value());
            return {{"M", std::move(map)}};
        }
    }
    return {};
}

}  // namespace

std::optional<json::object> item_of_message(std::string_view body) {
    boost::system::error_code error;
    const json::value message = json::parse(body, error);
    if (error || !message.is_object()) return std::nullopt;
    const auto id = string_at(message, {"id"});
    if (!id || id->empty() || !string_at(message, {"album", "title"}) ||
        !string_at(message, {"album", "artist_name"})) {
        return std::nullopt;
    }
    json::object item;
    for (const auto& member : message.get_object()) item[member.key()] = attribute(member.value());
    return item;
}

std::optional<Sale> sale_of_record(const json::value& record) {
    if (string_at(record, {"eventName"}) != "INSERT") return std::nullopt;
    const auto id = string_at(record, {"dynamodb", "NewImage", "id", "S"});
    const auto album = string_at(record, {"dynamodb", "NewImage", "album", "M", "title", "S"});
    const auto artist =
        string_at(record, {"dynamodb", "NewImage", "album", "M", "artist_name", "S"});
    if (!id || !album || !artist || album->empty() || artist->empty()) return std::nullopt;
    return Sale{*id, *album, *artist};
}

}  // namespace pinehead
