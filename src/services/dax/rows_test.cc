// Golden bytes of what the control plane of DAX writes (docs/formats/dax.md): what an older version
// wrote must be read.
#include "services/dax/rows.h"

#include <gtest/gtest.h>

#include "codec/hex.h"
#include "services/dax/service.h"
#include "store/mem/mem_store.h"

namespace millrace::dax_control {
namespace {

TEST(Rows, Cluster) {
    Cluster cluster;
    cluster.account = "1";
    cluster.region = "r";
    cluster.name = "n";
    cluster.description = "d";
    cluster.node_type = "t";
    cluster.role_arn = "a";
    cluster.subnet_group = "s";
    cluster.parameter_group = "p";
    cluster.maintenance_window = "w";
    cluster.discovery_address = "h";
    cluster.trouble = "x";
    cluster.discovery_port = 0x1fb0;
    cluster.status = ClusterStatus::kModifying;
    cluster.encrypted_at_rest = true;
    cluster.applying_security_groups = true;
    cluster.generation = 0x0102;
    cluster.security_groups = {"g", "gg"};
    cluster.tags = {{"k", "v"}};
    cluster.nodes = {{"n-a", "z", "i", 0x0304, NodeStatus::kFailed, "h", 0x1fb1}};
    const std::string bytes = encode(cluster);
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "03"
              "0000000000000102"
              "1fb0"
              "01310172016e01640174016101730170017701680178"
              "01000001"
              "020167026767"
              "01016b0176"
              "01"
              "036e2d61017a01690000000000000304040168"
              "1fb1");
    EXPECT_EQ(encode(decode_cluster(bytes)), bytes);
    EXPECT_EQ(cluster.arn(), "arn:aws:dax:r:1:cache/n");
}

TEST(Rows, ParameterGroup) {
    const std::string bytes = encode(ParameterGroup{"n", "d", 1, 2});
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "016e0164"
              "0000000000000001"
              "0000000000000002");
    EXPECT_EQ(encode(decode_parameter_group(bytes)), bytes);
}

TEST(Rows, SubnetGroup) {
    const std::string bytes = encode(SubnetGroup{"n", "d", "v", {{"i", "z"}, {"j", "y"}}});
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "016e01640176"
              "02"
              "0169017a"
              "016a0179");
    EXPECT_EQ(encode(decode_subnet_group(bytes)), bytes);
}

TEST(Rows, Event) {
    const std::string bytes = encode(Event{SourceType::kSubnetGroup, "n", "m"});
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "03"
              "016e016d");
    EXPECT_EQ(encode(decode_event(bytes)), bytes);
    EXPECT_EQ(codec::hex_encode(event_sort(0x0102)), "0000000000000102");
    EXPECT_EQ(event_time_us(event_sort(0x0102)), 0x0102);
}

TEST(Rows, Keys) {
    const store::Key key = row_key(kClusters, "123456789012", "us-east-1", "orders");
    EXPECT_EQ(key.space, store::Space::kDax);
    EXPECT_EQ(key.partition, "clusters/123456789012/us-east-1");
    EXPECT_EQ(key.sort, "orders");
    EXPECT_EQ(partition_of(kParameterGroups, "1", "r"), "parameter-groups/1/r");
    EXPECT_EQ(partition_of(kSubnetGroups, "1", "r"), "subnet-groups/1/r");
    EXPECT_EQ(partition_of(kEvents, "1", "r"), "events/1/r");
    const std::string longest =
        partition_of(kParameterGroups, "123456789012", "ap-southeast-2-long-zone-1");
    EXPECT_LE(longest.size(), store::kPartitionBytesMax);
}

// Events of one moment keep their order.
TEST(Rows, EventsOfOneMoment) {
    FakeClock clock;
    const auto store = store::make_mem_store(clock);
    std::string messages;
    store->run([&](store::Txn& txn) {
        for (const char* message : {"a", "b", "c"})
            note(txn, "1", "r", {SourceType::kCluster, "n", message}, clock.now());
        return store::TxnDecision::kCommit;
    });
    store->run([&](store::Txn& txn) {
        messages.clear();
        txn.scan({store::Space::kDax, partition_of(kEvents, "1", "r"), "", ""},
                 [&](std::string_view, std::string_view row) {
                     messages += decode_event(row).message;
                     return true;
                 });
        return store::TxnDecision::kRollback;
    });
    EXPECT_EQ(messages, "abc");
    store->close();
}

}  // namespace
}  // namespace millrace::dax_control
