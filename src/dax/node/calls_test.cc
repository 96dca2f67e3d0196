// What the caches of a node do, seen on the wire: what is asked of the table, and how often.
#include "dax/node/calls.h"

#include <memory>
#include <thread>

#include "dax/node/testing.h"

namespace millrace::dax {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

using Numbers = std::vector<int64_t>;
const Numbers kValidation = {4, 37, 38, 39, 46};
const Numbers kInternal = {4, 37, 38, 39, 47};
const Numbers kConditionFailed = {4, 37, 38, 39, 43};
const Numbers kDenied = {4, 37, 38, 42};

void append_options(std::string& out, bool consistent) {
    if (!consistent) {
        cbor::append_null(out);
        return;
    }
    cbor::append_map(out, 1);
    cbor::append_int(out, 2);
    cbor::append_bool(out, true);
}

std::string get(std::string_view key, bool consistent) {
    std::string out = begin(Method::kGetItem);
    cbor::append_bytes(out, "T");
    cbor::append_bytes(out, key);
    append_options(out, consistent);
    return out;
}

// {pk: key, v: value}; the list of "v" is the first one, 2.
std::string value_bytes(int value) {
    std::string bytes = "\x02";
    cbor::append_int(bytes, value);
    return bytes;
}

std::string put(std::string_view key, int value) {
    std::string out = begin(Method::kPutItem);
    cbor::append_bytes(out, "T");
    cbor::append_bytes(out, key);
    cbor::append_bytes(out, value_bytes(value));
    cbor::append_null(out);
    return out;
}

// Adds one, as FakeTable does whatever is asked. `return_values`: 0 for none.
std::string update(std::string_view key, int return_values = 0) {
    std::string out = begin(Method::kUpdateItem);
    cbor::append_bytes(out, "T");
    cbor::append_bytes(out, key);
    cbor::append_map(out, return_values == 0 ? 0 : 1);
    if (return_values != 0) {
        cbor::append_int(out, 7);
        cbor::append_int(out, return_values);
    }
    return out;
}

std::string erase(std::string_view key) {
    std::string out = begin(Method::kDeleteItem);
    cbor::append_bytes(out, "T");
    cbor::append_bytes(out, key);
    cbor::append_null(out);
    return out;
}

// pk = `key`
std::string query(char key, bool consistent = false) {
    std::string out = begin(Method::kQuery);
    cbor::append_bytes(out, "T");
    std::string condition = codec::hex_decode("83018300821262706b8211008161").value();
    cbor::append_bytes(out, condition + key);
    append_options(out, consistent);
    return out;
}

std::string scan(bool consistent = false) {
    std::string out = begin(Method::kScan);
    cbor::append_bytes(out, "T");
    append_options(out, consistent);
    return out;
}

using TableKeys = std::pair<std::string, std::vector<std::string>>;
std::string batch_get(const std::vector<TableKeys>& tables, bool consistent = false) {
    std::string out = begin(Method::kBatchGetItem);
    cbor::append_map(out, tables.size());
    for (const auto& [name, keys] : tables) {
        cbor::append_text(out, name);
        cbor::append_array(out, 3);
        cbor::append_bool(out, consistent);
        cbor::append_null(out);
        cbor::append_array(out, keys.size());
        for (const std::string& key : keys) cbor::append_bytes(out, key);
    }
    cbor::append_null(out);
    return out;
}

// Deletes the keys.
std::string batch_write(const std::vector<TableKeys>& tables) {
    std::string out = begin(Method::kBatchWriteItem);
    cbor::append_map(out, tables.size());
    for (const auto& [name, keys] : tables) {
        cbor::append_text(out, name);
        cbor::append_array(out, 2 * keys.size());
        for (const std::string& key : keys) {
            cbor::append_bytes(out, key);
            cbor::append_null(out);
        }
    }
    cbor::append_null(out);
    return out;
}

std::string transact_get(std::string_view key) {
    std::string out = begin(Method::kTransactGetItems);
    cbor::append_array(out, 1);
    cbor::append_bytes(out, "T");
    cbor::append_array(out, 1);
    cbor::append_bytes(out, key);
    cbor::append_null(out);
    cbor::append_null(out);
    return out;
}

// One put. With a token, whether it wrote anything now is not known.
std::string transact_put(std::string_view key, int value, bool token) {
    std::string out = begin(Method::kTransactWriteItems);
    cbor::append_array(out, 1);
    cbor::append_int(out, 2);
    for (const std::string& column : {std::string("T"), std::string(key), value_bytes(value)}) {
        cbor::append_array(out, 1);
        cbor::append_bytes(out, column);
    }
    for (int column = 0; column < 4; ++column) cbor::append_null(out);
    cbor::append_map(out, token ? 1 : 0);
    if (token) {
        cbor::append_int(out, 19);
        cbor::append_text(out, "token");
    }
    return out;
}

std::vector<std::string> keys_of(size_t count) {
    std::vector<std::string> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back("key" + std::to_string(i));
    return keys;
}

class CallsTest : public NodeTest {
protected:
    void SetUp() override {
        NodeTest::SetUp();
        ASSERT_EQ(*node->lists().id_of({"v"}, kAccount), 2);
        client = connect();
    }
    std::unique_ptr<net::LoopbackClient> connect() {
        auto one = std::make_unique<net::LoopbackClient>(server->port());
        one->send(handshake() + authorize());
        return one;
    }
    // What stands at the key, as the client sees it: -1 for nothing.
    int value(std::string_view key, bool consistent = false) {
        client->send(get(key, consistent));
        return value_in(answer(*client, 2));
    }
    static int value_in(const std::string& bytes) {
        cbor::Reader reader(bytes);
        EXPECT_TRUE(reader.array_of(0));
        for (auto all = reader.map(); reader.more(all);) {
            EXPECT_EQ(reader.integer(), 0);
            cbor::Reader value(reader.bytes());
            EXPECT_EQ(value.integer(), 2);
            return static_cast<int>(value.integer());
        }
        return -1;
    }
    // How many items the page has.
    int64_t count(const std::string& request) {
        client->send(request);
        const std::string bytes = answer(*client, 2);
        cbor::Reader reader(bytes);
        EXPECT_TRUE(reader.array_of(0));
        for (auto all = reader.map(); reader.more(all);) {
            if (reader.integer() == 8) return reader.integer();
            (void)reader.item();
        }
        return -1;
    }
    void done(const std::string& request, size_t items = 2) {
        client->send(request);
        EXPECT_EQ(answer(*client, items)[0], '\x80');
    }
    int reads() { return table.calls("GetItem"); }

