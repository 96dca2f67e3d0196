// A table's state at any cut, against a model that keeps every state.
#include "services/dynamodb/backup/history.h"

#include <map>

#include "services/dynamodb/backup/backups.h"
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/backup_jobs.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;
using State = std::map<std::string, std::string>;  // key -> item as JSON

std::string key_json(uint64_t n) {
    return fmt::format(R"({{"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}}}})", n % 3, n / 3);
}

State as_state(const std::vector<CopiedItem>& items) {
    State state;
    for (const CopiedItem& item : items) {
        const auto view = item::read_stored(item.row);
        state[item.key.partition + item.key.sort] = item::to_json(*view);
    }
    return state;
}

// All pages, read with `limits`.
std::vector<CopiedItem> read_all(Server& server, uint64_t table_id, const std::optional<Cut>& cut,
                                 PageLimits limits) {
    std::vector<CopiedItem> all;
    for (std::string position = first_position(table_id); !position.empty();) {
        CopyPage page;
        server.store->run([&](store::Txn& txn) {
            page = read_copy_page(txn, table_id, cut, position, limits);
            return store::TxnDecision::kRollback;
        });
        EXPECT_TRUE(page.next.empty() || page.next > position);
        all.insert(all.end(), page.items.begin(), page.items.end());
        position = page.next;
    }
    return all;
}

class HistoryTest : public ::testing::Test {
protected:
    HistoryTest() { server.create_table("table", "N"); }

    void enable_recovery(int days = 35) {
        UpdateContinuousBackups::Input input;
        input.table_name = "table";
        input.point_in_time_recovery_specification.emplace();
        input.point_in_time_recovery_specification->point_in_time_recovery_enabled = true;
        input.point_in_time_recovery_specification->recovery_period_in_days = days;
        const auto result = server.run<UpdateContinuousBackups>(input);
        ASSERT_TRUE(result) << result.error().message;
    }
    Cut cut(TimePoint time = Cut::kNow) {
        Cut made;
        server.store->run([&](store::Txn& txn) {
            OpContext context(txn, server.clock, server.rng, server.request);
            made = cut_table(server.service, context,
                             *server.service.catalog().load(txn, address()), time);
            return store::TxnDecision::kCommit;
        });
        return made;
    }
    TableAddress address() const {
        return {server.request.account_id, server.request.region, "table"};
    }
    // One write, put or delete, in the table and in the model.
    void write_something() {
        const uint64_t n = server.rng.next_u64() % 40;
        const std::string key = key_json(n);
        const TableRef table = server.definition("table");
        const auto item_key = key_of_request(*table, from_json(key));
        if (server.rng.next_u64() % 4 == 0) {
            DeleteItem::Input input;
            input.table_name = "table";
            input.key = from_json(key);
            ASSERT_TRUE(server.run<DeleteItem>(input));
            now.erase(item_key->partition + item_key->sort);
        } else {
            item::ItemBuilder builder(from_json(key).view());
            builder.set_number("v", static_cast<int64_t>(server.rng.next_u64() % 1000));
            const std::string json = item::to_json(builder.build().view());
            ASSERT_TRUE(server.put("table", json));
            now[item_key->partition + item_key->sort] = json;
        }
    }
    State at(const std::optional<Cut>& made, PageLimits limits) {
        return as_state(read_all(server, server.definition("table")->id, made, limits));
    }

    Server server;
    State now;
};

TEST_F(HistoryTest, EverySecondOfTheWindow) {
    for (int i = 0; i < 20; ++i) write_something();
    server.clock.advance(std::chrono::milliseconds(400));
    enable_recovery();
    server.clock.advance(std::chrono::milliseconds(600));
    std::map<TimePoint, State> states;
    for (int second = 0; second < 60; ++second) {
        states[server.clock.now()] = now;
        for (uint64_t i = server.rng.next_u64() % 12; i > 0; --i) {
            server.clock.advance(std::chrono::milliseconds(server.rng.next_u64() % 80));
            write_something();
        }
        // To the next whole second; nothing is written in its first microsecond.
        const auto into = server.clock.now().time_since_epoch() % std::chrono::seconds(1);
        server.clock.advance(std::chrono::seconds(1) - into);
    }
    states[server.clock.now()] = now;
    for (const auto& [time, state] : states) {
        const Cut made = cut(time);
        for (const PageLimits limits : {PageLimits{}, PageLimits{3, 1 << 20}, PageLimits{1, 1}})
            ASSERT_EQ(at(made, limits), state) << format_iso8601_ms(time);
    }
}

