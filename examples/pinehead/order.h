// An order of the record shop, and its forms: the queue message's JSON, the item of the orders
// table, the record of the table's stream. Thread-safety: plain values.
#pragma once

#include <optional>
#include <string>

#include "aws/json.h"

namespace pinehead {

// The item for a message body: the object's members as DynamoDB values. Nothing when the body is
// not an order: not a JSON object, or without the id, album.title and album.artist_name that the
// pipeline needs.
std::optional<json::object> item_of_message(std::string_view body);

// What the leaderboard counts.
struct Sale {
    std::string order_id;
    std::string album;
    std::string artist;
};

// The sale in a stream record: only a new order (INSERT) is one; a change or removal of an order is
// not. Nothing also for items that are no orders.
std::optional<Sale> sale_of_record(const json::value& record);

}  // namespace pinehead
