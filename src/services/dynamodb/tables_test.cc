// Tables, tags, streams' switches, and the workers behind them.
#include "contracts/stream_record.h"
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

CreateTable::Input simple_table() {
    CreateTable::Input input;
    input.table_name = "table";
    input.billing_mode = "PAY_PER_REQUEST";
    input.attribute_definitions = {{{.attribute_name = "pk", .attribute_type = "S"}}};
    input.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"}}};
    return input;
}

// SipHash's reference vectors: key 00..0f, message 00, 01, ...
TEST(SipHash, ReferenceVectors) {
    HashKey key;
    for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(i);
    const auto hex = [&](std::string_view message) {
        std::string out;
        for (const char c : siphash128(key, message))
            out += fmt::format("{:02x}", static_cast<uint8_t>(c));
        return out;
    };
    EXPECT_EQ(hex(""), "a3817f04ba25a8e66df67214c7550293");
    EXPECT_EQ(hex(std::string_view("\0", 1)), "da87c1d86b99af44347659119b22fc45");
    EXPECT_EQ(hex(std::string_view("\0\1", 2)), "8177228da4a45dc7fca38bdef60affe4");
}

TEST(Tables, CreateDescribeDelete) {
    Server server;
    const auto created = server.run<CreateTable>(simple_table());
    ASSERT_TRUE(created) << created.error().message;
    EXPECT_EQ(created->table_description->table_status, "CREATING");
    EXPECT_EQ(created->table_description->table_arn,
              "arn:aws:dynamodb:eu-central-1:123456789012:table/table");
    EXPECT_EQ(server.error_of<CreateTable>(simple_table()), "Table already exists: table");
    DescribeTable::Input describe;
    describe.table_name = "table";
    EXPECT_EQ(server.run<DescribeTable>(describe)->table->table_status, "ACTIVE");
    ASSERT_TRUE(server.put("table", R"({"pk":{"S":"a"}})"));
    EXPECT_EQ(server.run<DescribeTable>(describe)->table->item_count, 1);

    DeleteTable::Input remove;
    remove.table_name = "table";
    EXPECT_EQ(server.run<DeleteTable>(remove)->table_description->table_status, "DELETING");
    EXPECT_EQ(server.error_of<DescribeTable>(describe),
              "Requested resource not found: Table: table not found");
    // A new table of the name has nothing of the old one, before and after the worker ran.
    ASSERT_TRUE(server.run<CreateTable>(simple_table()));
    EXPECT_EQ(server.get("table", R"({"pk":{"S":"a"}})"), "");
    ASSERT_TRUE(server.put("table", R"({"pk":{"S":"b"}})"));
    TableDeletion deletion(server.service);
    server.work(deletion);
    EXPECT_EQ(server.rows(store::Space::kItems), 1u);
    EXPECT_NE(server.get("table", R"({"pk":{"S":"b"}})"), "");
}

