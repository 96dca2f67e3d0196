// Secondary indexes: what is in them is what the items say, while items and indexes change.
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/index_builder.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

// The two hash and two sort attributes of a global index.
UpdateTable::Input new_index() {
    UpdateTable::Input input;
    input.table_name = "tbl";
    input.attribute_definitions.emplace();
    auto& create = input.global_secondary_index_updates.emplace().emplace_back().create.emplace();
    create.index_name = "gsi";
    create.key_schema.emplace();
    for (const char* name : {"h1", "h2", "r1", "r2"}) {
        input.attribute_definitions->push_back({.attribute_name = name, .attribute_type = "S"});
        create.key_schema->push_back(
            {.attribute_name = name, .key_type = name[0] == 'h' ? "HASH" : "RANGE"});
    }
    create.projection.emplace().projection_type = "KEYS_ONLY";
    return input;
}

UpdateTable::Input no_index() {
    UpdateTable::Input input;
    input.table_name = "tbl";
    input.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name =
        "gsi";
    return input;
}

Result<Query::Output> query(Server& server, std::string_view condition) {
    Query::Input input;
    input.table_name = "tbl";
    input.index_name = "gsi";
    input.key_condition_expression = std::string(condition);
    input.expression_attribute_values = from_json(R"({":a":{"S":"a"},":b":{"S":"b"}})");
    return server.run<Query>(input);
}

TEST(Indexes, BackFillAndKeysOfSeveralAttributes) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(server.put(
        "tbl",
        R"({"pk":{"S":"1"},"h1":{"S":"a"},"h2":{"S":"b"},"r1":{"S":"a"},"r2":{"S":"b"},"x":{"S":"x"}})"));
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"2"},"h1":{"S":"a"},"h2":{"S":"b"}})"));
    const auto made = server.run<UpdateTable>(new_index());
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(query(server, "h1 = :a AND h2 = :b").error().message,
              "Cannot read from backfilling global secondary index: gsi");
    EXPECT_EQ(server.error_of<UpdateTable>(new_index()),
              "Subscriber limit exceeded: Only 1 online index can be created or deleted "
              "simultaneously per table");
    ASSERT_TRUE(server.put(
        "tbl", R"({"pk":{"S":"3"},"h1":{"S":"a"},"h2":{"S":"b"},"r1":{"S":"b"},"r2":{"S":"a"}})"));
    IndexBuilder builder(server.service);
    server.work(builder);
    EXPECT_EQ(query(server, "h1 = :a AND h2 = :b")->count, 2);
    EXPECT_EQ(query(server, "h1 = :a AND h2 = :b AND r1 = :a AND r2 > :a")->count, 1);
    EXPECT_EQ(query(server, "h1 = :a AND h2 = :b AND r1 > :a")->count, 1);
    EXPECT_EQ(query(server, "h1 = :a AND r1 = :b").error().message,
              "Query condition missed key schema element: h2");
    EXPECT_EQ(
        item::to_json(query(server, "h1 = :a AND h2 = :b AND r1 = :a")->items->at(0)).find("x\":"),
        std::string::npos);
    ASSERT_TRUE(server.run<UpdateTable>(no_index()));
    server.work(builder);
    EXPECT_EQ(server.rows(store::Space::kGsi), 0u);
    EXPECT_EQ(query(server, "h1 = :a AND h2 = :b").error().message,
              "The table does not have the specified index: gsi");
}

