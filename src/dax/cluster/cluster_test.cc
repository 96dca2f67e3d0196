// Clusters on real sockets before an upstream of our own.
#include "dax/cluster/cluster.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <list>
#include <map>
#include <set>
#include <thread>

#include "codec/hex.h"
#include "dax/cluster/host.h"
#include "dax/node/testing.h"
#include "dax/wire/errors.h"
#include "model/generated/dynamodb.h"
#include "store/mem/mem_store.h"

namespace millrace::dax {
namespace {

namespace api = model::dynamodb;
using contracts::DaxNodeStatus;
using testing::AllowAll;
using testing::answer;
using testing::ask;
using testing::authorize;
using testing::begin;
using testing::get_item;
using testing::handshake;
using testing::HeldCall;
using testing::kAccount;
using testing::OneKey;

constexpr std::string_view kRegion = "us-east-1";
constexpr std::string_view kRole = "arn:aws:iam::000000000000:role/dax";
constexpr std::string_view kDenied = "840418251826182a";

using GetCall = HeldCall<api::GetItemInput, api::GetItemOutput>;
using PutCall = HeldCall<api::PutItemInput, api::PutItemOutput>;
using DescribeCall = HeldCall<api::DescribeTableInput, api::DescribeTableOutput>;

// A table "T" with the key "pk" and items {v: number}. Writes wait while the gate is closed, when
// they have been applied and not yet answered.
class FakeTable final : public contracts::DynamoDbCalls {
public:
    std::unique_ptr<contracts::OperationCall> make_call(std::string_view operation) override {
        if (operation == "GetItem") return std::make_unique<GetCall>();
        if (operation == "PutItem") return std::make_unique<PutCall>();
        return std::make_unique<DescribeCall>();
    }
    Result<void> run(std::string_view operation, const contracts::RequestInfo& info,
                     std::unique_ptr<contracts::OperationCall>& call) override {
        std::unique_lock lock(mutex_);
        callers.insert(info.caller->arn);
        if (operation == "DescribeTable") {
            api::TableDescription& table = static_cast<DescribeCall&>(*call).out.table.emplace();
            table.table_id = "id";
            table.attribute_definitions.emplace().emplace_back().attribute_name = "pk";
            table.attribute_definitions->back().attribute_type = "S";
            table.key_schema.emplace().emplace_back().attribute_name = "pk";
            table.key_schema->back().key_type = "HASH";
            return {};
        }
        if (operation == "PutItem") {
            const item::Item& item = *static_cast<PutCall&>(*call).in.item;
            items_.insert_or_assign(std::string(item.find("pk").string()), item);
            ++writes_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return open_; });
            return {};
        }
        ++reads;
        auto& get = static_cast<GetCall&>(*call);
        const auto found = items_.find(std::string(get.in.key->find("pk").string()));
        if (found != items_.end()) get.out.item = found->second;
        return {};
    }
    uint64_t tables_version() const override { return 1; }
    void gate(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        changed_.notify_all();
    }
    void wait_for_writes(int writes) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return writes_ >= writes; });
    }
    std::atomic<int> reads{0};
    std::set<std::string> callers;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, item::Item> items_;
    int writes_ = 0;
    bool open_ = true;
};

class FakeRoles final : public contracts::RoleAssumer {
public:
    Result<contracts::Credential> assume_for_service(std::string_view, std::string_view,
                                                     std::string_view, Duration) override {
        return Error{};
    }
    Result<void> check_trust(std::string_view, std::string_view service) override {
        EXPECT_EQ(service, "dax.amazonaws.com");
        return there ? Result<void>() : Result<void>(Error{});
    }
    Result<std::shared_ptr<const contracts::Caller>> caller_of_role(
        std::string_view role, std::string_view session) override {
        ++asked;
        auto caller = std::make_shared<contracts::Caller>();
        caller->arn = std::string(role) + "/" + std::string(session);
        return std::shared_ptr<const contracts::Caller>(std::move(caller));
    }
    uint64_t roles_version() const override { return version; }
    std::atomic<uint64_t> version{1};
    std::atomic<bool> there{true};
    std::atomic<int> asked{0};
};

