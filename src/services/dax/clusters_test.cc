// The operations on clusters: what they check, store and answer.
#include "services/dax/test_bed.h"

namespace millrace::dax_control {
namespace {

TEST(CreateCluster, AnswersAndDefaults) {
    TestBed bed;
    auto input = TestBed::cluster_input("Orders");
    input.description = "of orders";
    const auto answer = bed.call<CreateCluster>(input);
    const auto& cluster = *answer->cluster;
    EXPECT_EQ(cluster.cluster_name, "orders");
    EXPECT_EQ(cluster.description, "of orders");
    EXPECT_EQ(cluster.cluster_arn, "arn:aws:dax:us-east-1:123456789012:cache/orders");
    EXPECT_EQ(cluster.status, "creating");
    EXPECT_EQ(cluster.total_nodes, 3);
    EXPECT_EQ(cluster.active_nodes, 0);
    EXPECT_EQ(cluster.node_type, "dax.r5.large");
    EXPECT_FALSE(cluster.nodes);
    EXPECT_FALSE(cluster.cluster_discovery_endpoint);
    EXPECT_EQ(cluster.subnet_group, "default");
    EXPECT_EQ(cluster.security_groups->front().security_group_identifier, "sg-default");
    EXPECT_EQ(cluster.security_groups->front().status, "active");
    EXPECT_EQ(cluster.parameter_group->parameter_group_name, "default.dax1.0");
    EXPECT_EQ(cluster.parameter_group->parameter_apply_status, "in-sync");
    EXPECT_EQ(cluster.sse_description->status, "DISABLED");
    EXPECT_EQ(cluster.cluster_endpoint_encryption_type, "NONE");
    EXPECT_EQ(cluster.network_type, "ipv4");
    EXPECT_EQ(*window_of(*cluster.preferred_maintenance_window),
              *cluster.preferred_maintenance_window);
    EXPECT_EQ(bed.call<CreateCluster>(input).code(), "ClusterAlreadyExistsFault");
}

TEST(CreateCluster, TakesEveryOption) {
    TestBed bed;
    CreateParameterGroup::Input parameters;
    parameters.parameter_group_name = "short";
    ASSERT_EQ(bed.call<CreateParameterGroup>(parameters).code(), "ok");
    auto input = TestBed::cluster_input("orders", 2);
    input.parameter_group_name = "short";
    input.security_group_ids = {"sg-1", "sg-1"};
    input.sse_specification.emplace().enabled = true;
    input.cluster_endpoint_encryption_type = "TLS";
    input.preferred_maintenance_window = "SUN:05:00-sun:09:00";
    input.availability_zones = {"us-east-1c", "us-east-1c"};
    input.tags = show_tags({{"team", "a"}});
    input.network_type = "ipv4";
    input.notification_topic_arn = "";
    ASSERT_EQ(bed.call<CreateCluster>(input).code(), "ok");
    bed.step_ms();
    const auto cluster = bed.shown();
    EXPECT_EQ(cluster.parameter_group->parameter_group_name, "short");
    EXPECT_EQ(cluster.security_groups->size(), 1u);
    EXPECT_EQ(cluster.sse_description->status, "ENABLED");
    EXPECT_EQ(cluster.cluster_endpoint_encryption_type, "TLS");
    EXPECT_EQ(cluster.preferred_maintenance_window, "sun:05:00-sun:09:00");
    EXPECT_EQ(cluster.cluster_discovery_endpoint->url, "daxs://127.0.0.1:8111");
    for (const auto& node : *cluster.nodes) EXPECT_EQ(node.availability_zone, "us-east-1c");
    ListTags::Input tags;
    tags.resource_name = cluster.cluster_arn;
    EXPECT_EQ(bed.call<ListTags>(tags)->tags->front().key, "team");
}

TEST(CreateCluster, Refuses) {
    TestBed bed;
    const auto code = [&](const auto& change) {
        auto input = TestBed::cluster_input();
        change(input);
        return bed.call<CreateCluster>(input).code();
    };
    using Input = CreateCluster::Input;
    const std::string value = "InvalidParameterValueException";
    for (const char* name : {"", "1a", "-a", "a-", "a--b", "a_b", "abcdefghijklmnopqrstu"})
        EXPECT_EQ(code([&](Input& input) { input.cluster_name = name; }), value) << name;
    for (const char* type : {"", "dax.r5.huge", "r5.large"})
        EXPECT_EQ(code([&](Input& input) { input.node_type = type; }), value) << type;
    EXPECT_EQ(code([](Input& input) { input.replication_factor = 0; }), value);
    EXPECT_EQ(code([](Input& input) { input.replication_factor = 11; }),
              "NodeQuotaForClusterExceededFault");
    for (const char* role : {"dax", "arn:aws", "arn:aws:iam::123456789012:role/other",
                             "arn:aws:iam::210987654321:role/dax"}) {
        EXPECT_EQ(code([&](Input& input) { input.iam_role_arn = role; }), value) << role;
    }
    EXPECT_EQ(code([](Input& input) { input.subnet_group_name = "none"; }),
              "SubnetGroupNotFoundFault");
    EXPECT_EQ(code([](Input& input) { input.parameter_group_name = "none"; }),
              "ParameterGroupNotFoundFault");
    EXPECT_EQ(
        code([](Input& input) { input.security_group_ids = std::vector<std::string>(6, "sg-1"); }),
        value);
    for (const char* group : {"sg-none", "sg-x"})
        EXPECT_EQ(code([&](Input& input) { input.security_group_ids = {group}; }), value) << group;
    EXPECT_EQ(code([](Input& input) { input.availability_zones = {"us-east-1a"}; }),
              "InvalidParameterCombinationException");
    EXPECT_EQ(code([](Input& input) {
                  input.availability_zones = {"us-east-1a", "us-east-1a", "us-east-1d"};
              }),
              value);
    for (const char* window : {"", "sun:05:00", "sun:05:00-sun:05:59", "sun:24:00-mon:01:00",
                               "son:05:00-sun:09:00", "sun:05:00-sun:05:00", "sun-mon"}) {
        EXPECT_EQ(code([&](Input& input) { input.preferred_maintenance_window = window; }),
                  *window == '\0' ? "ok" : value)
            << window;
        DeleteCluster::Input deletion;
        deletion.cluster_name = "orders";
        bed.call<DeleteCluster>(deletion);
        bed.step_ms();
    }
    EXPECT_EQ(code([](Input& input) { input.notification_topic_arn = "arn:aws:sns:r:1:t"; }),
              value);
    EXPECT_EQ(code([](Input& input) { input.network_type = "dual_stack"; }), value);
    EXPECT_EQ(code([](Input& input) { input.tags = show_tags({{"aws:x", "v"}}); }), value);
    EXPECT_EQ(code([](Input& input) { input.description = std::string(1001, 'x'); }), value);
    EXPECT_EQ(code([](Input& input) {
                  input.tags.emplace();
                  for (int i = 0; i < 51; ++i)
                      input.tags->push_back({std::to_string(i), std::nullopt});
              }),
              "TagQuotaPerResourceExceeded");
    EXPECT_EQ(bed.call<DescribeClusters>({})->clusters->size(), 0u);
}

TEST(CreateCluster, RecordedTexts) {
    TestBed bed;
    const auto text = [&](const std::string& role) {
        auto input = TestBed::cluster_input();
        input.iam_role_arn = role;
        return bed.call<CreateCluster>(input).text();
    };
    EXPECT_EQ(text("dax"), "ARNs must start with 'arn:': dax");
    EXPECT_EQ(text("arn:aws"), "Second colon partition not found: arn:aws");
    EXPECT_EQ(text("arn:aws:iam"), "Third colon vendor not found: arn:aws:iam");
    EXPECT_EQ(text("arn:aws:iam:"),
              "Fourth colon (region/namespace delimiter) not found: arn:aws:iam:");
    EXPECT_EQ(text("arn:aws:iam::1"),
              "Fifth colon (namespace/relative-id delimiter) not found: arn:aws:iam::1");
}

TEST(CreateCluster, NodesAreSpread) {
    TestBed bed;
    bed.make("orders", 4);
    std::map<std::string, int> zones;
    const auto cluster = bed.shown();
    for (const auto& node : *cluster.nodes) zones[*node.availability_zone] += 1;
    EXPECT_EQ(zones.size(), 3u);
    EXPECT_EQ(bed.nodes(), "a:available b:available c:available d:available");
}

TEST(CreateCluster, Quotas) {
    TestBed bed;
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(
            bed.call<CreateCluster>(TestBed::cluster_input("c" + std::to_string(i), 10)).code(),
            "ok");
    EXPECT_EQ(bed.call<CreateCluster>(TestBed::cluster_input("more", 1)).code(),
              "NodeQuotaForCustomerExceededFault");
}

TEST(CreateCluster, SubnetsThatAreGone) {
    TestBed bed;
    CreateSubnetGroup::Input input;
    input.subnet_group_name = "g";
    input.subnet_ids = {"subnet-a", "subnet-b"};
    ASSERT_EQ(bed.call<CreateSubnetGroup>(input).code(), "ok");
    bed.network.subnets.erase("subnet-b");
    auto cluster = TestBed::cluster_input();
    cluster.subnet_group_name = "g";
    EXPECT_EQ(bed.call<CreateCluster>(cluster).code(), "InvalidVPCNetworkStateFault");
    bed.network.subnets.clear();
    cluster.subnet_group_name.reset();
    EXPECT_EQ(bed.call<CreateCluster>(cluster).code(), "SubnetGroupNotFoundFault");
}

TEST(CreateCluster, AsksForItsActions) {
    TestBed bed;
    auto input = TestBed::cluster_input();
    bed.as_user("dax:*", "arn:aws:dax:us-east-1:123456789012:cache/orders");
    EXPECT_EQ(bed.call<CreateCluster>(input).code(), "AccessDeniedException");
    EXPECT_NE(bed.call<CreateCluster>(input).text().find("iam:PassRole"), std::string::npos);
    bed.as(contracts::PrincipalKind::kUser, "arn:aws:iam::123456789012:user/u",
           R"({"Version":"2012-10-17","Statement":[
               {"Effect":"Allow","Action":"dax:CreateCluster","Resource":"*"},
               {"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":
                   {"StringEquals":{"iam:PassedToService":"dax.amazonaws.com"}}}]})");
    input.tags = show_tags({{"k", "v"}});
    EXPECT_NE(bed.call<CreateCluster>(input).text().find("dax:TagResource"), std::string::npos);
    input.tags.reset();
    EXPECT_EQ(bed.call<CreateCluster>(input).code(), "ok");
}