    std::unique_ptr<net::LoopbackClient> client;
};

TEST_F(CallsTest, FoundAndMissingItemsAreCached) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(value("a"), 1);
        EXPECT_EQ(value("b"), -1);
    }
    EXPECT_EQ(reads(), 2);
    // Past the node: seen when the entries have ended.
    table.set("a", 5);
    table.set("b", 6);
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(value("b"), -1);
}

TEST_F(CallsTest, BatchesFillTheCacheAndAreFilledByIt) {
    EXPECT_EQ(value("a"), 1);
    const std::string two = batch_get({{"T", {"a", "b"}}});
    done(two, 3);
    EXPECT_EQ(table.calls("BatchGetItem"), 1);
    done(two, 3);
    EXPECT_EQ(value("b"), -1);
    EXPECT_EQ(table.calls("BatchGetItem"), 1);
    EXPECT_EQ(reads(), 1);
}

TEST_F(CallsTest, ConsistentReadsPassBy) {
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(count(scan()), 1);
    table.set("a", 5);
    table.set("b", 6);
    EXPECT_EQ(value("a", true), 5);
    EXPECT_EQ(value("b", true), 6);
    EXPECT_EQ(count(query('a', true)), 2);
    EXPECT_EQ(count(scan(true)), 2);
    done(batch_get({{"T", {"a", "b"}}}, true), 3);
    // And nothing of it was kept.
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(count(scan()), 1);
    table.set("b", 7);
    EXPECT_EQ(value("b"), 7);
}

