// Parameter groups and subnet groups.
#include "services/dax/test_bed.h"

namespace millrace::dax_control {
namespace {

void make_parameters(TestBed& bed, const std::string& name) {
    CreateParameterGroup::Input input;
    input.parameter_group_name = name;
    EXPECT_EQ(bed.call<CreateParameterGroup>(input).code(), "ok");
}

UpdateParameterGroup::Input setting(const std::string& group, const std::string& name,
                                    const std::string& value) {
    UpdateParameterGroup::Input input;
    input.parameter_group_name = group;
    input.parameter_name_values.emplace().push_back({name, value});
    return input;
}

// "query-ttl-millis=300000 record-ttl-millis=300000 "
template <class Output>
std::string values(const Output& output) {
    std::string text;
    for (const auto& one : *output.parameters)
        text += *one.parameter_name + "=" + *one.parameter_value + " ";
    return text;
}

TEST(ParameterGroups, Defaults) {
    TestBed bed;
    const auto groups = bed.call<DescribeParameterGroups>({});
    ASSERT_EQ(groups->parameter_groups->size(), 1u);
    EXPECT_EQ(groups->parameter_groups->front().parameter_group_name, "default.dax1.0");
    EXPECT_EQ(groups->parameter_groups->front().description, "Default parameter group for dax1.0");
    const auto defaults = bed.call<DescribeDefaultParameters>({});
    EXPECT_EQ(values(defaults.output), "query-ttl-millis=300000 record-ttl-millis=300000 ");
    const auto& parameter = defaults->parameters->front();
    EXPECT_EQ(parameter.parameter_type, "DEFAULT");
    EXPECT_EQ(parameter.allowed_values, "0-");
    EXPECT_EQ(parameter.is_modifiable, "TRUE");
    EXPECT_EQ(parameter.change_type, "IMMEDIATE");
    EXPECT_EQ(parameter.data_type, "integer");
    DescribeParameters::Input input;
    input.parameter_group_name = "default.dax1.0";
    EXPECT_EQ(values(*bed.call<DescribeParameters>(input).operator->()),
              "query-ttl-millis=300000 record-ttl-millis=300000 ");
    input.source = "system";
    EXPECT_EQ(bed.call<DescribeParameters>(input)->parameters->size(), 0u);
    input.parameter_group_name = "none";
    EXPECT_EQ(bed.call<DescribeParameters>(input).code(), "ParameterGroupNotFoundFault");
}

TEST(ParameterGroups, CreateUpdateDelete) {
    TestBed bed;
    CreateParameterGroup::Input input;
    input.parameter_group_name = "short";
    input.description = "a new one";
    EXPECT_EQ(bed.call<CreateParameterGroup>(input)->parameter_group->description, "a new one");
    EXPECT_EQ(bed.call<CreateParameterGroup>(input).code(), "ParameterGroupAlreadyExistsFault");
    input.parameter_group_name = "1";
    EXPECT_EQ(bed.call<CreateParameterGroup>(input).code(), "InvalidParameterValueException");
    EXPECT_EQ(bed.call<UpdateParameterGroup>(setting("short", "record-ttl-millis", "600000"))
                  ->parameter_group->parameter_group_name,
              "short");
    EXPECT_EQ(bed.call<UpdateParameterGroup>(setting("short", "query-ttl-millis", "0")).code(),
              "ok");
    DescribeParameters::Input described;
    described.parameter_group_name = "short";
    EXPECT_EQ(values(*bed.call<DescribeParameters>(described).operator->()),
              "query-ttl-millis=0 record-ttl-millis=600000 ");
    for (const char* wrong : {"", "-1", "1.5", "abc", "99999999999999999999"}) {
        EXPECT_EQ(
            bed.call<UpdateParameterGroup>(setting("short", "query-ttl-millis", wrong)).code(),
            "InvalidParameterValueException")
            << wrong;
    }
    EXPECT_EQ(bed.call<UpdateParameterGroup>(setting("short", "other", "1")).code(),
              "InvalidParameterValueException");
    EXPECT_EQ(bed.call<UpdateParameterGroup>(setting("none", "query-ttl-millis", "1")).code(),
              "ParameterGroupNotFoundFault");
    EXPECT_EQ(
        bed.call<UpdateParameterGroup>(setting("default.dax1.0", "query-ttl-millis", "1")).code(),
        "InvalidParameterGroupStateFault");
    DeleteParameterGroup::Input deletion;
    deletion.parameter_group_name = "short";
    EXPECT_EQ(bed.call<DeleteParameterGroup>(deletion)->deletion_message,
              "Parameter group short has been deleted.");
    EXPECT_EQ(bed.call<DeleteParameterGroup>(deletion).code(), "ParameterGroupNotFoundFault");
    deletion.parameter_group_name = "default.dax1.0";
    EXPECT_EQ(bed.call<DeleteParameterGroup>(deletion).code(), "InvalidParameterGroupStateFault");
}

TEST(ParameterGroups, InUse) {
    TestBed bed;
    make_parameters(bed, "short");
    auto cluster = TestBed::cluster_input();
    cluster.parameter_group_name = "short";
    ASSERT_EQ(bed.call<CreateCluster>(cluster).code(), "ok");
    EXPECT_EQ(bed.call<UpdateParameterGroup>(setting("short", "query-ttl-millis", "1")).code(),
              "InvalidParameterGroupStateFault");
    DeleteParameterGroup::Input deletion;
    deletion.parameter_group_name = "short";
    EXPECT_EQ(bed.call<DeleteParameterGroup>(deletion).code(), "InvalidParameterGroupStateFault");
    DeleteCluster::Input gone;
    gone.cluster_name = "orders";
    ASSERT_EQ(bed.call<DeleteCluster>(gone).code(), "ok");
    bed.step_ms();
    EXPECT_EQ(bed.call<DeleteParameterGroup>(deletion).code(), "ok");
}

TEST(ParameterGroups, QuotaAndPages) {
    TestBed bed;
    for (int i = 10; i < 30; ++i) make_parameters(bed, "g" + std::to_string(i));
    CreateParameterGroup::Input more;
    more.parameter_group_name = "more";
    EXPECT_EQ(bed.call<CreateParameterGroup>(more).code(), "ParameterGroupQuotaExceededFault");
    DescribeParameterGroups::Input input;
    input.max_results = 20;
    const auto first = bed.call<DescribeParameterGroups>(input);
    EXPECT_EQ(first->parameter_groups->size(), 20u);
    input.next_token = first->next_token;
    EXPECT_EQ(bed.call<DescribeParameterGroups>(input)->parameter_groups->size(), 1u);
    input = {};
    input.parameter_group_names = {"g29", "none"};
    EXPECT_EQ(bed.call<DescribeParameterGroups>(input).code(), "ParameterGroupNotFoundFault");
}

CreateSubnetGroup::Input subnets(const std::string& name, std::vector<std::string> ids) {
    CreateSubnetGroup::Input input;
    input.subnet_group_name = name;
    input.subnet_ids = std::move(ids);
    return input;
}

TEST(SubnetGroups, TheDefaultOne) {
    TestBed bed;
    const auto groups = bed.call<DescribeSubnetGroups>({});
    ASSERT_EQ(groups->subnet_groups->size(), 1u);
    const auto& group = groups->subnet_groups->front();
    EXPECT_EQ(group.subnet_group_name, "default");
    EXPECT_EQ(group.description, "Default CacheSubnetGroup");
    EXPECT_EQ(group.vpc_id, "vpc-1");
    EXPECT_EQ(group.subnets->size(), 3u);
    EXPECT_EQ(group.subnets->front().subnet_availability_zone, "us-east-1a");
    DeleteSubnetGroup::Input deletion;
    deletion.subnet_group_name = "default";
    EXPECT_EQ(bed.call<DeleteSubnetGroup>(deletion).code(), "SubnetGroupInUseFault");
    bed.network.subnets.clear();
    EXPECT_EQ(bed.call<DescribeSubnetGroups>({})->subnet_groups->size(), 0u);
}

TEST(SubnetGroups, CreateUpdateDelete) {
    TestBed bed;
    const auto made = bed.call<CreateSubnetGroup>(subnets("Back", {"subnet-a", "subnet-a"}));
    EXPECT_EQ(made->subnet_group->subnet_group_name, "back");
    EXPECT_EQ(made->subnet_group->subnets->size(), 1u);
    EXPECT_EQ(made->subnet_group->supported_network_types->front(), "ipv4");
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("BACK", {"subnet-a"})).code(),
              "SubnetGroupAlreadyExistsFault");
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("o", {"subnet-none"})).code(), "InvalidSubnet");
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("o", {})).code(), "InvalidSubnet");
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("o", {"subnet-a", "subnet-x"})).code(),
              "InvalidSubnet");
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("", {"subnet-a"})).code(),
              "InvalidParameterValueException");
    UpdateSubnetGroup::Input update;
    update.subnet_group_name = "Back";
    update.description = "new";
    update.subnet_ids = {"subnet-x"};
    EXPECT_EQ(bed.call<UpdateSubnetGroup>(update)->subnet_group->vpc_id, "vpc-2");
    DescribeSubnetGroups::Input described;
    described.subnet_group_names = {"BACK"};
    EXPECT_EQ(bed.call<DescribeSubnetGroups>(described)->subnet_groups->front().description, "new");
    DeleteSubnetGroup::Input deletion;
    deletion.subnet_group_name = "Back";
    EXPECT_EQ(bed.call<DeleteSubnetGroup>(deletion)->deletion_message,
              "Subnet group back has been deleted.");
    EXPECT_EQ(bed.call<DeleteSubnetGroup>(deletion).code(), "SubnetGroupNotFoundFault");
    EXPECT_EQ(bed.call<UpdateSubnetGroup>(update).code(), "SubnetGroupNotFoundFault");
    EXPECT_EQ(bed.call<DescribeSubnetGroups>(described).code(), "SubnetGroupNotFoundFault");
}