TEST(DescribeClusters, Pages) {
    TestBed bed;
    for (int i = 10; i < 35; ++i)
        ASSERT_EQ(
            bed.call<CreateCluster>(TestBed::cluster_input("c" + std::to_string(i), 1)).code(),
            "ok");
    DescribeClusters::Input input;
    input.max_results = 20;
    const auto first = bed.call<DescribeClusters>(input);
    EXPECT_EQ(first->clusters->size(), 20u);
    input.next_token = first->next_token;
    const auto second = bed.call<DescribeClusters>(input);
    EXPECT_EQ(second->clusters->size(), 5u);
    EXPECT_EQ(second->clusters->front().cluster_name, "c30");
    EXPECT_FALSE(second->next_token);
    for (const int wrong : {0, 19, 101}) {
        input.max_results = wrong;
        EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "InvalidParameterValueException");
    }
    input.max_results.reset();
    input.next_token = "!";
    EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "InvalidParameterValueException");
}

TEST(DescribeClusters, Names) {
    TestBed bed;
    bed.make("orders", 1);
    bed.make("events", 1);
    DescribeClusters::Input input;
    input.cluster_names = {"orders", "EVENTS"};
    EXPECT_EQ(bed.call<DescribeClusters>(input)->clusters->back().cluster_name, "events");
    input.cluster_names = {"orders", "none"};
    const auto answer = bed.call<DescribeClusters>(input);
    EXPECT_EQ(answer.code(), "ClusterNotFoundFault");
    EXPECT_EQ(answer.text(), "Cluster none not found.");
    input.cluster_names = {"orders", "no--ne"};
    EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "InvalidParameterValueException");
    input.cluster_names = std::vector<std::string>(101, "orders");
    EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "InvalidParameterValueException");
    bed.as_user("dax:DescribeClusters", "arn:aws:dax:us-east-1:123456789012:cache/orders");
    EXPECT_EQ(bed.call<DescribeClusters>({}).code(), "AccessDeniedException");
    input.cluster_names = {"orders"};
    EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "ok");
    bed.info.region = "eu-west-1";
    bed.as(contracts::PrincipalKind::kRoot, "arn:aws:iam::123456789012:root");
    EXPECT_EQ(bed.call<DescribeClusters>(input).code(), "ClusterNotFoundFault");
}

