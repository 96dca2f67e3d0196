// Orders: what is one and what is not, as a message and as a stream record.
#include "order.h"

#include <gtest/gtest.h>

namespace pinehead {
namespace {

TEST(Order, MessageBecomesAnItem) {
    const auto item = item_of_message(
        R"({"id":"o1","quantity":1,"unit_price":0.99,"album":{"title":"T","artist_name":"A"},"gift":true,"tags":["x",null]})");
    ASSERT_TRUE(item);
    EXPECT_EQ(
        json::serialize(*item),
        R"({"id":{"S":"o1"},"quantity":{"N":"1"},"unit_price":{"N":"0.99"},)"
        R"("album":{"M":{"title":{"S":"T"},"artist_name":{"S":"A"}}},"gift":{"BOOL":true},"tags":{"L":[{"S":"x"},{"NULL":true}]}})");
}

TEST(Order, WhatIsNoOrder) {
    for (const char* body :
         {"", "{", "[]", "null", R"({"id":"o1"})",
          R"({"id":7,"album":{"title":"T","artist_name":"A"}})",
          R"({"id":"","album":{"title":"T","artist_name":"A"}})", R"({"id":"o1","album":"T"})"}) {
        EXPECT_FALSE(item_of_message(body)) << body;
    }
}

json::value record(const char* event_name) {
    return {{"eventName", event_name},
            {"dynamodb",
             {{"NewImage",
               {{"id", {{"S", "o1"}}},
                {"album", {{"M", {{"title", {{"S", "T"}}}, {"artist_name", {{"S", "A"}}}}}}}}}}}};
}

TEST(Order, OnlyInsertsAreSales) {
    const auto sale = sale_of_record(record("INSERT"));
    ASSERT_TRUE(sale);
    EXPECT_EQ(sale->order_id, "o1");
    EXPECT_EQ(sale->album, "T");
    EXPECT_FALSE(sale_of_record(record("MODIFY")));
    EXPECT_FALSE(sale_of_record(
        {{"eventName", "REMOVE"}, {"dynamodb", {{"Keys", {{"id", {{"S", "o1"}}}}}}}}));
}

}  // namespace
}  // namespace pinehead