TEST(SubnetGroups, InUse) {
    TestBed bed;
    ASSERT_EQ(bed.call<CreateSubnetGroup>(subnets("g", {"subnet-a", "subnet-b"})).code(), "ok");
    auto cluster = TestBed::cluster_input("orders", 1);
    cluster.subnet_group_name = "g";
    ASSERT_EQ(bed.call<CreateCluster>(cluster).code(), "ok");
    bed.step_ms();
    DeleteSubnetGroup::Input deletion;
    deletion.subnet_group_name = "g";
    EXPECT_EQ(bed.call<DeleteSubnetGroup>(deletion).code(), "SubnetGroupInUseFault");
    UpdateSubnetGroup::Input update;
    update.subnet_group_name = "g";
    update.subnet_ids = {"subnet-b"};
    EXPECT_EQ(bed.call<UpdateSubnetGroup>(update).code(), "SubnetInUse");
    update.subnet_ids = {"subnet-x"};
    EXPECT_EQ(bed.call<UpdateSubnetGroup>(update).code(), "InvalidSubnet");
    update.subnet_ids = {"subnet-a", "subnet-c"};
    EXPECT_EQ(bed.call<UpdateSubnetGroup>(update).code(), "ok");
    IncreaseReplicationFactor::Input up;
    up.cluster_name = "orders";
    up.new_replication_factor = 2;
    ASSERT_EQ(bed.call<IncreaseReplicationFactor>(up).code(), "ok");
    bed.step_ms();
    EXPECT_EQ(bed.shown().nodes->back().availability_zone, "us-east-1c");
}