TEST(UpdateCluster, ChangesAndRefuses) {
    TestBed bed;
    UpdateCluster::Input input;
    input.cluster_name = "orders";
    EXPECT_EQ(bed.call<UpdateCluster>(input).code(), "InvalidParameterCombinationException");
    input.description = "new";
    EXPECT_EQ(bed.call<UpdateCluster>(input).code(), "ClusterNotFoundFault");
    ASSERT_EQ(bed.call<CreateCluster>(TestBed::cluster_input()).code(), "ok");
    EXPECT_EQ(bed.call<UpdateCluster>(input).code(), "InvalidClusterStateFault");
    bed.step_ms();
    input.preferred_maintenance_window = "Mon:00:00-Mon:01:00";
    const auto changed = bed.call<UpdateCluster>(input);
    EXPECT_EQ(changed->cluster->status, "available");
    EXPECT_EQ(changed->cluster->description, "new");
    EXPECT_EQ(changed->cluster->preferred_maintenance_window, "mon:00:00-mon:01:00");

    const auto code = [&](const auto& change) {
        UpdateCluster::Input one;
        one.cluster_name = "orders";
        change(one);
        return bed.call<UpdateCluster>(one).code();
    };
    using Input = UpdateCluster::Input;
    EXPECT_EQ(code([](Input& one) { one.parameter_group_name = "none"; }),
              "ParameterGroupNotFoundFault");
    EXPECT_EQ(code([](Input& one) { one.security_group_ids = {"sg-x"}; }),
              "InvalidParameterValueException");
    EXPECT_EQ(code([](Input& one) { one.notification_topic_arn = "arn:aws:sns:r:1:t"; }),
              "InvalidParameterValueException");
    EXPECT_EQ(code([](Input& one) { one.notification_topic_status = "active"; }),
              "InvalidParameterCombinationException");
    EXPECT_EQ(code([](Input& one) { one.notification_topic_status = "on"; }),
              "InvalidParameterValueException");
    EXPECT_EQ(code([](Input& one) { one.notification_topic_status = "inactive"; }), "ok");
    EXPECT_EQ(code([](Input& one) { one.preferred_maintenance_window = "mon"; }),
              "InvalidParameterValueException");
    // What it has already.
    EXPECT_EQ(code([](Input& one) { one.security_group_ids = {"sg-default"}; }), "ok");
    EXPECT_EQ(bed.shown().status, "available");
}