TEST(Tables, Refusals) {
    Server server;
    auto input = simple_table();
    input.table_name = "a b c";
    EXPECT_EQ(server.error_of<CreateTable>(input),
              "1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy "
              "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
    input = simple_table();
    input.key_schema->push_back({.attribute_name = "sk", .key_type = "RANGE"});
    EXPECT_EQ(server.error_of<CreateTable>(input),
              "Invalid KeySchema: Some index key attribute have no definition");
    input = simple_table();
    input.attribute_definitions->push_back({.attribute_name = "x", .attribute_type = "S"});
    EXPECT_EQ(server.error_of<CreateTable>(input),
              "One or more parameter values were invalid: Number of attributes in KeySchema does "
              "not exactly match number of attributes defined in AttributeDefinitions");
    input = simple_table();
    input.key_schema->at(0).key_type = "RANGE";
    EXPECT_EQ(server.error_of<CreateTable>(input),
              "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    input = simple_table();
    input.provisioned_throughput.emplace();
    input.provisioned_throughput->read_capacity_units = 1;
    input.provisioned_throughput->write_capacity_units = 1;
    EXPECT_EQ(server.error_of<CreateTable>(input),
              "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
              "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    input = simple_table();
    input.deletion_protection_enabled = true;
    ASSERT_TRUE(server.run<CreateTable>(input));
    DeleteTable::Input remove;
    remove.table_name = "table";
    EXPECT_EQ(server.error_of<DeleteTable>(remove),
              "Resource cannot be deleted as it is currently protected against deletion. Disable "
              "deletion protection first.");
}

TEST(Tables, DefinitionSurvivesItsRow) {
    Server server;
    server.create_table("tbl", "N", "NEW_IMAGE");
    const TableRef table = server.definition("tbl");
    ASSERT_NE(table, nullptr);
    const std::string row = encode_table(*table);
    const auto decoded = decode_table(row);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(encode_table(*decoded), row);
    for (size_t cut = 0; cut < row.size(); ++cut)
        EXPECT_FALSE(decode_table(std::string_view(row).substr(0, cut)).has_value());
}

TEST(Tables, ListPages) {
    Server server;
    for (const char* name : {"ccc", "aaa", "bbb"}) server.create_table(name);
    ListTables::Input input;
    input.limit = 2;
    const auto first = server.run<ListTables>(input);
    EXPECT_EQ(*first->table_names, (std::vector<std::string>{"aaa", "bbb"}));
    input.exclusive_start_table_name = first->last_evaluated_table_name;
    const auto second = server.run<ListTables>(input);
    EXPECT_EQ(*second->table_names, (std::vector<std::string>{"ccc"}));
    EXPECT_FALSE(second->last_evaluated_table_name.has_value());
}

// A write that began before the definition changed must not commit with the old one.
TEST(Tables, AWriteNeverUsesAnOldDefinition) {
    Server server;
    server.create_table("tbl");
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"a"}})"));  // fills the cache
    UpdateTable::Input enable;
    enable.table_name = "tbl";
    enable.stream_specification.emplace();
    enable.stream_specification->stream_enabled = true;
    enable.stream_specification->stream_view_type = "KEYS_ONLY";
    PutItem::Input put;
    put.table_name = "tbl";
    put.item = from_json(R"({"pk":{"S":"b"}})");
    int attempts = 0;
    server.store->run([&](store::Txn& txn) {
        OpContext context(txn, server.clock, server.rng, server.request);
        EXPECT_TRUE(PutItem::run(server.service, context, put).has_value());
        if (++attempts == 1) EXPECT_TRUE(server.run<UpdateTable>(enable));
        return store::TxnDecision::kCommit;
    });
    EXPECT_EQ(attempts, 2);
    const TableRef table = server.definition("tbl");
    EXPECT_EQ(
        server.store->read_log(contracts::stream_log(table->stream->id, 1), {}, 10, 1 << 20).size(),
        1u);
}

TEST(Tables, StreamSwitches) {
    Server server;
    server.create_table("tbl", "", "KEYS_ONLY");
    UpdateTable::Input input;
    input.table_name = "tbl";
    input.stream_specification.emplace();
    input.stream_specification->stream_enabled = true;
    input.stream_specification->stream_view_type = "NEW_IMAGE";
    EXPECT_EQ(server.error_of<UpdateTable>(input),
              "Table already has an enabled stream: TableName: tbl");
    auto off = input;
    off.stream_specification->stream_enabled = false;
    off.stream_specification->stream_view_type.reset();
    ASSERT_TRUE(server.run<UpdateTable>(off));
    // In the same millisecond: another label, the old stream's row stays.
    ASSERT_TRUE(server.run<UpdateTable>(input));
    EXPECT_EQ(server.rows(store::Space::kStreams), 2u);
}

TEST(Tables, Tags) {
    Server server;
    server.create_table("tbl");
    const std::string arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/tbl";
    TagResource::Input tag;
    tag.resource_arn = arn;
    tag.tags = {{{.key = "a", .value = "1"}, {.key = "b", .value = "2"}}};
    ASSERT_TRUE(server.run<TagResource>(tag));
    UntagResource::Input untag;
    untag.resource_arn = arn;
    untag.tag_keys = {"a", "never there"};
    ASSERT_TRUE(server.run<UntagResource>(untag));
    ListTagsOfResource::Input list;
    list.resource_arn = arn;
    ASSERT_EQ(server.run<ListTagsOfResource>(list)->tags->size(), 1u);
    list.resource_arn = arn + "x";
    EXPECT_EQ(server.error_of<ListTagsOfResource>(list),
              "Requested resource not found: ResourcArn: " + arn + "x not found");
}