class FakeNetwork final : public contracts::VirtualNetwork {
public:
    Result<std::optional<contracts::SubnetFacts>> subnet(std::string_view, std::string_view,
                                                         std::string_view) override {
        return Error{};
    }
    Result<std::optional<contracts::SecurityGroupFacts>> security_group(std::string_view,
                                                                        std::string_view,
                                                                        std::string_view) override {
        return Error{};
    }
    Result<std::vector<contracts::SubnetFacts>> default_subnets(std::string_view,
                                                                std::string_view) override {
        return Error{};
    }
    Result<contracts::SecurityGroupFacts> default_security_group(std::string_view,
                                                                 std::string_view) override {
        return Error{};
    }
    bool allows_ingress(std::string_view account, std::string_view region,
                        const std::vector<std::string>& groups, std::string_view source,
                        uint16_t port) override {
        EXPECT_EQ(account, kAccount);
        EXPECT_EQ(region, kRegion);
        EXPECT_EQ(groups, std::vector<std::string>{"sg-1"});
        EXPECT_EQ(source, "127.0.0.1");
        return port == allowed;
    }
    std::atomic<uint16_t> allowed{8111};
};

class Client {
public:
    Client(uint16_t port, const Clock& clock) : socket_(port) {
        socket_.send(handshake() + authorize(clock));
    }
    std::string get(std::string_view key) { return ask(socket_, get_item(key)); }
    std::string put(std::string_view key, int value) {
        std::string request = begin(Method::kPutItem);
        cbor::append_bytes(request, "T");
        cbor::append_bytes(request, key);
        std::string item = "\x02";  // the list {v}
        cbor::append_int(item, value);
        cbor::append_bytes(request, item);
        cbor::append_null(request);
        return ask(socket_, request);
    }
    std::string send(const std::string& request) { return ask(socket_, request); }
    // Codes of an error.
    std::string refusal(std::string_view key) {
        socket_.send(get_item(key));
        return codec::hex_encode(answer(socket_, 3)).substr(0, 16);
    }
    struct Route {
        std::set<uint16_t> ports;
        uint16_t leader = 0;
        std::set<int64_t> sessions;
        std::map<uint16_t, int64_t> numbers;
    };
    Route endpoints() {
        socket_.send(begin(Method::kEndpoints));
        const std::string bytes = answer(socket_, 2);
        Route route;
        if (bytes == "closed") return route;
        cbor::Reader reader(bytes);
        (void)reader.item();
        for (auto all = reader.array(); reader.more(all);) {
            uint16_t port = 0;
            int64_t number = 0;
            for (auto fields = reader.map(); reader.more(fields);) {
                switch (reader.integer()) {
                    case 0:
                        number = reader.integer();
                        break;
                    case 2:
                        EXPECT_EQ(reader.bytes(), std::string_view("\x7f\0\0\x01", 4));
                        break;
                    case 3:
                        port = static_cast<uint16_t>(reader.integer());
                        break;
                    case 4:
                        if (reader.integer() == 1) route.leader = port;
                        break;
                    case 6:
                        route.sessions.insert(reader.integer());
                        break;
                    default:
                        (void)reader.item();
                }
            }
            route.ports.insert(port);
            route.numbers[port] = number;
        }
        return route;
    }

private:
    net::LoopbackClient socket_;
};

// Below the ports that systems give to clients, and another for each process.
PortRange own_range() {
    const auto first = static_cast<uint16_t>(10'000 + ::getpid() % 200 * 100);
    return {first, static_cast<uint16_t>(first + 99)};
}

// Ends what listens on the port, as if by a fault.
void break_listener(uint16_t port) {
    for (int fd = 3; fd < 1024; ++fd) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
            continue;
        sockaddr_in address{};
        size = sizeof address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        if (ntohs(address.sin_port) == port) ::shutdown(fd, SHUT_RDWR);
    }
}

std::string found(int value) {
    std::string item = "\x02";
    cbor::append_int(item, value);
    std::string bytes;
    cbor::append_bytes(bytes, item);
    return "80bf00" + codec::hex_encode(bytes) + "ff";
}
const std::string kAbsent = "80bfff";
const std::string kDone = "80bfff";

HostOptions options(PortRange range) {
    HostOptions made;
    made.ports = range;
    made.node_memory_bytes_max = uint64_t{8} << 20;
    made.tls_files = []() -> Result<net::TlsFiles> {
        return errors::make("NoCertificate", "there is none");
    };
    return made;
}

class ClusterTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(*lists.id_of({"v"}, kAccount), 2);
        spec.account = kAccount;
        spec.region = kRegion;
        spec.name = "orders";
        spec.arn = "arn:aws:dax:us-east-1:000000000000:cache/orders";
        spec.role_arn = kRole;
        spec.nodes = {{"orders-a", "us-east-1a", 0},
                      {"orders-b", "us-east-1b", 0},
                      {"orders-c", "us-east-1c", 0}};
    }
    void TearDown() override {
        table.gate(true);
        host.stop();
        pool.stop();
        store->close();
    }
    contracts::DaxClusterState state() { return *host.state(kAccount, kRegion, "orders"); }
    uint16_t port(size_t node) { return state().nodes[node].port; }
    uint16_t discovery() { return state().discovery_port; }
    size_t leader() {
        const auto now = state();
        for (size_t i = 0; i < now.nodes.size(); ++i) {
            if (now.nodes[i].leader) return i;
        }
        return now.nodes.size();
    }
    Client client(uint16_t at) { return Client(at, clock); }
    void converge() {
        while (host.replicate()) {
        }
    }
    Result<void> reboot(std::string_view node) {
        return host.reboot(kAccount, kRegion, "orders", node);
    }

    FakeClock clock;
    SeededRng rng{1};
    std::unique_ptr<store::Store> store = store::make_mem_store(clock);
    AttributeLists lists{*store};
    FakeTable table;
    OneKey keys;
    AllowAll rights;
    FakeRoles roles;
    FakeNetwork network;
    contracts::WakeHub hub;
    net::ThreadPool pool{8};
    const PortRange range = own_range();
    Host host{HostParts{table, keys, rights, roles, &network, lists, hub, clock, rng,
                        [this]() -> net::ThreadPool& { return pool; }},
              options(range)};
    contracts::DaxClusterSpec spec;
};

TEST_F(ClusterTest, EveryNodeTellsOfAll) {
    ASSERT_TRUE(host.apply(spec));
    const auto now = state();
    ASSERT_EQ(now.nodes.size(), 3U);
    std::set<uint16_t> ports;
    for (const auto& node : now.nodes) {
        EXPECT_EQ(node.status, DaxNodeStatus::kAvailable);
        EXPECT_GE(node.port, range.first);
        ports.insert(node.port);
    }
    EXPECT_TRUE(now.nodes[0].leader);
    ASSERT_EQ(ports.size(), 3U);
    std::set<int64_t> sessions;
    for (const uint16_t at : {now.discovery_port, now.discovery_port, now.discovery_port,
                              now.nodes[0].port, now.nodes[1].port, now.nodes[2].port}) {
        Client one = client(at);
        const Client::Route route = one.endpoints();
        EXPECT_EQ(route.ports, ports);
        EXPECT_EQ(route.leader, now.nodes[0].port);
        sessions.insert(route.sessions.begin(), route.sessions.end());
    }
    EXPECT_EQ(sessions.size(), 1U);
}

TEST_F(ClusterTest, AWriteAnywhereGoesThroughTheLeaderAndReachesAll) {
    ASSERT_TRUE(host.apply(spec));
    Client a = client(port(0));
    Client b = client(port(1));
    Client c = client(port(2));
    EXPECT_EQ(b.get("k"), kAbsent);
    EXPECT_EQ(table.reads, 1);
    EXPECT_EQ(c.put("k", 5), kDone);
    EXPECT_EQ(a.get("k"), found(5));
    EXPECT_EQ(table.reads, 1);       // the leader had it
    EXPECT_EQ(b.get("k"), kAbsent);  // not arrived yet
    converge();
    EXPECT_EQ(b.get("k"), found(5));
    EXPECT_EQ(c.get("k"), found(5));
    EXPECT_EQ(table.reads, 1);
}

TEST_F(ClusterTest, AnotherLeadsWhenTheLeadersListenerDies) {
    ASSERT_TRUE(host.apply(spec));
    Client discovered = client(discovery());
    const Client::Route before = discovered.endpoints();
    Client b = client(port(1));
    EXPECT_EQ(b.put("k", 1), kDone);  // not carried to anybody yet
    host.check();
    EXPECT_EQ(client(discovery()).endpoints().sessions, before.sessions);

    break_listener(before.leader);
    host.check();
    const Client::Route after = client(discovery()).endpoints();
    EXPECT_EQ(after.leader, port(1));
    EXPECT_NE(after.sessions, before.sessions);
    EXPECT_EQ(after.ports, before.ports);  // started anew on the same port
    EXPECT_EQ(after.numbers, before.numbers);
    EXPECT_EQ(b.get("k"), found(1));
    EXPECT_EQ(table.reads, 0);
    Client again = client(before.leader);
    EXPECT_EQ(again.put("k", 2), kDone);
    EXPECT_EQ(b.get("k"), found(2));
    converge();
    EXPECT_EQ(again.get("k"), found(2));
    EXPECT_EQ(table.reads, 0);
}