TEST(ReplicationFactor, Refuses) {
    TestBed bed;
    bed.make("orders", 3);
    IncreaseReplicationFactor::Input up;
    up.cluster_name = "orders";
    up.new_replication_factor = 3;
    EXPECT_EQ(bed.call<IncreaseReplicationFactor>(up).code(), "InvalidParameterValueException");
    up.new_replication_factor = 11;
    EXPECT_EQ(bed.call<IncreaseReplicationFactor>(up).code(), "NodeQuotaForClusterExceededFault");
    up.new_replication_factor = 5;
    up.availability_zones = {"us-east-1a"};
    EXPECT_EQ(bed.call<IncreaseReplicationFactor>(up).code(),
              "InvalidParameterCombinationException");

    DecreaseReplicationFactor::Input down;
    down.cluster_name = "orders";
    for (const int wrong : {0, 3, 4}) {
        down.new_replication_factor = wrong;
        EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(),
                  "InvalidParameterValueException");
    }
    down.new_replication_factor = 2;
    down.node_ids_to_remove = {"orders-x"};
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(), "NodeNotFoundFault");
    down.node_ids_to_remove = {"orders-a", "orders-b"};
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(),
              "InvalidParameterCombinationException");
    down.node_ids_to_remove.reset();
    down.new_replication_factor = 1;
    down.availability_zones = {"us-east-1a"};
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(),
              "InvalidParameterCombinationException");
    down.cluster_name = "none";
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(), "ClusterNotFoundFault");
}

TEST(ReplicationFactor, TheLeaderGoesLast) {
    TestBed bed;
    bed.make("orders", 3);
    bed.clusters.leader = "orders-c";
    DecreaseReplicationFactor::Input down;
    down.cluster_name = "orders";
    down.new_replication_factor = 1;
    const auto answer = bed.call<DecreaseReplicationFactor>(down);
    EXPECT_EQ(*answer->cluster->node_ids_to_remove,
              (std::vector<std::string>{"orders-a", "orders-b"}));
    EXPECT_EQ(answer->cluster->status, "modifying");
    EXPECT_EQ(bed.nodes(), "a:deleting b:deleting c:available");
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down).code(), "InvalidClusterStateFault");
}

TEST(ReplicationFactor, ZonesAndNodes) {
    TestBed bed;
    bed.make("orders", 3);
    DecreaseReplicationFactor::Input down;
    down.cluster_name = "orders";
    down.new_replication_factor = 2;
    down.availability_zones = {"us-east-1a"};
    EXPECT_EQ(bed.call<DecreaseReplicationFactor>(down)->cluster->node_ids_to_remove->front(),
              "orders-a");
    bed.step_ms();
    EXPECT_EQ(bed.nodes(), "b:available c:available");
    // The letter is free again, and so is the zone.
    IncreaseReplicationFactor::Input up;
    up.cluster_name = "orders";
    up.new_replication_factor = 3;
    ASSERT_EQ(bed.call<IncreaseReplicationFactor>(up).code(), "ok");
    bed.step_ms();
    EXPECT_EQ(bed.shown().nodes->back().node_id, "orders-a");
    EXPECT_EQ(bed.shown().nodes->back().availability_zone, "us-east-1a");
}

