// A node on a real socket before an upstream of our own: what is asked of it, and how often.
#include "dax/node/node.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "codec/hex.h"
#include "dax/node/testing.h"
#include "model/generated/dynamodb.h"
#include "net/server.h"
#include "store/mem/mem_store.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;
using namespace testing;

using GetCall = HeldCall<api::GetItemInput, api::GetItemOutput>;
using DescribeCall = HeldCall<api::DescribeTableInput, api::DescribeTableOutput>;

// A table "T" with the key "pk" and one item, "a": {v: 1}. Reads wait while the gate is closed.
class FakeTable final : public contracts::DynamoDbCalls {
public:
    std::unique_ptr<contracts::OperationCall> make_call(std::string_view operation) override {
        if (operation == "GetItem") return std::make_unique<GetCall>();
        return std::make_unique<DescribeCall>();
    }
    Result<void> run(std::string_view operation, const contracts::RequestInfo& info,
                     std::unique_ptr<contracts::OperationCall>& call) override {
        EXPECT_EQ(info.caller->kind, contracts::PrincipalKind::kRoot);
        if (operation == "DescribeTable") {
            api::TableDescription& table = static_cast<DescribeCall&>(*call).out.table.emplace();
            table.table_id = "id";
            table.attribute_definitions.emplace().emplace_back().attribute_name = "pk";
            table.attribute_definitions->back().attribute_type = "S";
            table.key_schema.emplace().emplace_back().attribute_name = "pk";
            table.key_schema->back().key_type = "HASH";
            return {};
        }
        ++reads;
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return open_; });
        if (down) return errors_down();
        auto& get = static_cast<GetCall&>(*call);
        if (get.in.key->find("pk").string() == "a") {
            get.out.item = item::ItemBuilder().set_string("pk", "a").set_number("v", 1).build();
        }
        return {};
    }
    uint64_t tables_version() const override { return version; }
    void gate(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        opened_.notify_all();
    }
    std::atomic<int> reads{0};
    std::atomic<uint64_t> version{1};
    std::atomic<bool> down{false};

private:
    static Error errors_down() {
        Error error;
        error.code = "InternalServerError";
        error.http_status = 500;
        return error;
    }
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = true;
};

class NodeTest : public ::testing::Test {
protected:
    void SetUp() override {
        NodeOptions options;
        options.account = "000000000000";
        options.region = "us-east-1";
        node.emplace(NodeParts{table, keys, rights, lists, clock, rng, pool}, options);
        net::ServerOptions server_options;
        server_options.threads = 2;
        server.emplace(server_options, *node, pool);
        ASSERT_TRUE(server->start());
    }
    void TearDown() override {
        server->stop(std::chrono::milliseconds(100));
        pool.stop();
        store->close();
    }

    std::string authorize(std::string_view secret = kSecret) const {
        return testing::authorize(clock, secret);
    }

    FakeClock clock;
    SeededRng rng{1};
    std::unique_ptr<store::Store> store = store::make_mem_store(clock);
    AttributeLists lists{*store};
    FakeTable table;
    OneKey keys;
    AllowAll rights;
    net::ThreadPool pool{4};
    std::optional<Node> node;
    std::optional<net::Server> server;
    const std::string found = "80bf00420201ff";
};

TEST_F(NodeTest, AThousandMissesAreOneRead) {
    constexpr int kClients = 1000;
    table.gate(false);
    std::vector<std::unique_ptr<net::LoopbackClient>> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<net::LoopbackClient>(server->port()));
        clients.back()->send(handshake() + authorize() + get_item("a"));
    }
    while (node->items().counters().misses < kClients) std::this_thread::yield();
    table.gate(true);
    for (auto& client : clients) ASSERT_EQ(codec::hex_encode(answer(*client, 2)), found);
    EXPECT_EQ(table.reads, 1);
}

TEST_F(NodeTest, HitsGoOnWhileTheUpstreamIsDown) {
    net::LoopbackClient client(server->port());
    EXPECT_EQ(ask(client, handshake() + authorize() + get_item("a")), found);
    table.down = true;
    EXPECT_EQ(ask(client, get_item("a")), found);
    client.send(get_item("b"));
    EXPECT_EQ(codec::hex_encode(answer(client, 3)).substr(0, 20), "8504182518261827182f");
    table.down = false;
    EXPECT_EQ(ask(client, get_item("b")), "80bfff");
}

