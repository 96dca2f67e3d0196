// Item collections: sizes follow the writes, and growth ends at the limit.
#include "services/dynamodb/item_collection.h"

#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

class ItemCollections : public ::testing::Test {
protected:
    ItemCollections() {
        const std::string made = server_.answer<CreateTable>(
            R"({"TableName":"tbl","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[)"
            R"({"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},)"
            R"({"AttributeName":"l","AttributeType":"S"}],"KeySchema":[)"
            R"({"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],)"
            R"("LocalSecondaryIndexes":[{"IndexName":"lsi","Projection":{"ProjectionType":"KEYS_ONLY"},)"
            R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}]}]})");
        EXPECT_TRUE(made.starts_with("{")) << made;
    }
    // As kept, and as the rows in the table and the index say, of all collections together.
    int64_t kept() {
        return sum(store::Space::kLsi, [](std::string_view sort, std::string_view row) -> int64_t {
            if (!sort.empty()) return 0;
            return static_cast<int64_t>(ByteReader(row).u64());
        });
    }
    int64_t recomputed() {
        const auto size = [](std::string_view sort, std::string_view row) -> int64_t {
            return sort.empty() ? 0
                                : static_cast<int64_t>(item::item_size(*item::read_stored(row)));
        };
        return sum(store::Space::kItems, size) + sum(store::Space::kLsi, size);
    }
    // The collection of "a" gets as large as if it had these bytes more.
    void inflate(int64_t bytes) {
        server_.store->run([&](store::Txn& txn) {
            const TableRef table = server_.definition("tbl");
            const item::Item key = from_json(R"({"pk":{"S":"a"},"sk":{"N":"0"}})");
            grow_collection(txn, *key_of_request(*table, key), bytes);
            return store::TxnDecision::kCommit;
        });
    }
    Server server_;

private:
    int64_t sum(store::Space space,
                const std::function<int64_t(std::string_view, std::string_view)>& bytes_of) {
        int64_t total = 0;
        server_.store->run([&](store::Txn& txn) {
            txn.scan_space(space, "", "", "",
                           [&](std::string_view, std::string_view sort, std::string_view row) {
                               total += bytes_of(sort, row);
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
        return total;
    }
};

TEST_F(ItemCollections, SizesAreThoseOfTheRows) {
    SeededRng rng(7);
    for (int i = 0; i < 300; ++i) {
        const uint64_t draw = rng.next_u64();
        const std::string key = fmt::format(R"("pk":{{"S":"{}"}},"sk":{{"N":"{}"}})",
                                            draw % 2 == 0 ? "a" : "b", draw / 2 % 5);
        if (draw / 10 % 3 == 0) {
            server_.answer<DeleteItem>(R"({"TableName":"tbl","Key":{)" + key + "}}");
        } else {
            const std::string local =
                draw / 30 % 2 == 0 ? "" : fmt::format(R"(,"l":{{"S":"{}"}})", draw / 60 % 3);
            ASSERT_TRUE(server_.put("tbl", "{" + key + local + R"(,"x":{"S":")" +
                                               std::string(draw / 180 % 50, 'x') + "\"}}"));
        }
        ASSERT_EQ(kept(), recomputed());
    }
}

TEST_F(ItemCollections, MetricsNameEachCollectionOnce) {
    const std::string put = R"({"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}},)"
                            R"({"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"N":"2"}}}})";
    const std::string of_a =
        R"({"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0,1]})";
    EXPECT_EQ(server_.answer<BatchWriteItem>(R"({"ReturnItemCollectionMetrics":"SIZE",)"
                                             R"("RequestItems":{"tbl":[)" +
                                             put + "]}}"),
              R"({"UnprocessedItems":{},"ItemCollectionMetrics":{"tbl":[)" + of_a + "]}}");
    inflate(int64_t{3} << 30);
    const std::string key = R"({"TableName":"tbl","ReturnItemCollectionMetrics":"SIZE",)"
                            R"("Key":{"pk":{"S":"a"},"sk":{"N":"1"}}})";
    const std::string larger =
        R"({"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[3,4]})";
    EXPECT_EQ(server_.answer<UpdateItem>(key), R"({"ItemCollectionMetrics":)" + larger + "}");
    EXPECT_EQ(server_.answer<DeleteItem>(key), R"({"ItemCollectionMetrics":)" + larger + "}");
    EXPECT_EQ(server_.answer<TransactWriteItems>(
                  R"({"ReturnItemCollectionMetrics":"SIZE","TransactItems":[)"
                  R"({"Put":{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"N":"7"}}}},)"
                  R"({"ConditionCheck":{"TableName":"tbl","Key":{"pk":{"S":"b"},"sk":{"N":"7"}},)"
                  R"x("ConditionExpression":"attribute_not_exists(pk)"}}]})x"),
              R"({"ItemCollectionMetrics":{"tbl":[)" + larger + "]}}");
    // Only tables with local indexes have collections.
    server_.create_table("plain");
    EXPECT_EQ(server_.answer<PutItem>(R"({"TableName":"plain","Item":{"pk":{"S":"a"}},)"
                                      R"("ReturnItemCollectionMetrics":"SIZE"})"),
              "{}");
}

TEST_F(ItemCollections, GrowthEndsAtTheLimit) {
    ASSERT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"12345"}})"));
    inflate(kItemCollectionBytesMax - 12);
    constexpr std::string_view kText = "Collection size exceeded.";
    const auto refused =
        server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"123456"}})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "ItemCollectionSizeLimitExceededException");
    EXPECT_EQ(refused.error().message, kText);
    const std::string item = R"("Item":{"pk":{"S":"a"},"sk":{"N":"2"}})";
    EXPECT_EQ(server_.answer<BatchWriteItem>(R"({"RequestItems":{"tbl":[{"PutRequest":{)" + item +
                                             "}}]}}"),
              kText);
    EXPECT_EQ(server_.answer<TransactWriteItems>(R"({"TransactItems":[{"Put":{"TableName":"tbl",)" +
                                                 item + "}}]}"),
              "Transaction cancelled, please refer cancellation reasons for specific reasons "
              "[ItemCollectionSizeLimitExceeded]");
    // Others grow, and this one may shrink or stay.
    EXPECT_TRUE(server_.put("tbl", R"({"pk":{"S":"b"},"sk":{"N":"1"}})"));
    EXPECT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"54321"}})"));
    EXPECT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"}})"));
    EXPECT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"123"}})"));
}

TEST_F(ItemCollections, GoWithTheirTable) {
    ASSERT_TRUE(server_.put("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"},"l":{"S":"l"}})"));
    ASSERT_EQ(server_.rows(store::Space::kLsi), 2u);
    server_.answer<DeleteTable>(R"({"TableName":"tbl"})");
    TableDeletion deletion(server_.service);
    server_.work(deletion);
    EXPECT_EQ(server_.rows(store::Space::kLsi), 0u);
}

}  // namespace
}  // namespace millrace::dynamodb