TEST_F(CallsTest, TransactionsPassBy) {
    EXPECT_EQ(value("a"), 1);
    table.set("a", 5);
    done(transact_get("a"));
    done(transact_get("a"));
    EXPECT_EQ(table.calls("TransactGetItems"), 2);
    EXPECT_EQ(value("a"), 1);
    done(transact_put("a", 7, false));
    EXPECT_EQ(value("a"), 7);
    EXPECT_EQ(reads(), 1);
    done(transact_put("a", 8, true));
    EXPECT_EQ(value("a"), 8);
    EXPECT_EQ(reads(), 2);
}

TEST_F(CallsTest, WritesGoThroughToTheCache) {
    done(put("n", 3));
    table.set("n", 100);
    EXPECT_EQ(value("n"), 3);
    done(update("n"));
    table.set("n", 200);
    EXPECT_EQ(value("n"), 101);
    done(erase("n"));
    table.set("n", 300);
    EXPECT_EQ(value("n"), -1);
    EXPECT_EQ(reads(), 0);
    done(update("n", 2));  // asks for the old item: the new one is not known
    EXPECT_EQ(value("n"), 301);
    EXPECT_EQ(reads(), 1);
    done(batch_write({{"T", {"n"}}}), 4);
    table.set("n", 400);
    EXPECT_EQ(value("n"), -1);
}

TEST_F(CallsTest, PagesStayWhateverIsWritten) {
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(count(scan()), 1);
    done(put("b", 2));
    done(put("c", 3));
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(count(scan()), 1);
    EXPECT_EQ(count(query('b')), 3);  // another question
    EXPECT_EQ(table.calls("Query"), 2);
    EXPECT_EQ(table.calls("Scan"), 1);
}

TEST_F(CallsTest, EntriesEnd) {
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 1);
    clock.advance(std::chrono::minutes(5) - std::chrono::milliseconds(1));
    client->send(authorize());
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(reads() + table.calls("Query"), 2);
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 1);
    EXPECT_EQ(reads() + table.calls("Query"), 4);

    node->items().set_ttl(std::chrono::seconds(1));
    node->queries().set_ttl(std::chrono::seconds(2));
    done(put("a", 9));
    EXPECT_EQ(count(query('z')), 1);
    table.set("a", 10);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(value("a"), 10);
    EXPECT_EQ(count(query('z')), 1);
    EXPECT_EQ(table.calls("Query"), 3);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(count(query('z')), 1);
    EXPECT_EQ(table.calls("Query"), 4);
}

TEST_F(CallsTest, AThousandMissesOfOneQueryAreOneCall) {
    constexpr int kClients = 1000;
    table.gate(false);
    std::vector<std::unique_ptr<net::LoopbackClient>> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.push_back(connect());
        clients.back()->send(query('a'));
    }
    while (node->queries().counters().misses < kClients) std::this_thread::yield();
    table.gate(true);
    const std::string first = answer(*clients[0], 2);
    EXPECT_EQ(first[0], '\x80');
    for (int i = 1; i < kClients; ++i)
        ASSERT_EQ(answer(*clients[static_cast<size_t>(i)], 2), first);
    EXPECT_EQ(table.calls("Query"), 1);
    EXPECT_EQ(node->queries().counters().joined, kClients - 1);
}

TEST_F(CallsTest, WhoWaitsForAReadGetsItsErrorToo) {
    table.gate(false);
    auto other = connect();
    client->send(scan());
    other->send(scan());
    while (node->queries().counters().joined < 1) std::this_thread::yield();
    table.down = true;
    table.gate(true);
    EXPECT_EQ(failure(*client, ""), kInternal);
    EXPECT_EQ(failure(*other, ""), kInternal);
    table.down = false;
    EXPECT_EQ(count(scan()), 1);  // the failure was not kept
    EXPECT_EQ(table.calls("Scan"), 2);
}