TEST_F(HistoryTest, CutOfNowIsOfTheOrderOfCommitsNotOfTime) {
    for (int i = 0; i < 30; ++i) write_something();
    const State before = now;
    // The clock does not move: what is written behind the cut has the same time.
    const Cut made = cut();
    const Cut by_time = cut(server.clock.now());
    for (int i = 0; i < 100; ++i) write_something();
    EXPECT_NE(now, before);
    EXPECT_EQ(at(made, {}), before);
    EXPECT_EQ(at(by_time, {2, 1 << 20}), before);
    EXPECT_EQ(at(std::nullopt, {}), now);
}

// The machine's clock was set back while the server was down: what is written then lies behind what
// was written before all the same, for a cut of now as for one by time.
TEST_F(HistoryTest, AClockSetBackBetweenTwoProcessesBlursNothing) {
    enable_recovery();
    server.clock.advance(std::chrono::seconds(10));
    const auto put = [&](DynamoDbService& service, const Clock& clock, int pk, int v) {
        PutItem::Input input;
        input.table_name = "table";
        input.item = from_json(
            fmt::format(R"({{"pk":{{"S":"{}"}},"sk":{{"N":"0"}},"v":{{"N":"{}"}}}})", pk, v));
        server.store->run([&](store::Txn& txn) {
            OpContext context(txn, clock, server.rng, server.request);
            EXPECT_TRUE(PutItem::run(service, context, input).has_value());
            return store::TxnDecision::kCommit;
        });
    };
    for (const int pk : {1, 2}) put(server.service, server.clock, pk, 1);
    const State before = at(std::nullopt, {});
    const Cut running = cut();
    server.clock.advance(std::chrono::seconds(10));
    put(server.service, server.clock, 1, 2);
    const State between = at(std::nullopt, {});
    const TimePoint then = server.clock.now();
    // Twice, since the first of them does not get beyond the times of the last one either.
    for (const int back_s : {5, 3600}) {
        FakeClock clock(then - std::chrono::seconds(back_s));
        DynamoDbService next(*server.store, clock, server.rng, server.hub, server.objects);
        for (const int pk : {1, 2}) {
            put(next, clock, pk, back_s);
            clock.advance(std::chrono::microseconds(1));
            put(next, clock, pk, back_s + 1);
        }
        EXPECT_EQ(at(running, {}), before) << back_s;
        EXPECT_EQ(at(cut(then), {}), between) << back_s;
    }
}

TEST_F(HistoryTest, WritersGoOnWhileTheStateIsRead) {
    for (int i = 0; i < 60; ++i) write_something();
    const State before = now;
    const Cut made = cut();
    State read;
    for (std::string position = first_position(server.definition("table")->id);
         !position.empty();) {
        CopyPage page;
        server.store->run([&](store::Txn& txn) {
            page =
                read_copy_page(txn, server.definition("table")->id, made, position, {2, 1 << 20});
            return store::TxnDecision::kRollback;
        });
        read.merge(as_state(page.items));
        position = page.next;
        for (int i = 0; i < 7; ++i) write_something();
    }
    EXPECT_EQ(read, before);
}

TEST_F(HistoryTest, AnOftenWrittenItemCostsOneSeek) {
    enable_recovery();
    server.clock.advance(std::chrono::seconds(1));
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(server.put(
            "table",
            fmt::format(R"({{"pk":{{"S":"hot"}},"sk":{{"N":"1"}},"v":{{"N":"{}"}}}})", i)));
        if (i == 249) server.clock.advance(std::chrono::seconds(10));
    }
    for (int i = 0; i < 20; ++i) write_something();
    const TimePoint between = server.clock.now() - std::chrono::seconds(5);
    const auto items = read_all(server, server.definition("table")->id, cut(between), {});
    ASSERT_EQ(items.size(), 1u);
    EXPECT_TRUE(item::read_stored(items[0].row)->find("v") == item::Value::number(249).view());
}

