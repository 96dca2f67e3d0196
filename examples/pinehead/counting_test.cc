// Counting: parts fit a transaction and lose or repeat no order; after a cancelled transaction
// exactly the counted orders drop out.
#include "counting.h"

#include <gtest/gtest.h>

#include <set>

namespace pinehead {
namespace {

TEST(Counting, PartsFitAndLoseNothing) {
    std::vector<Sale> sales;
    for (int i = 0; i < 1000; ++i) {
        sales.push_back({std::to_string(i % 700), "album" + std::to_string(i % 90), "artist"});
    }
    std::set<std::string> seen;
    for (const auto& part : split_for_transactions(sales)) {
        const json::value input = count_transaction(part, {}, 1);
        EXPECT_LE(input.at("TransactItems").as_array().size(), kTransactionActionsMax);
        for (const Sale& sale : part) EXPECT_TRUE(seen.insert(sale.order_id).second);
    }
    EXPECT_EQ(seen.size(), 700u);
}

TEST(Counting, CountedOrdersDropOut) {
    const std::vector<Sale> sales{{"1", "a", "x"}, {"2", "a", "x"}, {"3", "b", "y"}};
    const json::value reasons = json::parse(
        R"([{"Code":"None"},{"Code":"ConditionalCheckFailed"},{"Code":"None"},{"Code":"None"},{"Code":"None"}])");
    const auto left = not_yet_counted(sales, reasons);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].order_id, "1");
    EXPECT_EQ(left[1].order_id, "3");
    EXPECT_THROW(
        not_yet_counted(
            sales,
            json::parse(
                R"([{"Code":"None"},{"Code":"None"},{"Code":"None"},{"Code":"ValidationError"}])")),
        std::runtime_error);
}

}  // namespace
}  // namespace pinehead