TEST_F(CallsTest, WithTheTableGoneCachedReadsGoOnAndWritesFail) {
    done(put("b", 2));
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 2);
    table.down = true;
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(count(query('a')), 2);
    done(batch_get({{"T", {"a", "b"}}}), 3);
    EXPECT_EQ(failure(*client, get("c", false)), kInternal);
    EXPECT_EQ(failure(*client, get("a", true)), kInternal);
    EXPECT_EQ(failure(*client, query('b')), kInternal);
    EXPECT_EQ(failure(*client, batch_get({{"T", {"c"}}})), kInternal);
    for (const std::string& write : {put("b", 3), update("b"), erase("b"),
                                     batch_write({{"T", {"b"}}}), transact_put("b", 3, true)}) {
        EXPECT_EQ(failure(*client, write), kInternal);
    }
    EXPECT_EQ(value("a"), 1);
    // Whether "b" was written is not known: the table is asked.
    EXPECT_EQ(failure(*client, get("b", false)), kInternal);
    table.down = false;
    EXPECT_EQ(value("b"), 2);
    EXPECT_EQ(value("c"), -1);
}

TEST_F(CallsTest, ARefusedWriteLeavesTheEntry) {
    EXPECT_EQ(value("a"), 1);
    table.refuses = true;
    for (const std::string& write : {put("a", 3), update("a"), erase("a"),
                                     batch_write({{"T", {"a"}}}), transact_put("a", 3, false)}) {
        EXPECT_EQ(failure(*client, write), kConditionFailed);
    }
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(reads(), 1);
}

TEST_F(CallsTest, ALateReadNeverOverwritesANewerWrite) {
    const std::vector<std::string> late_reads = {get("a", false), batch_get({{"T", {"a"}}})};
    int written = 10;
    for (size_t i = 0; i < late_reads.size(); ++i) {
        node->items().clear();
        table.gate(false);
        auto reader = connect();
        reader->send(late_reads[i]);
        table.wait_held(1);  // it has seen the old item
        done(put("a", ++written));
        EXPECT_EQ(value("a"), written);
        table.gate(true);
        EXPECT_EQ(answer(*reader, i == 0 ? 2 : 3)[0], '\x80');
        EXPECT_EQ(value("a"), written);
        table.wait_held(0);
    }
    EXPECT_EQ(reads(), 1);
}

TEST_F(CallsTest, NameAndArnAreOneTable) {
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(ask(*client, get_item("a", FakeTable::kArn)), found);
    EXPECT_EQ(reads(), 1);
    const std::string arn(FakeTable::kArn);
    EXPECT_EQ(failure(*client, batch_get({{"T", {"a"}}, {arn, {"b"}}})), kValidation);
    EXPECT_EQ(failure(*client, batch_get({{"T", {"a"}}, {"T", {"b"}}})), kValidation);
    EXPECT_EQ(failure(*client, batch_write({{"T", {"a"}}, {arn, {"b"}}})), kValidation);
    EXPECT_EQ(failure(*client, batch_write({{"T", {"a"}}, {"T", {"b"}}})), kValidation);
    EXPECT_EQ(table.calls("BatchGetItem") + table.calls("BatchWriteItem"), 0);
    EXPECT_EQ(value("b"), -1);
    EXPECT_EQ(value("a"), 1);
}

TEST_F(CallsTest, BatchesHaveBoundsBeforeAnythingIsLookedUp) {
    done(batch_get({{"T", keys_of(100)}}), 3);
    done(batch_write({{"T", keys_of(25)}}), 4);
    EXPECT_EQ(failure(*client, batch_get({{"T", keys_of(101)}})), kValidation);
    EXPECT_EQ(failure(*client, batch_write({{"T", keys_of(26)}})), kValidation);
    const int looked_up = table.calls("DescribeTable");
    std::vector<TableKeys> tables;
    for (const std::string& name : keys_of(1000)) tables.push_back({name, {}});
    EXPECT_EQ(failure(*client, batch_get(tables)), kValidation);
    EXPECT_EQ(failure(*client, batch_write(tables)), kValidation);
    EXPECT_LE(table.calls("DescribeTable") - looked_up, 100);
    EXPECT_EQ(table.calls("BatchGetItem") + table.calls("BatchWriteItem"), 2);
}