TEST_F(ClusterTest, TheDiscoveryListenerIsReplaced) {
    ASSERT_TRUE(host.apply(spec));
    const uint16_t at = discovery();
    break_listener(at);
    host.check();
    EXPECT_EQ(discovery(), at);
    EXPECT_EQ(client(at).endpoints().ports.size(), 3U);
}

TEST_F(ClusterTest, ANodeWithoutItsPortIsTriedAgain) {
    ASSERT_TRUE(host.apply(spec));
    const uint16_t taken = port(2);
    host.remove(kAccount, kRegion, "orders");
    EXPECT_FALSE(host.state(kAccount, kRegion, "orders"));
    SeededRng other_rng{2};
    Host other(HostParts{table, keys, rights, roles, nullptr, lists, hub, clock, other_rng,
                         [this]() -> net::ThreadPool& { return pool; }},
               options({taken, taken}));
    contracts::DaxClusterSpec thief = spec;
    thief.name = "thief";
    thief.nodes = {{"thief-a", "us-east-1a", 0}};
    ASSERT_TRUE(other.apply(thief));

    spec.nodes[2].port = taken;
    ASSERT_TRUE(host.apply(spec));
    EXPECT_EQ(state().nodes[2].status, DaxNodeStatus::kFailed);
    EXPECT_NE(state().nodes[2].failure, "");
    EXPECT_EQ(client(discovery()).endpoints().ports.size(), 2U);
    other.stop();
    host.check();  // not before its time
    EXPECT_EQ(state().nodes[2].status, DaxNodeStatus::kFailed);
    clock.advance(Cluster::kBackoffMin);
    host.check();
    EXPECT_EQ(state().nodes[2].status, DaxNodeStatus::kAvailable);
    EXPECT_EQ(port(2), taken);
    EXPECT_EQ(client(discovery()).endpoints().ports.size(), 3U);
}

TEST_F(ClusterTest, RebootEndsConnectionsAndEmptiesCaches) {
    ASSERT_TRUE(host.apply(spec));
    const auto before = state();
    Client a = client(port(0));
    Client discovered = client(discovery());  // served by some node, until it reboots
    const Client::Route route = discovered.endpoints();
    EXPECT_EQ(a.put("k", 1), kDone);
    ASSERT_TRUE(reboot("orders-a"));
    EXPECT_EQ(a.get("k"), codec::hex_encode("closed"));
    EXPECT_EQ(port(0), before.nodes[0].port);
    EXPECT_EQ(leader(), 1U);
    Client again = client(port(0));
    EXPECT_EQ(again.get("k"), found(1));
    EXPECT_EQ(table.reads, 1);  // it had to be read
    EXPECT_NE(again.endpoints().sessions, route.sessions);
    // Not the leader's: who leads stays.
    const auto sessions = again.endpoints().sessions;
    ASSERT_TRUE(reboot("orders-c"));
    EXPECT_EQ(client(discovery()).endpoints().sessions, sessions);
    EXPECT_EQ(reboot("orders-z").error().code, "NodeNotFoundFault");
    EXPECT_EQ(host.reboot(kAccount, kRegion, "none", "none-a").error().code,
              "ClusterNotFoundFault");
}

TEST_F(ClusterTest, ConnectionsOfTheDiscoveryEndWithTheirNode) {
    ASSERT_TRUE(host.apply(spec));
    std::list<Client> all;
    for (int i = 0; i < 3; ++i) all.emplace_back(discovery(), clock);
    for (Client& one : all) EXPECT_EQ(one.endpoints().ports.size(), 3U);
    ASSERT_TRUE(reboot("orders-b"));
    size_t ended = 0;
    for (Client& one : all) ended += one.endpoints().ports.empty() ? 1 : 0;
    EXPECT_EQ(ended, 1U);
}