// While an index is filled or emptied no other is made or deleted; what else may change depends.
TEST(Indexes, OneAtATime) {
    Server server;
    server.create_table("tbl");
    IndexBuilder builder(server.service);
    UpdateTable::Input other = new_index();
    other.global_secondary_index_updates->front().create->index_name = "other";
    ASSERT_TRUE(server.run<UpdateTable>(other));
    server.work(builder);
    UpdateTable::Input change;
    change.table_name = "tbl";
    auto& update = change.global_secondary_index_updates.emplace().emplace_back().update.emplace();
    update.on_demand_throughput.emplace().max_read_request_units = 100;
    const auto code_of = [&](const UpdateTable::Input& input) {
        const auto result = server.run<UpdateTable>(input);
        return result ? "none" : result.error().code;
    };
    const auto code_of_change = [&](const char* index) {
        update.index_name = index;
        return code_of(change);
    };
    const auto no_other_comes_or_goes = [&] {
        UpdateTable::Input third = new_index();
        third.global_secondary_index_updates->front().create->index_name = "third";
        EXPECT_EQ(code_of(third), "LimitExceededException");
        UpdateTable::Input gone = no_index();
        gone.global_secondary_index_updates->front().delete_->index_name = "other";
        EXPECT_EQ(code_of(gone), "LimitExceededException");
        DeleteTable::Input table;
        table.table_name = "tbl";
        EXPECT_EQ(server.error_of<DeleteTable>(table),
                  "Attempt to change a resource which is still in use: Table is being updated: "
                  "tbl");
    };
    UpdateTable::Input protection;
    protection.table_name = "tbl";
    protection.deletion_protection_enabled = false;

    ASSERT_TRUE(server.run<UpdateTable>(new_index()));
    no_other_comes_or_goes();
    EXPECT_EQ(code_of_change("other"), "none");
    EXPECT_EQ(code_of_change("gsi"), "none");
    EXPECT_EQ(code_of(protection), "none");
    EXPECT_EQ(code_of(no_index()), "none") << "also before it is filled";
    no_other_comes_or_goes();
    EXPECT_EQ(code_of(no_index()), "LimitExceededException");
    EXPECT_EQ(code_of_change("other"), "none");
    EXPECT_EQ(code_of_change("gsi"), "ResourceInUseException");
    EXPECT_EQ(code_of(protection), "ResourceInUseException");
    update.index_name = "other";
    change.deletion_protection_enabled = false;
    EXPECT_EQ(code_of(change), "ResourceInUseException");
    server.work(builder);
    EXPECT_EQ(code_of(change), "none");
}

TEST(Indexes, LocalIndexFetchesWhatItLacks) {
    Server server;
    CreateTable::Input input;
    input.table_name = "tbl";
    input.billing_mode = "PAY_PER_REQUEST";
    input.attribute_definitions.emplace();
    for (const char* name : {"pk", "sk", "other"})
        input.attribute_definitions->push_back({.attribute_name = name, .attribute_type = "S"});
    input.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"},
                         {.attribute_name = "sk", .key_type = "RANGE"}}};
    auto& local = input.local_secondary_indexes.emplace().emplace_back();
    local.index_name = "lsi";
    local.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"},
                         {.attribute_name = "other", .key_type = "RANGE"}}};
    local.projection.emplace().projection_type = "KEYS_ONLY";
    const auto created = server.run<CreateTable>(input);
    ASSERT_TRUE(created) << created.error().message;
    ASSERT_TRUE(
        server.put("tbl", R"({"pk":{"S":"a"},"sk":{"S":"1"},"other":{"S":"z"},"x":{"S":"1"}})"));
    ASSERT_TRUE(
        server.put("tbl", R"({"pk":{"S":"a"},"sk":{"S":"2"},"other":{"S":"y"},"x":{"S":"2"}})"));
    Query::Input query;
    query.table_name = "tbl";
    query.index_name = "lsi";
    query.key_condition_expression = "pk = :a";
    query.expression_attribute_values = from_json(R"({":a":{"S":"a"}})");
    query.consistent_read = true;
    query.select = "ALL_ATTRIBUTES";
    query.return_consumed_capacity = "INDEXES";
    const auto all = server.run<Query>(query);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->items->size(), 2u);
    EXPECT_EQ(all->items->at(0).find("x").string(), "2");
    EXPECT_EQ(all->consumed_capacity->capacity_units, 3.0);
    EXPECT_EQ(all->consumed_capacity->table->capacity_units, 2.0);
    query.select.reset();
    query.scan_index_forward = false;
    query.limit = 1;
    const auto first = server.run<Query>(query);
    EXPECT_FALSE(first->items->at(0).find("x"));
    query.exclusive_start_key = first->last_evaluated_key;
    EXPECT_EQ(server.run<Query>(query)->items->at(0).find("sk").string(), "2");
    query.filter_expression = "x = :a";
    EXPECT_EQ(server.error_of<Query>(query),
              "One or more parameter values were invalid: Secondary index lsi does not project one "
              "or more filter attributes: [x]");
}

}  // namespace
}  // namespace millrace::dynamodb
