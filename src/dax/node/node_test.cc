// A node on a real socket: sessions, authorisation, definitions.
#include "dax/node/node.h"

#include <thread>

#include "core/bytes.h"
#include "dax/node/testing.h"

namespace millrace::dax {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

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
    EXPECT_EQ(table.calls("GetItem"), 1);
}

TEST_F(NodeTest, FramesForWhoAsksForThem) {
    net::LoopbackClient client(server->port());
    client.send(handshake(1) + authorize() + get_item("a"));
    EXPECT_EQ(codec::hex_encode(client.read(15)), "0000000f01000000" + found);
}

TEST_F(NodeTest, NothingWithoutAuthorisation) {
    net::LoopbackClient client(server->port());
    using Numbers = std::vector<int64_t>;
    EXPECT_EQ(failure(client, handshake() + get_item("a")), (Numbers{4, 23, 31, 33}));
    EXPECT_EQ(failure(client, authorize("wrong") + get_item("a")), (Numbers{4, 23, 31, 32}));
    EXPECT_EQ(ask(client, authorize() + get_item("a")), found);
    clock.advance(std::chrono::minutes(6));
    EXPECT_EQ(failure(client, get_item("a")), (Numbers{4, 23, 31, 33}));
    EXPECT_EQ(ask(client, authorize() + get_item("a")), found);
    keys.active = false;
    EXPECT_EQ(failure(client, get_item("a")), (Numbers{4, 23, 31, 32}));
    EXPECT_EQ(failure(client, get_item("a")), (Numbers{4, 23, 31, 32}));
}

TEST_F(NodeTest, TheRightIsAskedFor) {
    rights.denied = "dax:GetItem";
    net::LoopbackClient client(server->port());
    EXPECT_EQ(failure(client, handshake() + authorize() + get_item("a")),
              (std::vector<int64_t>{4, 37, 38, 42}));
    EXPECT_EQ(table.calls("GetItem"), 0);
}

TEST_F(NodeTest, EndpointsAreThoseOfTheSocket) {
    net::LoopbackClient client(server->port());
    client.send(handshake() + authorize() + begin(Method::kEndpoints));
    const std::string bytes = answer(client, 2);
    EXPECT_NE(bytes.find(std::string("\x44\x7f\0\0\1", 5)), std::string::npos);
}

class ImpatientTest : public NodeTest {
protected:
    ImpatientTest() { options.authorization_timeout = std::chrono::milliseconds(50); }
};

TEST_F(ImpatientTest, StrangersAreNotKept) {
    net::LoopbackClient known(server->port());
    EXPECT_EQ(ask(known, handshake() + authorize() + get_item("a")), found);
    for (const std::string& bytes :
         {std::string("\x67"), handshake() + begin(Method::kAuthorizeConnection)}) {
        net::LoopbackClient client(server->port());
        client.send(bytes);
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(client.read_all(), "");
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(8));
    }
    EXPECT_EQ(ask(known, get_item("a")), found);
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
    const auto id_of = [](AttributeLists& lists, const AttributeNames& names) {
        return lists.id_of(names, "000000000000").value();
    };
    AttributeLists first(*store);
    EXPECT_EQ(id_of(first, {}), kEmptyListId);
    EXPECT_EQ(id_of(first, {"a", "b"}), 2);
    EXPECT_EQ(id_of(first, {"b", "a"}), 3);  // another order is another list
    AttributeLists second(*store);
    EXPECT_FALSE(second.in_memory(3));
    EXPECT_EQ(id_of(second, {"b", "a"}), 3);
    EXPECT_TRUE(second.in_memory(3));
    EXPECT_EQ(**second.names(2), (AttributeNames{"a", "b"}));
    EXPECT_EQ(id_of(second, {"c"}), 4);
    EXPECT_EQ(second.names(5).error().code, "ValidationException");

    const auto row = [this](std::string partition, std::string sort) {
        std::optional<std::string> value;
        store::Ticket ticket = 0;
        EXPECT_EQ(
            store->read({store::Space::kDax, std::move(partition), std::move(sort)}, value, ticket),
            store::CommitStatus::kOk);
        return codec::hex_encode(value.value_or("nothing"));
    };
    EXPECT_EQ(row("list", std::string("\0\0\0\0\0\0\0\2", 8)), "010201610162");
    EXPECT_EQ(row("usage", "000000000000"), "0100000000000000030000000000000010");
}

TEST_F(NodeTest, AnAccountMayNotNameListsWithoutEnd) {
    ASSERT_EQ(store
                  ->run([](store::Txn& txn) {
                      std::string usage = "\1";
                      append_u64(usage, AttributeLists::kListsMax - 1);
                      append_u64(usage, 0);
                      txn.put({store::Space::kDax, "usage", "000000000000"}, usage);
                      return store::TxnDecision::kCommit;
                  })
                  .status,
              store::CommitStatus::kOk);
    AttributeLists lists(*store);
    EXPECT_TRUE(lists.id_of({"a"}, "000000000000"));
    EXPECT_EQ(lists.id_of({"b"}, "000000000000").error().code, "LimitExceededException");
    EXPECT_TRUE(lists.id_of({"a"}, "000000000000"));
    EXPECT_TRUE(lists.id_of({"b"}, "111111111111"));
    EXPECT_TRUE(lists.id_of({"b"}, "000000000000"));
}

}  // namespace
}  // namespace millrace::dax