TEST_F(ClusterTest, AClusterOfOneRebootsToo) {
    spec.nodes.resize(1);
    ASSERT_TRUE(host.apply(spec));
    EXPECT_EQ(client(port(0)).put("k", 1), kDone);
    const uint16_t at = port(0);
    ASSERT_TRUE(reboot("orders-a"));
    EXPECT_EQ(port(0), at);
    EXPECT_TRUE(state().nodes[0].leader);
    Client again = client(at);
    EXPECT_EQ(again.get("k"), found(1));
    EXPECT_EQ(table.reads, 1);
    EXPECT_EQ(again.put("k", 2), kDone);
    EXPECT_EQ(again.get("k"), found(2));
}

// The upstream has it, the client does not know it yet, and the leader goes.
TEST_F(ClusterTest, AWriteUnderWayIsNotLostByTheChange) {
    ASSERT_TRUE(host.apply(spec));
    Client b = client(port(1));
    EXPECT_EQ(b.get("k"), kAbsent);  // cached at who will lead
    table.gate(false);
    std::thread writer([&] { EXPECT_EQ(client(port(2)).put("k", 1), kDone); });
    table.wait_for_writes(1);
    std::thread rebooter([&] { EXPECT_TRUE(reboot("orders-a")); });
    table.gate(true);
    writer.join();
    rebooter.join();
    EXPECT_EQ(leader(), 1U);
    EXPECT_EQ(b.get("k"), found(1));
    EXPECT_EQ(table.reads, 1);
}

TEST_F(ClusterTest, NodesComeAndGoAndPortsAreUsedAgain) {
    ASSERT_TRUE(host.apply(spec));
    const auto before = state();
    EXPECT_EQ(client(port(0)).put("k", 1), kDone);
    converge();
    spec.nodes.erase(spec.nodes.begin());  // the leader
    spec.nodes.push_back({"orders-d", "us-east-1a", 0});
    ASSERT_TRUE(host.apply(spec));
    const auto after = state();
    ASSERT_EQ(after.nodes.size(), 3U);
    EXPECT_EQ(after.nodes[0].port, before.nodes[1].port);
    EXPECT_EQ(after.discovery_port, before.discovery_port);
    EXPECT_EQ(leader(), 0U);
    EXPECT_FALSE(net::LoopbackClient(before.nodes[0].port).connected());
    EXPECT_EQ(client(port(0)).get("k"), found(1));
    EXPECT_EQ(table.reads, 0);

    // The same again changes nothing.
    Client stays = client(port(0));
    const auto sessions = stays.endpoints().sessions;
    ASSERT_TRUE(host.apply(spec));
    EXPECT_EQ(stays.endpoints().sessions, sessions);

    host.remove(kAccount, kRegion, "orders");
    host.check();
    EXPECT_FALSE(host.state(kAccount, kRegion, "orders"));
    EXPECT_FALSE(net::LoopbackClient(before.discovery_port).connected());
    ASSERT_TRUE(host.apply(spec));
    EXPECT_EQ(port(0), before.nodes[0].port);
}

TEST_F(ClusterTest, TtlsTakeEffectOnRunningNodes) {
    ASSERT_TRUE(host.apply(spec));
    spec.record_ttl = std::chrono::seconds(10);
    ASSERT_TRUE(host.apply(spec));
    Client b = client(port(1));
    EXPECT_EQ(b.get("k"), kAbsent);
    clock.advance(std::chrono::seconds(9));
    EXPECT_EQ(b.get("k"), kAbsent);
    EXPECT_EQ(table.reads, 1);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(b.get("k"), kAbsent);
    EXPECT_EQ(table.reads, 2);
}

TEST_F(ClusterTest, WhatCannotBeStartedIsAnError) {
    spec.encrypted_in_transit = true;
    EXPECT_EQ(host.apply(spec).error().code, "NoCertificate");
    EXPECT_FALSE(host.state(kAccount, kRegion, "orders"));
    spec.encrypted_in_transit = false;
    ASSERT_TRUE(host.apply(spec));
    const uint16_t first = port(0);
    Host full(HostParts{table, keys, rights, roles, nullptr, lists, hub, clock, rng,
                        [this]() -> net::ThreadPool& { return pool; }},
              options({first, first}));
    const auto refused = full.apply(spec);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("no port of"), std::string::npos);
    EXPECT_FALSE(full.state(kAccount, kRegion, "orders"));
}