TEST(SubnetGroups, Quotas) {
    TestBed bed;
    std::vector<std::string> ids;
    for (int i = 0; i < 21; ++i) {
        const std::string id = "subnet-" + std::to_string(i);
        bed.network.subnets[id] = {id, "vpc-2", "us-east-1a", ""};
        ids.push_back(id);
    }
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("g", ids)).code(), "SubnetQuotaExceededFault");
    ids.pop_back();
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("g", ids)).code(), "ok");
    for (int i = 2; i < 50; ++i) {
        EXPECT_EQ(
            bed.call<CreateSubnetGroup>(subnets("g" + std::to_string(i), {"subnet-a"})).code(),
            "ok");
    }
    EXPECT_EQ(bed.call<CreateSubnetGroup>(subnets("more", {"subnet-a"})).code(),
              "SubnetGroupQuotaExceededFault");
}

TEST(NetworkUsers, WhatClustersAndGroupsReferTo) {
    TestBed bed;
    ASSERT_EQ(bed.call<CreateSubnetGroup>(subnets("g", {"subnet-x"})).code(), "ok");
    bed.make("orders", 1);
    const auto uses = [&](const char* id, const char* region = kRegion) {
        bool used = false;
        bed.store->run([&](store::Txn& txn) {
            used = bed.service->uses(txn, kAccount, region, id);
            return store::TxnDecision::kRollback;
        });
        return used;
    };
    EXPECT_TRUE(uses("subnet-x"));
    EXPECT_TRUE(uses("subnet-a"));
    EXPECT_TRUE(uses("sg-default"));
    EXPECT_FALSE(uses("subnet-b"));
    EXPECT_FALSE(uses("sg-1"));
    EXPECT_FALSE(uses("subnet-x", "eu-west-1"));
}

}  // namespace
}  // namespace millrace::dax_control