TEST_F(CallsTest, ItemsOfATableMadeAgainMeanwhileAreAnError) {
    table.remade = true;
    EXPECT_EQ(failure(*client, query('a')), kValidation);
    EXPECT_EQ(failure(*client, scan()), kValidation);
    EXPECT_EQ(failure(*client, batch_get({{"T", {"a"}}})), kValidation);
}

TEST_F(CallsTest, DefinitionsNeedARightOnData) {
    std::string list = begin(Method::kDefineAttributeListId);
    cbor::append_array(list, 1);
    cbor::append_text(list, "w");
    std::string schema = begin(Method::kDefineKeySchema);
    cbor::append_bytes(schema, "T");
    rights.only = "dax:PutItem";
    EXPECT_EQ(ask(*client, list), "8003");
    EXPECT_EQ(ask(*client, schema), "80a162706b6153");
    rights.only = "dax:DescribeClusters";
    auto other = connect();
    EXPECT_EQ(failure(*other, list), kDenied);
    EXPECT_EQ(failure(*other, schema), kDenied);
    EXPECT_EQ(failure(*other, begin(Method::kDefineAttributeList) + "\x02"), kDenied);
}

TEST_F(CallsTest, TheFirstUseOfATableDoesNotHoldUpOthers) {
    table.gate_tables(false);
    client->send(get_item("a"));
    // The server has one io thread.
    auto other = connect();
    other->send(begin(Method::kEndpoints));
    EXPECT_EQ(answer(*other, 2)[0], '\x80');
    table.gate_tables(true);
    EXPECT_EQ(codec::hex_encode(answer(*client, 2)), found);
}

class StrictTest : public CallsTest {
protected:
    StrictTest() { options.check_callers_table_rights = true; }
};

TEST_F(StrictTest, HitsAndWritesNeedTheCallersOwnRights) {
    const std::map<std::string, std::string> requests = {
        {"GetItem", get("a", false)},
        {"PutItem", put("a", 2)},
        {"UpdateItem", update("a")},
        {"DeleteItem", erase("z")},
        {"Query", query('a')},
        {"Scan", scan()},
        {"BatchGetItem", batch_get({{"T", {"a"}}})},
        {"BatchWriteItem", batch_write({{"T", {"z"}}})},
        {"TransactGetItems", transact_get("a")},
        {"TransactWriteItems", transact_put("a", 4, false)},
    };
    const std::map<std::string, size_t> items = {{"BatchGetItem", 3}, {"BatchWriteItem", 4}};
    for (const auto& [operation, request] : requests) {
        SCOPED_TRACE(operation);
        done(request, items.contains(operation) ? items.at(operation) : 2);
        EXPECT_EQ(table.calls("allowed " + operation), 1);
    }
    const int held = value("a");
    table.set("a", 100);
    table.caller_denied = true;
    for (const auto& [operation, request] : requests) {
        SCOPED_TRACE(operation);
        const int before = table.calls(operation);
        EXPECT_EQ(failure(*client, request), kDenied);
        EXPECT_EQ(table.calls(operation), before);
    }
    EXPECT_EQ(failure(*client, get("a", true)), kDenied);
    table.caller_denied = false;
    EXPECT_EQ(value("a"), held);  // what was denied left the cache alone
}

TEST_F(CallsTest, WithoutTheOptionNobodyIsAskedForTableRights) {
    EXPECT_EQ(value("a"), 1);
    done(put("a", 2));
    EXPECT_EQ(table.calls("allowed GetItem") + table.calls("allowed PutItem"), 0);
}

}  // namespace
}  // namespace millrace::dax