TEST_F(ClusterTest, OnlyWhomTheGroupsAllowConnects) {
    spec.security_group_ids = {"sg-1"};
    ASSERT_TRUE(host.apply(spec));
    Client a = client(port(0));
    EXPECT_EQ(a.get("k"), kAbsent);
    network.allowed = 22;
    for (const uint16_t at : {port(0), port(2), discovery()})
        EXPECT_EQ(net::LoopbackClient(at).read_all(), "") << at;
    // Who is connected is asked again in the next second.
    EXPECT_EQ(a.get("k"), kAbsent);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(a.get("k"), codec::hex_encode("closed"));
    network.allowed = port(1);
    EXPECT_EQ(client(port(1)).get("k"), kAbsent);
    EXPECT_EQ(net::LoopbackClient(port(0)).read_all(), "");
    host.check();  // a node that lets nobody in is healthy
    EXPECT_EQ(state().nodes[0].status, DaxNodeStatus::kAvailable);
}

TEST_F(ClusterTest, TablesAreUsedAsTheRole) {
    ASSERT_TRUE(host.apply(spec));
    Client a = client(port(0));
    EXPECT_EQ(a.get("k"), kAbsent);
    EXPECT_EQ(a.put("k", 1), kDone);
    EXPECT_EQ(table.callers, std::set<std::string>{std::string(kRole) + "/DAX"});
    EXPECT_EQ(roles.asked, 1);
    // Asked again when IAM changed, or after a while.
    ++roles.version;
    EXPECT_EQ(a.get("other"), kAbsent);
    EXPECT_EQ(roles.asked, 2);
    clock.advance(TableUser::kKnownFor);
    EXPECT_EQ(a.get("another"), kAbsent);
    EXPECT_EQ(roles.asked, 3);
    roles.there = false;
    ++roles.version;
    EXPECT_EQ(a.refusal("more"), kDenied);
    EXPECT_EQ(a.get("another"), kAbsent);  // cached
    roles.there = true;
    spec.role_arn = "arn:aws:iam::000000000000:role/other";
    ASSERT_TRUE(host.apply(spec));
    EXPECT_EQ(a.get("yet another"), kAbsent);
    EXPECT_TRUE(table.callers.contains("arn:aws:iam::000000000000:role/other/DAX"));
}

// Clients write and read through all nodes while leaders reboot.
TEST_F(ClusterTest, NothingIsLostWhileLeadersReboot) {
    ASSERT_TRUE(host.apply(spec));
    constexpr int kWriters = 4;
    constexpr int kWrites = 150;
    std::atomic<bool> over{false};
    std::thread replicator([&] {
        while (!over) host.replicate();
    });
    std::vector<int> acknowledged(kWriters, 0);
    std::atomic<int> checked{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < kWriters; ++w) {
        writers.emplace_back([&, w] {
            const std::string key = "k" + std::to_string(w);
            for (int value = 1; value <= kWrites; ++value) {
                const Client::Route before = client(discovery()).endpoints();
                // Until it is acknowledged, by whatever node.
                for (size_t node = static_cast<size_t>(w + value);; ++node) {
                    Client one = client(port(node % 3));
                    if (one.put(key, value) == kDone) break;
                }
                acknowledged[static_cast<size_t>(w)] = value;
                const std::string seen = client(before.leader).get(key);
                (void)client(port(static_cast<size_t>(value) % 3)).get(key);
                // While one leads, it has whatever it was told.
                if (client(discovery()).endpoints().sessions != before.sessions) continue;
                if (seen == codec::hex_encode("closed")) continue;  // it is going just now
                EXPECT_EQ(seen, found(value)) << key;
                ++checked;
            }
        });
    }
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(reboot(state().nodes[leader()].node_id));
    for (auto& writer : writers) writer.join();
    over = true;
    replicator.join();
    EXPECT_GT(checked, 0);
    converge();
    for (int w = 0; w < kWriters; ++w) {
        EXPECT_EQ(acknowledged[static_cast<size_t>(w)], kWrites);
        for (size_t node = 0; node < 3; ++node)
            EXPECT_EQ(client(port(node)).get("k" + std::to_string(w)), found(kWrites));
    }
}

}  // namespace
}  // namespace millrace::dax
