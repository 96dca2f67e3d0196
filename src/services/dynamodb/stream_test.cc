// Shards of tables' streams: when they are split, and that whoever follows the lineage sees every
// item's changes in order.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <map>

#include "codec/hex.h"
#include "contracts/stream_record.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/table_stream.h"
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/stream_splitter.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using contracts::StreamEvent;
using contracts::StreamViewType;
using testing::from_json;
using testing::Server;

contracts::StreamRow stream_row(Server& server, const std::string& table) {
    const TableRef definition = server.definition(table);
    std::optional<contracts::StreamRow> row;
    server.store->run([&](store::Txn& txn) {
        const auto bytes = txn.get(contracts::stream_key(definition->account, definition->region,
                                                         table, definition->latest_stream_label));
        if (bytes) row = contracts::decode_stream_row(*bytes);
        return store::TxnDecision::kRollback;
    });
    EXPECT_TRUE(row.has_value());
    return row.value_or(contracts::StreamRow{});
}

// Writes the item again and again: `records` changes.
void heat(Server& server, const std::string& key, int records) {
    for (int i = 0; i < records; ++i) {
        ASSERT_TRUE(server.put("tbl", fmt::format(R"({{"pk":{{"S":"{}"}},"n":{{"N":"{}"}}}})", key,
                                                  server.rng.next_u64() % 1'000'000'000)));
    }
}

// A window in which each of the keys changes `records` times.
void window(Server& server, StreamSplitter& splitter, int keys, int records) {
    for (int i = 0; i < keys; ++i) heat(server, std::to_string(i), records);
    server.clock.advance(StreamSplitter::kWindow);
    splitter.step(server.clock.now());
}

TEST(SplitPoint, SharesTheRecordsAsEvenlyAsItCan) {
    HeatCounts counts{};
    counts.fill(10);
    EXPECT_EQ(split_point(counts, 0, 0), uint64_t{1} << 63);
    EXPECT_EQ(split_point(counts, uint64_t{1} << 63, 0), uint64_t{3} << 62);
    EXPECT_EQ(split_point(counts, 0, StreamHeat::hash_of(1)), std::nullopt) << "one bucket";
    counts.fill(0);
    EXPECT_EQ(split_point(counts, 0, 0), std::nullopt);
    counts[5] = 1000;
    counts[50] = 100;
    EXPECT_EQ(split_point(counts, 0, 0), std::nullopt) << "one hot item stays one hot item";
    counts[6] = 900;
    EXPECT_EQ(split_point(counts, 0, 0), StreamHeat::hash_of(6));
}

TEST(StreamSplitter, SplitsWhatStaysHotAndNothingElse) {
    Server server;
    server.create_table("tbl", "", "KEYS_ONLY");
    server.create_table("quiet", "", "KEYS_ONLY");
    StreamSplitter splitter(server.service);
    splitter.step(server.clock.now());
    // Above the limit, but not on end.
    for (int i = 0; i < 6; ++i)
        window(server, splitter, 30, i % StreamSplitter::kHotWindows == 0 ? 1 : 100);
    EXPECT_EQ(stream_row(server, "tbl").shards.size(), 1u);
    window(server, splitter, 30, 1);
    const uint64_t epoch =
        server.hub.epoch(contracts::stream_wake_key(server.definition("tbl")->stream->id, 1));
    for (int i = 0; i < StreamSplitter::kHotWindows; ++i) window(server, splitter, 30, 100);
    const auto row = stream_row(server, "tbl");
    ASSERT_EQ(row.shards.size(), 3u);
    EXPECT_TRUE(row.shards[0].closed.has_value());
    for (const size_t child : {1, 2}) {
        EXPECT_FALSE(row.shards[child].closed.has_value());
        EXPECT_EQ(row.shards[child].parent_id, row.shards[0].id);
    }
    EXPECT_EQ(server.definition("tbl")->stream->shards.size(), 2u);
    EXPECT_NE(server.hub.epoch(contracts::stream_wake_key(row.id, 1)), epoch)
        << "readers of the parent look again";
    EXPECT_EQ(stream_row(server, "quiet").shards.size(), 1u);
}

TEST(StreamSplitter, AHotItemAndManyShardsAreNotSplit) {
    Server server;
    server.create_table("tbl", "", "KEYS_ONLY");
    StreamSplitter splitter(server.service);
    splitter.step(server.clock.now());
    for (int i = 0; i < 5; ++i) window(server, splitter, 1, 3000);
    EXPECT_EQ(stream_row(server, "tbl").shards.size(), 1u);
    DynamoDbService eager(*server.store, server.clock, server.rng, server.hub, server.objects,
                          {.stream_shard_rate = 0.1});
    Table table = *server.definition("tbl");
    for (size_t i = 1; i < kOpenShardsMax; ++i) {
        server.store->run([&](store::Txn& txn) {
            EXPECT_TRUE(
                split_shard(txn, table, StreamHeat::hash_of(i), server.clock.now(), server.rng));
            EXPECT_FALSE(
                split_shard(txn, table, StreamHeat::hash_of(i), server.clock.now(), server.rng));
            server.service.catalog().put(txn, table);
            return store::TxnDecision::kCommit;
        });
    }
    StreamSplitter eager_splitter(eager);
    eager_splitter.step(server.clock.now());
    for (int i = 0; i < 5; ++i) window(server, eager_splitter, 50, 10);
    EXPECT_EQ(server.definition("tbl")->stream->shards.size(), kOpenShardsMax);
}

// Reads the stream as a consumer does that takes parents before their children and jumps between
// the shards that are open to it; gives the items as the records tell them, and how many there are.
std::map<std::string, std::string> replay(Server& server, const contracts::StreamRow& row,
                                          bool images_after, size_t& records) {
    std::map<std::string, std::string> items;
    std::map<std::string, std::vector<store::LogRecord>> logs;
    std::map<std::string, size_t> read;
    size_t left = 0;
    for (const auto& shard : row.shards) {
        logs[shard.id] = server.store->read_log(contracts::stream_log(row.id, shard.number), {},
                                                100'000, size_t{1} << 30);
        left += logs[shard.id].size();
    }
    records = left;
    const std::function<bool(const std::string&)> finished = [&](const std::string& id) {
        const std::string& parent = row.find_shard(id)->parent_id;
        return read[id] == logs[id].size() && (parent.empty() || finished(parent));
    };
    while (left > 0) {
        const auto& shard = row.shards[server.rng.next_u64() % row.shards.size()];
        if (!shard.parent_id.empty() && !finished(shard.parent_id)) continue;
        if (read[shard.id] == logs[shard.id].size()) continue;
        const auto record = contracts::decode_stream_record(logs[shard.id][read[shard.id]++].bytes);
        --left;
        EXPECT_TRUE(record.has_value());
        const std::string key(record->keys.bytes());
        const auto before = items.find(key);
        EXPECT_EQ(record->event == StreamEvent::kInsert, before == items.end());
        if (record->old_image && images_after)
            EXPECT_EQ(before->second, record->old_image->bytes());
        if (record->event == StreamEvent::kRemove) {
            items.erase(key);
        } else {
            EXPECT_EQ(record->new_image.has_value(), images_after);
            items[key] = record->new_image ? record->new_image->bytes() : std::string_view();
        }
    }
    return items;
}

std::map<std::string, std::string> items_of(Server& server) {
    Scan::Input scan;
    scan.table_name = "tbl";
    const auto scanned = server.run<Scan>(scan);
    EXPECT_TRUE(scanned.has_value());
    const TableRef table = server.definition("tbl");
    std::map<std::string, std::string> items;
    for (const item::Item& item : *scanned->items)
        items[std::string(extract_key(table->keys, item).bytes())] = item.bytes();
    return items;
}

// In how many items the two differ.
size_t differences(const std::map<std::string, std::string>& a,
                   const std::map<std::string, std::string>& b) {
    size_t count = 0;
    for (const auto& [key, item] : a) {
        const auto other = b.find(key);
        count += other == b.end() || other->second != item ? 1 : 0;
    }
    for (const auto& [key, item] : b) count += a.contains(key) ? 0 : 1;
    return count;
}

std::string key_of(int key) { return fmt::format(R"("pk":{{"S":"{}"}})", key); }

// A transaction over three items that follow each other; it may fail, and then changes nothing.
void transact(Server& server, int key, int value) {
    TransactWriteItems::Input input;
    input.transact_items.emplace(3);
    auto& put = input.transact_items->at(0).put.emplace();
    put.table_name = "tbl";
    put.item = from_json(fmt::format(R"({{{},"v":{{"N":"{}"}}}})", key_of(key), value));
    auto& update = input.transact_items->at(1).update.emplace();
    update.table_name = "tbl";
    update.key = from_json("{" + key_of(key + 1) + "}");
    update.update_expression = "SET v = :v";
    update.expression_attribute_values = from_json(fmt::format(R"({{":v":{{"N":"{}"}}}})", value));
    auto& remove = input.transact_items->at(2).delete_.emplace();
    remove.table_name = "tbl";
    remove.key = from_json("{" + key_of(key + 2) + "}");
    if (value % 2 == 0) remove.condition_expression = "attribute_exists(v)";
    (void)server.run<TransactWriteItems>(input);
}

RC_GTEST_PROP(Stream, AReplayAlongTheLineageIsTheTable, ()) {
    const auto view = *rc::gen::element(StreamViewType::kKeysOnly, StreamViewType::kNewImage,
                                        StreamViewType::kOldImage, StreamViewType::kNewAndOld);
    const auto steps = *rc::gen::container<std::vector<std::pair<uint8_t, uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<uint8_t>(0, 40), rc::gen::inRange<uint8_t>(0, 21)));
    const bool after = view == StreamViewType::kNewImage || view == StreamViewType::kNewAndOld;
    Server server;
    server.create_table("tbl", "", contracts::stream_view_type_name(view));
    UpdateTimeToLive::Input ttl;
    ttl.table_name = "tbl";
    ttl.time_to_live_specification.emplace();
    ttl.time_to_live_specification->enabled = true;
    ttl.time_to_live_specification->attribute_name = "due";
    RC_ASSERT(server.run<UpdateTimeToLive>(ttl).has_value());
    Expiry expiry(server.service);
    std::map<std::string, std::string> items;
    size_t changes = 0;
    for (const auto& [key, what] : steps) {
        const auto before = items;
        const std::string json = "{" + key_of(key) + "}";
        if (what < 3) {
            DeleteItem::Input input;
            input.table_name = "tbl";
            input.key = from_json(json);
            RC_ASSERT(server.run<DeleteItem>(input).has_value());
        } else if (what < 13) {
            RC_ASSERT(
                server.put("tbl", fmt::format(R"({{{},"v":{{"N":"{}"}}}})", key_of(key), what / 2))
                    .has_value());
        } else if (what < 15) {
            UpdateItem::Input input;
            input.table_name = "tbl";
            input.key = from_json(json);
            input.update_expression = "SET v = :v REMOVE w";
            input.expression_attribute_values =
                from_json(fmt::format(R"({{":v":{{"N":"{}"}}}})", what / 2));
            RC_ASSERT(server.run<UpdateItem>(input).has_value());
        } else if (what < 17) {
            transact(server, key, what);
        } else if (what == 17) {
            // Goes with the next pass for items that are due.
            const int64_t due = epoch_seconds(server.clock.now()) - 1;
            RC_ASSERT(
                server.put("tbl", fmt::format(R"({{{},"due":{{"N":"{}"}}}})", key_of(key), due))
                    .has_value());
        } else if (what == 18) {
            server.work(expiry);
        } else {
            server.store->run([&](store::Txn& txn) {
                const TableRef found = server.service.catalog().load(
                    txn, {server.request.account_id, server.request.region, "tbl"});
                Table table = *found;
                split_shard(txn, table, StreamHeat::hash_of(1 + key), server.clock.now(),
                            server.rng);
                server.service.catalog().put(txn, table);
                return store::TxnDecision::kCommit;
            });
        }
        items = items_of(server);
        changes += differences(before, items);
    }
    size_t records = 0;
    const auto replayed = replay(server, stream_row(server, "tbl"), after, records);
    RC_ASSERT(records == changes);
    RC_ASSERT(replayed.size() == items.size());
    for (const auto& [key, item] : items) {
        const auto found = replayed.find(key);
        RC_ASSERT(found != replayed.end());
        if (after) RC_ASSERT(found->second == item);
    }
}

// The row of a split stream, byte for byte.
TEST(Stream, RowsKeepTheirFormat) {
    contracts::StreamRow row;
    row.id = 0x0102030405060708;
    row.account = "1";
    row.region = "r";
    row.table_name = "t";
    row.label = "l";
    row.created = from_epoch_ms(1);
    row.hash_name = "h";
    row.shards.push_back({.number = 1, .id = "a", .closed = from_epoch_ms(2)});
    row.shards.push_back({.number = 2, .id = "b", .parent_id = "a", .hash_from = 3});
    const std::string bytes = encode_stream_row(row);
    EXPECT_EQ(
        codec::hex_encode(bytes),
        "020102030405060708013101720174016c0101000000000000000100000000000000000168000000020000"
        "000101610000000000000000000000000000000002000000020162016100000000000000030000000000"
        "000000");
    const auto read = contracts::decode_stream_row(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(encode_stream_row(*read), bytes);
    EXPECT_EQ(read->shards[0].closed, from_epoch_ms(2));
}

}  // namespace
}  // namespace millrace::dynamodb