TEST_F(NodeTest, EntriesEndAfterFiveMinutes) {
    net::LoopbackClient client(server->port());
    EXPECT_EQ(ask(client, handshake() + authorize() + get_item("a")), found);
    EXPECT_EQ(ask(client, get_item("a")), found);
    EXPECT_EQ(table.reads, 1);
    clock.advance(std::chrono::minutes(5));
    EXPECT_EQ(ask(client, authorize() + get_item("a")), found);
    EXPECT_EQ(table.reads, 2);
}

TEST_F(NodeTest, FramesForWhoAsksForThem) {
    net::LoopbackClient client(server->port());
    client.send(handshake(1) + authorize() + get_item("a"));
    EXPECT_EQ(codec::hex_encode(client.read(15)), "0000000f01000000" + found);
}

TEST_F(NodeTest, NothingWithoutAuthorisation) {
    net::LoopbackClient client(server->port());
    const auto numbers = [&](const std::string& request) {
        client.send(request);
        return codec::hex_encode(answer(client, 3)).substr(0, 14);
    };
    EXPECT_EQ(numbers(handshake() + get_item("a")), "840417181f1821");
    EXPECT_EQ(numbers(authorize("wrong") + get_item("a")), "840417181f1820");
    EXPECT_EQ(ask(client, authorize() + get_item("a")), found);
    clock.advance(std::chrono::minutes(6));
    EXPECT_EQ(numbers(get_item("a")), "840417181f1821");
    EXPECT_EQ(ask(client, authorize() + get_item("a")), found);
    keys.active = false;
    EXPECT_EQ(numbers(get_item("a")), "840417181f1820");
    EXPECT_EQ(numbers(get_item("a")), "840417181f1820");
}

TEST_F(NodeTest, TheRightIsAskedFor) {
    rights.denied = "dax:GetItem";
    net::LoopbackClient client(server->port());
    client.send(handshake() + authorize() + get_item("a"));
    EXPECT_EQ(codec::hex_encode(answer(client, 3)).substr(0, 16), "840418251826182a");
    EXPECT_EQ(table.reads, 0);
}

TEST_F(NodeTest, EndpointsAreThoseOfTheSocket) {
    net::LoopbackClient client(server->port());
    client.send(handshake() + authorize() + begin(Method::kEndpoints));
    const std::string bytes = answer(client, 2);
    EXPECT_NE(bytes.find(std::string("\x44\x7f\0\0\1", 5)), std::string::npos);
}

TEST_F(NodeTest, WhatIsNotTheProtocolIsClosed) {
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\xff"), handshake(2),
          handshake() + "\x02\x01",
          handshake() + std::string("\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 10),
          handshake() + std::string(20'000, '\x81')}) {
        net::LoopbackClient client(server->port());
        client.send(bytes);
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(client.read_all(), "");
        // At once, not at a deadline.
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    }
}

TEST_F(NodeTest, AttributeListsStayWhatTheyAre) {
    AttributeLists first(*store);
    EXPECT_EQ(*first.id_of({}), kEmptyListId);
    EXPECT_EQ(*first.id_of({"a", "b"}), 2);
    EXPECT_EQ(*first.id_of({"b", "a"}), 3);  // another order is another list
    AttributeLists second(*store);
    EXPECT_EQ(*second.id_of({"b", "a"}), 3);
    EXPECT_EQ(**second.names(2), (AttributeNames{"a", "b"}));
    EXPECT_EQ(*second.id_of({"c"}), 4);
    EXPECT_EQ(second.names(5).error().code, "ValidationException");

    std::optional<std::string> row;
    store::Ticket ticket = 0;
    ASSERT_EQ(
        store->read({store::Space::kDax, "list", std::string("\0\0\0\0\0\0\0\2", 8)}, row, ticket),
        store::CommitStatus::kOk);
    EXPECT_EQ(codec::hex_encode(*row), "010201610162");
}

}  // namespace
}  // namespace millrace::dax