TEST(RebootNode, Refuses) {
    TestBed bed;
    RebootNode::Input input;
    input.cluster_name = "orders";
    input.node_id = "orders-x";
    EXPECT_EQ(bed.call<RebootNode>(input).code(), "ClusterNotFoundFault");
    bed.make("orders", 1);
    EXPECT_EQ(bed.call<RebootNode>(input).code(), "NodeNotFoundFault");
    bed.as_user("dax:RebootNode", "arn:aws:dax:us-east-1:123456789012:cache/other");
    EXPECT_EQ(bed.call<RebootNode>(input).code(), "AccessDeniedException");
}

TEST(DeleteCluster, Answers) {
    TestBed bed;
    DeleteCluster::Input input;
    input.cluster_name = "orders";
    EXPECT_EQ(bed.call<DeleteCluster>(input).text(), "Cluster not found.");
    bed.make();
    const auto answer = bed.call<DeleteCluster>(input);
    EXPECT_EQ(answer->cluster->status, "deleting");
    EXPECT_FALSE(answer->cluster->nodes);
    EXPECT_EQ(answer->cluster->active_nodes, 0);
    EXPECT_EQ(bed.call<DeleteCluster>(input).code(), "InvalidClusterStateFault");
    EXPECT_EQ(bed.call<CreateCluster>(TestBed::cluster_input()).code(),
              "ClusterAlreadyExistsFault");
    bed.step_ms();
    EXPECT_EQ(bed.call<DeleteCluster>(input).code(), "ClusterNotFoundFault");
    EXPECT_EQ(bed.call<CreateCluster>(TestBed::cluster_input()).code(), "ok");
}

TEST(Tags, AddReplaceRemove) {
    TestBed bed;
    bed.make();
    const std::string arn = "arn:aws:dax:us-east-1:123456789012:cache/orders";
    TagResource::Input tag;
    tag.resource_name = arn;
    tag.tags = show_tags({{"a", "1"}, {"b", ""}});
    EXPECT_EQ(bed.call<TagResource>(tag)->tags->size(), 2u);
    tag.tags = show_tags({{"a", "2"}});
    const auto replaced = bed.call<TagResource>(tag);
    EXPECT_EQ(replaced->tags->size(), 2u);
    EXPECT_EQ(replaced->tags->front().value, "2");
    tag.tags->clear();
    for (int i = 0; i < 49; ++i) tag.tags->push_back({"k" + std::to_string(i), "v"});
    EXPECT_EQ(bed.call<TagResource>(tag).code(), "TagQuotaPerResourceExceeded");
    tag.tags = show_tags({{"AWS:x", "v"}});
    EXPECT_EQ(bed.call<TagResource>(tag).code(), "InvalidParameterValueException");

    UntagResource::Input untag;
    untag.resource_name = arn;
    untag.tag_keys = {"a", "none"};
    EXPECT_EQ(bed.call<UntagResource>(untag).code(), "TagNotFoundFault");
    untag.tag_keys = {"a"};
    EXPECT_EQ(bed.call<UntagResource>(untag)->tags->size(), 1u);

    ListTags::Input list;
    for (const char* wrong : {"orders", "arn:aws:dax:us-east-1:123456789012:orders",
                              "arn:aws:dynamodb:us-east-1:123456789012:cache/orders"}) {
        list.resource_name = wrong;
        EXPECT_EQ(bed.call<ListTags>(list).code(), "InvalidARNFault") << wrong;
    }
    for (const char* other : {"arn:aws:dax:us-east-1:123456789012:cache/none",
                              "arn:aws:dax:eu-west-1:123456789012:cache/orders"}) {
        list.resource_name = other;
        EXPECT_EQ(bed.call<ListTags>(list).code(), "ClusterNotFoundFault") << other;
    }
    list.resource_name = arn;
    EXPECT_EQ(bed.call<ListTags>(list)->tags->front().key, "b");
    list.next_token = "x";
    EXPECT_EQ(bed.call<ListTags>(list).code(), "InvalidParameterValueException");
}

}  // namespace
}  // namespace millrace::dax_control
