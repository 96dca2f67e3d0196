#include "counting.h"

#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace pinehead {

std::vector<std::vector<Sale>> split_for_transactions(std::span<const Sale> sales) {
    std::vector<std::vector<Sale>> parts;
    std::set<std::string_view> seen;
    std::set<std::pair<std::string_view, std::string_view>> albums;
    for (const Sale& sale : sales) {
        if (!seen.insert(sale.order_id).second) continue;
        const std::pair<std::string_view, std::string_view> album{sale.album, sale.artist};
        const size_t albums_then = albums.size() + (albums.contains(album) ? 0 : 1);
        if (parts.empty() || parts.back().size() + 1 + albums_then > kTransactionActionsMax) {
            parts.emplace_back();
            albums.clear();
        }
        albums.insert(album);
        parts.back().push_back(sale);
    }
    return parts;
}

json::value count_transaction(std::span<const Sale> sales, const Tables& tables, int64_t expires) {
    json::array actions;
    std::map<std::pair<std::string, std::string>, int> counts;
    for (const Sale& sale : sales) {
        counts[{sale.album, sale.artist}] += 1;
        actions.push_back(json::value{
            {"Put",
             {{"TableName", tables.counted},
              {"Item",
               {{"id", {{"S", sale.order_id}}}, {"expires_at", {{"N", std::to_string(expires)}}}}},
              {"ConditionExpression", "attribute_not_exists(id)"}}}});
    }
    for (const auto& [album, count] : counts) {
        actions.push_back(json::value{
            {"Update",
             {{"TableName", tables.leaderboard},
              {"Key", {{"album", {{"S", album.first}}}, {"artist", {{"S", album.second}}}}},
              {"UpdateExpression", "ADD order_count :n"},
              {"ExpressionAttributeValues", {{":n", {{"N", std::to_string(count)}}}}}}}});
    }
    return {{"TransactItems", std::move(actions)}};
}

std::vector<Sale> not_yet_counted(std::span<const Sale> sales, const json::value& reasons) {
    std::vector<Sale> left;
    bool dropped = false;
    for (size_t i = 0; i < sales.size(); ++i) {
        const std::string code = string_at(reasons.as_array().at(i), {"Code"}).value_or("");
        if (code == "ConditionalCheckFailed") {
            dropped = true;
        } else {
            left.push_back(sales[i]);
        }
    }
    if (!dropped)
        throw std::runtime_error("the transaction was cancelled: " + json::serialize(reasons));
    return left;
}

}  // namespace pinehead