TEST(Expiry, DeletesWhatIsDueWithTheServiceAsPrincipal) {
    Server server;
    server.create_table("tbl", "N", "OLD_IMAGE");
    const int64_t now = epoch_seconds(server.clock.now());
    // One partition, so that the back-fill goes on in the middle of it; most before TTL is enabled.
    for (int i = 0; i < 1200; ++i) {
        ASSERT_TRUE(server.put(
            "tbl", fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"{}"}},"due":{{"N":"{}"}}}})", i,
                               i % 2 == 0 ? now - 10 : now + 7200)));
    }
    UpdateTimeToLive::Input ttl;
    ttl.table_name = "tbl";
    ttl.time_to_live_specification.emplace();
    ttl.time_to_live_specification->enabled = true;
    ttl.time_to_live_specification->attribute_name = "due";
    ASSERT_TRUE(server.run<UpdateTimeToLive>(ttl));
    EXPECT_EQ(server.error_of<UpdateTimeToLive>(ttl), "TimeToLive is already enabled");
    const std::string row = encode_table(*server.definition("tbl"));
    EXPECT_EQ(encode_table(*decode_table(row)), row) << "with the time of the change";
    UpdateTimeToLive::Input off = ttl;
    off.time_to_live_specification->enabled = false;
    EXPECT_EQ(server.error_of<UpdateTimeToLive>(off),
              "Time to live has been modified multiple times within a fixed interval");
    ASSERT_TRUE(
        server.put("tbl", fmt::format(R"({{"pk":{{"S":"b"}},"sk":{{"N":"1"}},"due":{{"N":"{}"}}}})",
                                      now - 6 * 365 * 24 * 3600)));  // too long ago
    ASSERT_TRUE(server.put("tbl", R"({"pk":{"S":"c"},"sk":{"N":"1"},"due":{"S":"1"}})"));
    Expiry expiry(server.service);
    server.work(expiry);
    EXPECT_EQ(server.rows(store::Space::kItems), 602u);
    const TableRef table = server.definition("tbl");
    size_t removals = 0;
    for (const auto& entry : server.store->read_log(contracts::stream_log(table->stream->id, 1), {},
                                                    10'000, 64 << 20)) {
        const auto record = contracts::decode_stream_record(entry.bytes);
        ASSERT_TRUE(record.has_value());
        if (record->event != contracts::StreamEvent::kRemove) continue;
        removals += 1;
        EXPECT_TRUE(record->by_ttl);
        EXPECT_TRUE(record->old_image.has_value());
    }
    EXPECT_EQ(removals, 600u);
    // A due time that was moved is kept to; the others go when their time comes.
    ASSERT_TRUE(server.put(
        "tbl",
        fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"1"}},"due":{{"N":"{}"}}}})", now + 90'000)));
    server.clock.advance(std::chrono::hours(3));
    server.work(expiry);
    EXPECT_EQ(server.rows(store::Space::kItems), 3u);
    EXPECT_NE(server.get("tbl", R"({"pk":{"S":"a"},"sk":{"N":"1"}})"), "");
    EXPECT_TRUE(server.run<UpdateTimeToLive>(off)) << "after an hour";
}

// Large items: a step's old images must fit into a transaction.
TEST(Expiry, LargeItems) {
    Server server;
    server.create_table("tbl", "", "NEW_AND_OLD_IMAGES");
    UpdateTimeToLive::Input ttl;
    ttl.table_name = "tbl";
    ttl.time_to_live_specification.emplace();
    ttl.time_to_live_specification->enabled = true;
    ttl.time_to_live_specification->attribute_name = "due";
    ASSERT_TRUE(server.run<UpdateTimeToLive>(ttl));
    const std::string filler(400'000, 'x');
    for (int i = 0; i < 170; ++i) {
        ASSERT_TRUE(server.put(
            "tbl", fmt::format(R"({{"pk":{{"S":"{}"}},"due":{{"N":"{}"}},"v":{{"S":"{}"}}}})", i,
                               epoch_seconds(server.clock.now()) - 1, filler)));
    }
    Expiry expiry(server.service);
    server.work(expiry);
    EXPECT_EQ(server.rows(store::Space::kItems), 0u);
    EXPECT_EQ(server.rows(store::Space::kTtl), 0u);
}

TEST(Statistics, AreWrittenAndStillRight) {
    Server server;
    server.create_table("tbl");
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(server.put("tbl", fmt::format(R"({{"pk":{{"S":"{}"}}}})", i)));
    DescribeTable::Input input;
    input.table_name = "tbl";
    const auto before = server.run<DescribeTable>(input);
    StatisticsWriter writer(server.service);
    server.work(writer);
    const auto after = server.run<DescribeTable>(input);
    EXPECT_EQ(before->table->item_count, 5);
    EXPECT_EQ(after->table->item_count, 5);
    EXPECT_EQ(after->table->table_size_bytes, 15);
    EXPECT_EQ(server.rows(store::Space::kTables), 3u);
}

}  // namespace
}  // namespace millrace::dynamodb