TEST_F(HistoryTest, ChangesBetweenTwoTimes) {
    enable_recovery();
    const auto put = [&](int pk, int v) {
        ASSERT_TRUE(server.put(
            "table",
            fmt::format(R"({{"pk":{{"S":"{}"}},"sk":{{"N":"0"}},"v":{{"N":"{}"}}}})", pk, v)));
    };
    const auto remove = [&](int pk) {
        DeleteItem::Input input;
        input.table_name = "table";
        input.key = from_json(fmt::format(R"({{"pk":{{"S":"{}"}},"sk":{{"N":"0"}}}})", pk));
        ASSERT_TRUE(server.run<DeleteItem>(input));
    };
    for (const int pk : {1, 2, 3, 4}) put(pk, 0);
    server.clock.advance(std::chrono::seconds(10));
    const TimePoint from = server.clock.now();
    put(1, 1);  // changed
    remove(2);  // deleted
    put(5, 1);  // inserted
    put(6, 1);  // came and went
    remove(6);
    server.clock.advance(std::chrono::seconds(10));
    const TimePoint to = server.clock.now();
    put(3, 2);  // too late
    put(1, 2);
    const Cut cut_from = cut(from - Duration(1));
    const Cut cut_to = cut(to - Duration(1));
    std::map<std::string, std::pair<std::string, std::string>> changes;
    for (std::string position = first_position(server.definition("table")->id);
         !position.empty();) {
        ChangePage page;
        server.store->run([&](store::Txn& txn) {
            page = read_change_page(txn, server.definition("table")->id, cut_from, cut_to, position,
                                    {2, 1 << 20});
            return store::TxnDecision::kRollback;
        });
        const auto value = [](const std::string& row) {
            return row.empty() ? "" : item::to_json(item::read_stored(row)->find("v"));
        };
        for (const ItemChange& change : page.changes) {
            const std::string& row = change.after.empty() ? change.before : change.after;
            const std::string pk(item::read_stored(row)->find("pk").string());
            changes[pk] = {value(change.before), value(change.after)};
            EXPECT_GE(change.written, from);
            EXPECT_LT(change.written, to);
        }
        position = page.next;
    }
    const std::map<std::string, std::pair<std::string, std::string>> expected{
        {"1", {R"({"N":"0"})", R"({"N":"1"})"}},
        {"2", {R"({"N":"0"})", ""}},
        {"5", {"", R"({"N":"1"})"}}};
    EXPECT_EQ(changes, expected);
}

TEST_F(HistoryTest, IsTrimmedToItsPeriod) {
    enable_recovery(2);
    HistoryTrimmer trimmer(server.service);
    std::map<TimePoint, State> states;
    for (int hour = 0; hour < 72; ++hour) {
        states[server.clock.now()] = now;
        server.clock.advance(std::chrono::minutes(30));
        write_something();
        server.clock.advance(std::chrono::minutes(30));
    }
    server.work(trimmer);
    EXPECT_LE(server.rows(store::Space::kHistory), 49u);
    for (const auto& [time, state] : states) {
        if (time >= server.clock.now() - std::chrono::hours(48)) {
            EXPECT_EQ(at(cut(time), {}), state);
        }
    }
    // Without recovery and readers nothing is kept; cut() above left its readers.
    server.store->run([&](store::Txn& txn) {
        Table table = *server.service.catalog().load(txn, address());
        table.history = {};
        server.service.catalog().put(txn, table);
        return store::TxnDecision::kCommit;
    });
    server.work(trimmer);
    EXPECT_EQ(server.rows(store::Space::kHistory), 0u);
    write_something();
    EXPECT_EQ(server.rows(store::Space::kHistory), 0u);
}

TEST(HistoryFormat, GoldenBytes) {
    Server server;
    server.create_table("table");
    Table table = *server.definition("table");
    table.history.epoch = 7;
    const item::Item item = from_json(R"({"pk":{"S":"a"}})");
    const auto key = key_of_item(table, item);
    server.store->run([&](store::Txn& txn) {
        keep_history(txn, table, *key, item.view(), from_epoch_ms(1'000));
        keep_history(txn, table, *key, std::nullopt, from_epoch_ms(1'000));
        return store::TxnDecision::kCommit;
    });
    std::vector<std::string> rows;
    server.store->run([&](store::Txn& txn) {
        rows.clear();
        txn.scan({store::Space::kHistory, key->partition, "", ""},
                 [&](std::string_view sort, std::string_view value) {
                     rows.push_back(codec::hex_encode(sort) + " " + codec::hex_encode(value));
                     return true;
                 });
        return store::TxnDecision::kRollback;
    });
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0],
              "00000000000f42400000000000000000 010000000000000007"
              "0102706b010161");
    EXPECT_EQ(rows[1], "00000000000f42400000000000000001 010000000000000007");
    std::optional<std::string> mark;
    store::Ticket ticket = 0;
    server.store->read(statistics_key(table.id, 't'), mark, ticket);
    ASSERT_TRUE(mark);
    EXPECT_EQ(codec::hex_encode(*mark), "0100000000001e8480");
}

}  // namespace
}  // namespace millrace::dynamodb
