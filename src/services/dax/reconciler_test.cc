// Running nodes follow the stored clusters, whatever is interrupted.
#include "services/dax/reconciler.h"

#include "services/dax/test_bed.h"

namespace millrace::dax_control {
namespace {

TEST(Reconciler, Creates) {
    TestBed bed;
    ASSERT_EQ(bed.call<CreateCluster>(TestBed::cluster_input()).code(), "ok");
    bed.clusters.hold = true;
    EXPECT_LT(bed.step_ms(), 1000);
    EXPECT_EQ(bed.shown().status, "creating");
    EXPECT_EQ(bed.nodes(), "none");
    EXPECT_EQ(bed.events(), "");
    bed.clusters.hold = false;
    EXPECT_GE(bed.step_ms(), 5000);
    const auto cluster = bed.shown();
    EXPECT_EQ(cluster.status, "available");
    EXPECT_EQ(cluster.active_nodes, 3);
    EXPECT_EQ(cluster.cluster_discovery_endpoint->address, "127.0.0.1");
    EXPECT_EQ(cluster.cluster_discovery_endpoint->port, 8111);
    EXPECT_EQ(cluster.cluster_discovery_endpoint->url, "dax://127.0.0.1:8111");
    const auto& node = cluster.nodes->front();
    EXPECT_EQ(node.node_id, "orders-a");
    EXPECT_EQ(node.node_status, "available");
    EXPECT_EQ(node.endpoint->port, 8112);
    EXPECT_EQ(node.availability_zone, "us-east-1a");
    EXPECT_EQ(node.parameter_group_status, "in-sync");
    EXPECT_EQ(node.node_create_time, bed.clock.now());
    EXPECT_EQ(bed.events(), "Cluster created.|");

    const auto& spec = bed.clusters.running.at("orders");
    EXPECT_EQ(spec.arn, "arn:aws:dax:us-east-1:123456789012:cache/orders");
    EXPECT_EQ(spec.role_arn, kRole);
    EXPECT_EQ(spec.memory_bytes_per_node, uint64_t{16} << 30);
    EXPECT_EQ(spec.security_group_ids, std::vector<std::string>{"sg-default"});
    EXPECT_EQ(spec.record_ttl, std::chrono::minutes(5));
}

TEST(Reconciler, EndpointsOutliveTheProcess) {
    TestBed bed;
    bed.make();
    const auto before = bed.shown();
    bed.restart();
    EXPECT_EQ(bed.clusters.running.size(), 0u);
    bed.step_ms();
    EXPECT_EQ(bed.shown(), before);
    const auto& spec = bed.clusters.running.at("orders");
    EXPECT_EQ(spec.discovery_port, 8111);
    EXPECT_EQ(spec.nodes.back().port, 8114);
    EXPECT_EQ(bed.events(), "Cluster created.|");
}

// Nothing is written while nothing changes.
TEST(Reconciler, IsQuiet) {
    TestBed bed;
    bed.make();
    const auto version = [&] {
        return bed.store
            ->run([](store::Txn& txn) {
                txn.put({store::Space::kDax, "test", ""}, "x");
                return store::TxnDecision::kCommit;
            })
            .ticket;
    };
    const auto before = version();
    for (int i = 0; i < 3; ++i) bed.step_ms();
    EXPECT_EQ(version(), before + 1);
}

TEST(Reconciler, AddsAndRemovesNodes) {
    TestBed bed;
    bed.make("orders", 1);
    IncreaseReplicationFactor::Input up;
    up.cluster_name = "orders";
    up.new_replication_factor = 3;
    const auto answer = bed.call<IncreaseReplicationFactor>(up);
    EXPECT_EQ(answer->cluster->status, "modifying");
    EXPECT_EQ(answer->cluster->total_nodes, 3);
    EXPECT_EQ(answer->cluster->active_nodes, 1);
    EXPECT_FALSE(answer->cluster->nodes->back().endpoint);
    EXPECT_EQ(bed.nodes(), "a:available b:creating c:creating");
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available b:available c:available");
    EXPECT_EQ(bed.shown().status, "available");

    DecreaseReplicationFactor::Input down;
    down.cluster_name = "orders";
    down.new_replication_factor = 2;
    down.node_ids_to_remove = {"orders-b"};
    ASSERT_EQ(bed.call<DecreaseReplicationFactor>(down).code(), "ok");
    // A crash before or after the node was stopped: the row still says what shall be.
    bed.restart();
    EXPECT_EQ(bed.nodes(), "a:available b:deleting c:available");
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available c:available");
    EXPECT_EQ(bed.clusters.running.at("orders").nodes.size(), 2u);
    EXPECT_FALSE(bed.shown().node_ids_to_remove);
    EXPECT_EQ(bed.events(),
              "Removed node orders-b.|Added node orders-c.|Added node orders-b.|Cluster created.|");
}

TEST(Reconciler, AppliesParametersAndGroups) {
    TestBed bed;
    bed.make();
    for (const char* name : {"short", "none"}) {
        CreateParameterGroup::Input group;
        group.parameter_group_name = name;
        ASSERT_EQ(bed.call<CreateParameterGroup>(group).code(), "ok");
        UpdateParameterGroup::Input values;
        values.parameter_group_name = name;
        const std::string ttl = name == std::string("short") ? "1500" : "0";
        values.parameter_name_values.emplace().push_back({"record-ttl-millis", ttl});
        values.parameter_name_values->push_back({"query-ttl-millis", ttl});
        ASSERT_EQ(bed.call<UpdateParameterGroup>(values).code(), "ok");
    }
    UpdateCluster::Input input;
    input.cluster_name = "orders";
    input.parameter_group_name = "short";
    input.security_group_ids = {"sg-1"};
    const auto answer = bed.call<UpdateCluster>(input);
    EXPECT_EQ(answer->cluster->status, "modifying");
    EXPECT_EQ(answer->cluster->parameter_group->parameter_apply_status, "applying");
    EXPECT_EQ(answer->cluster->security_groups->front().status, "modifying");
    bed.restart();
    bed.step_ms();
    const auto& spec = bed.clusters.running.at("orders");
    EXPECT_EQ(spec.record_ttl, std::chrono::milliseconds(1500));
    EXPECT_EQ(spec.query_ttl, std::chrono::milliseconds(1500));
    EXPECT_EQ(spec.security_group_ids, std::vector<std::string>{"sg-1"});
    const auto cluster = bed.shown();
    EXPECT_EQ(cluster.status, "available");
    EXPECT_EQ(cluster.parameter_group->parameter_apply_status, "in-sync");
    EXPECT_EQ(cluster.security_groups->front().status, "active");

    // 0: items for ever, results not at all.
    input.parameter_group_name = "none";
    ASSERT_EQ(bed.call<UpdateCluster>(input).code(), "ok");
    bed.step_ms();
    EXPECT_GT(bed.clusters.running.at("orders").record_ttl, std::chrono::hours(24 * 3650));
    EXPECT_EQ(bed.clusters.running.at("orders").query_ttl, Duration::zero());
}

TEST(Reconciler, RebootsOnce) {
    TestBed bed;
    bed.make();
    RebootNode::Input input;
    input.cluster_name = "orders";
    input.node_id = "orders-b";
    EXPECT_EQ(bed.call<RebootNode>(input)->cluster->active_nodes, 2);
    EXPECT_EQ(bed.nodes(), "a:available b:rebooting c:available");
    bed.clusters.hold = true;
    bed.step_ms();
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available b:rebooting c:available");
    EXPECT_EQ(bed.call<RebootNode>(input).code(), "InvalidClusterStateFault");
    bed.clusters.hold = false;
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available b:available c:available");
    EXPECT_EQ(bed.clusters.rebooted, std::vector<std::string>{"orders-b"});
    EXPECT_EQ(bed.events(), "Rebooted node orders-b.|Cluster created.|");
    // Another request, another reboot.
    ASSERT_EQ(bed.call<RebootNode>(input).code(), "ok");
    bed.step_ms();
    EXPECT_EQ(bed.clusters.rebooted.size(), 2u);
}

TEST(Reconciler, ReplacesFailedNodes) {
    TestBed bed;
    bed.make();
    bed.clusters.failing = {"orders-b"};
    EXPECT_EQ(bed.step_ms(), 1000);
    EXPECT_EQ(bed.nodes(), "a:available b:failed c:available");
    EXPECT_EQ(bed.shown().active_nodes, 2);
    EXPECT_EQ(bed.shown().status, "available");
    const int applied = bed.clusters.applied;
    bed.step_ms();
    EXPECT_EQ(bed.clusters.applied, applied + 1);
    EXPECT_EQ(bed.events(),
              "Node orders-b failed and is being replaced: the port is taken|Cluster created.|");
    bed.clusters.failing.clear();
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available b:available c:available");
    EXPECT_TRUE(bed.events().starts_with("Replaced node orders-b.|")) << bed.events();
}

TEST(Reconciler, TellsWhyAClusterDoesNotStart) {
    TestBed bed;
    bed.clusters.refusal = Error{.code = "x", .message = "no certificate"};
    ASSERT_EQ(bed.call<CreateCluster>(TestBed::cluster_input()).code(), "ok");
    EXPECT_EQ(bed.step_ms(), 1000);
    bed.step_ms();
    EXPECT_EQ(bed.events(), "The cluster cannot be started or changed: no certificate|");
    bed.clusters.refusal.reset();
    bed.clusters.failing = {"orders-c"};
    bed.step_ms();
    bed.step_ms();
    EXPECT_EQ(bed.shown().status, "creating");
    EXPECT_EQ(bed.events(),
              "Node orders-c cannot be started: the port is taken|"
              "The cluster cannot be started or changed: no certificate|");
    bed.clusters.failing.clear();
    bed.step_ms();
    EXPECT_EQ(bed.shown().status, "available");
    // One that never starts can be deleted.
    bed.clusters.refusal = Error{.code = "x", .message = "no port"};
    ASSERT_EQ(bed.call<CreateCluster>(TestBed::cluster_input("stuck", 1)).code(), "ok");
    bed.step_ms();
    DeleteCluster::Input input;
    input.cluster_name = "stuck";
    ASSERT_EQ(bed.call<DeleteCluster>(input).code(), "ok");
    bed.step_ms();
    EXPECT_EQ(bed.shown("stuck").status, std::nullopt);
}

TEST(Reconciler, Deletes) {
    TestBed bed;
    bed.make("orders", 2);
    DeleteCluster::Input input;
    input.cluster_name = "orders";
    ASSERT_EQ(bed.call<DeleteCluster>(input).code(), "ok");
    bed.restart();
    bed.step_ms();
    EXPECT_EQ(bed.clusters.running.size(), 0u);
    EXPECT_EQ(bed.call<DescribeClusters>({})->clusters->size(), 0u);
    EXPECT_EQ(bed.events(),
              "Cluster deleted.|Removed node orders-b.|Removed node orders-a.|Cluster created.|");
    // One of the same name is another.
    bed.make("orders", 1);
    EXPECT_EQ(bed.clusters.running.at("orders").nodes.size(), 1u);
}

// Even when nothing can be done, what is known of the nodes is told.
TEST(Reconciler, TheOnlyNodeFails) {
    TestBed bed;
    bed.make("orders", 1);
    bed.clusters.failing = {"orders-a"};
    bed.clusters.refusal = Error{.code = "x", .message = "no node runs"};
    bed.step_ms();
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:failed");
    EXPECT_EQ(bed.events(),
              "The cluster cannot be started or changed: no node runs|"
              "Node orders-a failed and is being replaced: the port is taken|Cluster created.|");
    bed.clusters.failing.clear();
    bed.clusters.refusal.reset();
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "a:available");
}

// The nodes of a server that stops are no news.
TEST(Reconciler, Stops) {
    TestBed bed;
    bed.make();
    bed.service->stop();
    bed.clusters.refusal = Error{.code = "x", .message = "stopping"};
    const int applied = bed.clusters.applied;
    bed.step_ms();
    EXPECT_EQ(bed.clusters.applied, applied);
    EXPECT_EQ(bed.events(), "Cluster created.|");
}

// What was done for an older state of the cluster is not taken for done.
TEST(Reconciler, AChangeMeanwhile) {
    TestBed bed;
    bed.make();
    class Changing final : public contracts::DaxClusters {
    public:
        explicit Changing(TestBed& bed) : bed_(bed) {}
        Result<void> apply(const contracts::DaxClusterSpec& spec) override {
            if (!changed_) {
                changed_ = true;
                UpdateCluster::Input input;
                input.cluster_name = "orders";
                input.security_group_ids = {"sg-1"};
                EXPECT_EQ(bed_.call<UpdateCluster>(input).code(), "ok");
            }
            return bed_.clusters.apply(spec);
        }
        void remove(std::string_view, std::string_view, std::string_view) override {}
        Result<void> reboot(std::string_view, std::string_view, std::string_view,
                            std::string_view) override {
            return {};
        }
        std::optional<contracts::DaxClusterState> state(std::string_view account,
                                                        std::string_view region,
                                                        std::string_view name) override {
            return bed_.clusters.state(account, region, name);
        }

    private:
        TestBed& bed_;
        bool changed_ = false;
    } changing(bed);
    DaxControlService service({*bed.store, bed.clock, bed.roles, bed.network, changing});
    const auto worker = service.make_worker();
    EXPECT_EQ(worker->step(bed.clock.now()), bed.clock.now());
    EXPECT_EQ(bed.shown().status, "modifying");
    worker->step(bed.clock.now());
    EXPECT_EQ(bed.shown().status, "available");
    EXPECT_EQ(bed.clusters.running.at("orders").security_group_ids.front(), "sg-1");
}

}  // namespace
}  // namespace millrace::dax_control
