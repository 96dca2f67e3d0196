// Networks: VPCs, subnets and tags as the API shows them, and the VirtualNetwork that others ask.
#include "services/ec2/service.h"

#include <gtest/gtest.h>

#include "services/ec2/test_bed.h"

namespace millrace::ec2 {
namespace {

class Networks : public ::testing::Test {
protected:
    TestBed bed_;
};

TEST_F(Networks, DefaultsAreThereAndStay) {
    const auto vpcs = bed_.call<DescribeVpcs>({});
    ASSERT_EQ(vpcs->vpcs->size(), 1U);
    const model::ec2::Vpc first = vpcs->vpcs->front();
    EXPECT_EQ(first.cidr_block, "172.31.0.0/16");
    EXPECT_EQ(first.is_default, true);
    const auto subnets = bed_.call<DescribeSubnets>({});
    ASSERT_EQ(subnets->subnets->size(), 3U);
    EXPECT_EQ(subnets->subnets->front().available_ip_address_count, 4091);
    // What writes the region's rows changes nothing of that.
    ASSERT_EQ(bed_.make_vpc("10.0.0.0/16").code(), "ok");
    DescribeVpcs::Input input;
    input.vpc_ids = {*first.vpc_id};
    EXPECT_EQ(bed_.call<DescribeVpcs>(input)->vpcs->front(), first);
    EXPECT_EQ(bed_.call<DescribeSubnets>({}).output, subnets.output);
    bed_.reopen();
    EXPECT_EQ(bed_.call<DescribeVpcs>({})->vpcs->size(), 2U);
    bed_.info.region = "eu-west-1";
    const auto elsewhere = bed_.call<DescribeVpcs>({});
    ASSERT_EQ(elsewhere->vpcs->size(), 1U);
    EXPECT_NE(elsewhere->vpcs->front().vpc_id, first.vpc_id);
}

TEST_F(Networks, FactsForOthers) {
    const auto facts = bed_.service->default_subnets(TestBed::kAccount, TestBed::kRegion);
    ASSERT_TRUE(facts);
    ASSERT_EQ(facts->size(), 3U);
    for (size_t i = 0; i < kZones.size(); ++i) {
        EXPECT_EQ(facts->at(i).availability_zone, "us-east-1" + std::string(kZones[i]));
        EXPECT_EQ(facts->at(i).cidr, default_subnet_cidr(i));
        EXPECT_EQ(facts->at(i).vpc_id, bed_.default_vpc());
        const auto one = bed_.service->subnet(TestBed::kAccount, TestBed::kRegion, facts->at(i).id);
        ASSERT_TRUE(one && *one);
        EXPECT_EQ((*one)->cidr, facts->at(i).cidr);
    }
    EXPECT_EQ(bed_.service->default_security_group(TestBed::kAccount, TestBed::kRegion)->id,
              bed_.default_group());
    EXPECT_FALSE(*bed_.service->subnet(TestBed::kAccount, TestBed::kRegion, "subnet-0"));
    EXPECT_FALSE(
        *bed_.service->security_group("000000000000", TestBed::kRegion, bed_.default_group()));

    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    const std::string made = *bed_.make_subnet(vpc, "10.0.1.0/24", "us-east-1c")->subnet->subnet_id;
    const std::string group = *bed_.make_group("g", vpc)->group_id;
    for (int run = 0; run < 2; ++run) {
        const auto subnet = bed_.service->subnet(TestBed::kAccount, TestBed::kRegion, made);
        ASSERT_TRUE(subnet && *subnet);
        EXPECT_EQ((*subnet)->availability_zone, "us-east-1c");
        EXPECT_EQ((*subnet)->vpc_id, vpc);
        const auto known = bed_.service->security_group(TestBed::kAccount, TestBed::kRegion, group);
        ASSERT_TRUE(known && *known);
        EXPECT_EQ((*known)->vpc_id, vpc);
        bed_.reopen();  // from the rows too
    }
}

TEST_F(Networks, VpcsHaveRanges) {
    EXPECT_EQ(bed_.make_vpc("100.68.0.18/18")->vpc->cidr_block, "100.68.0.0/18");
    EXPECT_EQ(bed_.make_vpc("10.0.0.0/15").code(), "InvalidVpc.Range");
    EXPECT_EQ(bed_.make_vpc("10.0.0.0/29").text(), "The CIDR '10.0.0.0/29' is invalid.");
    EXPECT_EQ(bed_.make_vpc("10.0.0.0").text(),
              "Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR "
              "block.");
    EXPECT_EQ(bed_.make_vpc("fd00::/16").code(), "InvalidParameterValue");
    EXPECT_EQ(bed_.call<CreateVpc>({}).code(), "MissingParameter");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bed_.make_vpc("10.0.0.0/28").code(), "ok");
    EXPECT_EQ(bed_.make_vpc("10.0.0.0/28").code(), "VpcLimitExceeded");
    CreateVpc::Input v6;
    v6.cidr_block = "10.0.0.0/16";
    v6.amazon_provided_ipv6_cidr_block = true;
    EXPECT_EQ(bed_.call<CreateVpc>(v6).code(), "UnsupportedOperation");
}

TEST_F(Networks, SubnetsDoNotOverlap) {
    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.0.0/24")->subnet->availability_zone, "us-east-1a");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.0.128/25").text(),
              "The CIDR '10.0.0.128/25' conflicts with another subnet");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.0.0/20").code(), "InvalidSubnet.Conflict");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.1.0.0/24").text(), "The CIDR '10.1.0.0/24' is invalid.");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.0.0/15").code(), "InvalidSubnet.Range");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.1.0/29").code(), "InvalidSubnet.Range");
    EXPECT_EQ(bed_.make_subnet("vpc-0", "10.0.1.0/24").text(), "The vpc ID 'vpc-0' does not exist");
    EXPECT_EQ(bed_.make_subnet(vpc, "10.0.1.0/24", "us-east-1d").text(),
              "Value (us-east-1d) for parameter availabilityZone is invalid. Subnets can currently "
              "only be created in the following availability zones: us-east-1a, us-east-1b, "
              "us-east-1c.");
    CreateSubnet::Input input;
    input.vpc_id = vpc;
    input.cidr_block = "10.0.1.9/28";
    input.availability_zone_id = "use1-az2";
    const auto made = bed_.call<CreateSubnet>(input);
    EXPECT_EQ(made->subnet->availability_zone, "us-east-1b");
    EXPECT_EQ(made->subnet->cidr_block, "10.0.1.0/28");
    EXPECT_EQ(made->subnet->available_ip_address_count, 11);
}

TEST_F(Networks, NothingIsDeletedThatIsUsed) {
    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    const std::string subnet = *bed_.make_subnet(vpc, "10.0.0.0/24")->subnet->subnet_id;
    DeleteVpc::Input delete_vpc;
    delete_vpc.vpc_id = vpc;
    EXPECT_EQ(bed_.call<DeleteVpc>(delete_vpc).text(),
              "The vpc '" + vpc + "' has dependencies and cannot be deleted.");

    class Users final : public contracts::NetworkUsers {
    public:
        bool uses(store::Txn&, std::string_view account, std::string_view region,
                  std::string_view id) override {
            return account == TestBed::kAccount && region == TestBed::kRegion && id == used;
        }
        std::string used;
    } users;
    bed_.service->set_users(&users);
    DeleteSubnet::Input delete_subnet;
    delete_subnet.subnet_id = subnet;
    users.used = subnet;
    EXPECT_EQ(bed_.call<DeleteSubnet>(delete_subnet).text(),
              "The subnet '" + subnet + "' has dependencies and cannot be deleted.");
    users.used.clear();
    EXPECT_EQ(bed_.call<DeleteSubnet>(delete_subnet).code(), "ok");
    EXPECT_EQ(bed_.call<DeleteSubnet>(delete_subnet).text(),
              "The subnet ID '" + subnet + "' does not exist");
    EXPECT_FALSE(*bed_.service->subnet(TestBed::kAccount, TestBed::kRegion, subnet));

    const std::string group = *bed_.make_group("g", vpc)->group_id;
    EXPECT_EQ(bed_.call<DeleteVpc>(delete_vpc).code(), "DependencyViolation");
    DeleteSecurityGroup::Input delete_group;
    delete_group.group_id = group;
    users.used = group;
    EXPECT_EQ(bed_.call<DeleteSecurityGroup>(delete_group).text(),
              "resource " + group + " has a dependent object");
    users.used.clear();
    EXPECT_EQ(bed_.call<DeleteSecurityGroup>(delete_group).code(), "ok");
    EXPECT_EQ(bed_.call<DeleteVpc>(delete_vpc).code(), "ok");
    EXPECT_EQ(bed_.call<DeleteVpc>(delete_vpc).code(), "InvalidVpcID.NotFound");
    DescribeSecurityGroups::Input of_vpc;
    auto& filter = of_vpc.filters.emplace().emplace_back();
    filter.name = "vpc-id";
    filter.values = {vpc};
    EXPECT_TRUE(bed_.call<DescribeSecurityGroups>(of_vpc)->security_groups->empty());
}

TEST_F(Networks, DefaultsCanGoAndComeBack) {
    CreateDefaultSubnet::Input in_b;
    in_b.availability_zone = "us-east-1b";
    EXPECT_EQ(bed_.call<CreateDefaultSubnet>(in_b).code(),
              "DefaultSubnetAlreadyExistsInAvailabilityZone");
    EXPECT_EQ(bed_.call<CreateDefaultVpc>({}).code(), "DefaultVpcAlreadyExists");
    const auto subnets = bed_.call<DescribeSubnets>({});
    for (const auto& subnet : *subnets->subnets) {
        DeleteSubnet::Input input;
        input.subnet_id = subnet.subnet_id;
        EXPECT_EQ(bed_.call<DeleteSubnet>(input).code(), "ok");
    }
    EXPECT_EQ(bed_.call<CreateDefaultSubnet>(in_b)->subnet->cidr_block, "172.31.16.0/20");
    DeleteSubnet::Input again;
    again.subnet_id =
        bed_.service->default_subnets(TestBed::kAccount, TestBed::kRegion)->front().id;
    EXPECT_EQ(bed_.call<DeleteSubnet>(again).code(), "ok");
    DeleteVpc::Input input;
    input.vpc_id = bed_.default_vpc();
    EXPECT_EQ(bed_.call<DeleteVpc>(input).code(), "ok");
    EXPECT_TRUE(bed_.call<DescribeVpcs>({})->vpcs->empty());
    EXPECT_EQ(bed_.make_group("g").code(), "VPCIdNotSpecified");
    EXPECT_TRUE(bed_.service->default_subnets(TestBed::kAccount, TestBed::kRegion)->empty());
    EXPECT_FALSE(bed_.service->default_security_group(TestBed::kAccount, TestBed::kRegion));
    bed_.reopen();
    EXPECT_TRUE(bed_.call<DescribeVpcs>({})->vpcs->empty());
    const auto made = bed_.call<CreateDefaultVpc>({});
    EXPECT_EQ(made->vpc->is_default, true);
    EXPECT_NE(made->vpc->vpc_id, bed_.default_vpc());
    EXPECT_EQ(bed_.service->default_subnets(TestBed::kAccount, TestBed::kRegion)->size(), 3U);
    EXPECT_EQ(bed_.service->default_security_group(TestBed::kAccount, TestBed::kRegion)->vpc_id,
              *made->vpc->vpc_id);
}

TEST_F(Networks, Tags) {
    CreateVpc::Input input;
    input.cidr_block = "10.0.0.0/16";
    auto& specification = input.tag_specifications.emplace().emplace_back();
    specification.resource_type = "vpc";
    model::ec2::Tag tag;
    tag.key = "Name";
    tag.value = "one";
    specification.tags = {tag};
    const auto made = bed_.call<CreateVpc>(input);
    EXPECT_EQ(made->vpc->tags->front().value, "one");
    EXPECT_EQ(bed_.asked,
              "ec2:CreateVpc arn:aws:ec2:us-east-1:123456789012:vpc/*\n"
              "ec2:CreateTags arn:aws:ec2:us-east-1:123456789012:vpc/*\n");
    input.tag_specifications->front().resource_type = "subnet";
    EXPECT_EQ(bed_.call<CreateVpc>(input).text(),
              "'subnet' is not a valid taggable resource type for this operation.");
    input.tag_specifications->front().resource_type = "vpc";
    input.tag_specifications->front().tags->push_back(tag);
    EXPECT_EQ(bed_.call<CreateVpc>(input).text(), "Duplicate tag key specified.");

    const std::string id = *made->vpc->vpc_id;
    CreateTags::Input more;
    more.resources = {id, bed_.default_group()};
    more.tags = {tag};
    more.tags->front().value = "two";
    ASSERT_EQ(bed_.call<CreateTags>(more).code(), "ok");
    DescribeTags::Input of_vpc;
    auto& filter = of_vpc.filters.emplace().emplace_back();
    filter.name = "resource-type";
    filter.values = {"vpc"};
    const auto tags = bed_.call<DescribeTags>(of_vpc);
    ASSERT_EQ(tags->tags->size(), 1U);
    EXPECT_EQ(tags->tags->front().resource_id, id);
    EXPECT_EQ(tags->tags->front().value, "two");
    EXPECT_EQ(bed_.call<DescribeTags>({})->tags->size(), 2U);

    DeleteTags::Input less;
    less.resources = more.resources;
    less.tags = {tag};
    less.tags->front().value = "";
    EXPECT_EQ(bed_.call<DeleteTags>(less).code(), "ok");
    EXPECT_EQ(bed_.call<DescribeTags>({})->tags->size(), 2U);  // another value
    less.tags->front().value.reset();
    EXPECT_EQ(bed_.call<DeleteTags>(less).code(), "ok");
    EXPECT_TRUE(bed_.call<DescribeTags>({})->tags->empty());

    more.tags->front().key = "aws:x";
    EXPECT_EQ(bed_.call<CreateTags>(more).text(),
              "Tag keys starting with 'aws:' are reserved for internal use");
    more.tags->front().key = std::string(129, 'k');
    EXPECT_EQ(bed_.call<CreateTags>(more).code(), "InvalidParameterValue");
    more.tags->clear();
    for (int i = 0; i < 51; ++i) {
        auto& one = more.tags->emplace_back();
        one.key = "k" + std::to_string(i);
    }
    EXPECT_EQ(bed_.call<CreateTags>(more).code(), "TagLimitExceeded");
    more.resources = {"i-0123"};
    EXPECT_EQ(bed_.call<CreateTags>(more).text(), "The ID 'i-0123' is not valid");
}

TEST_F(Networks, ZonesAndPages) {
    const auto zones = bed_.call<DescribeAvailabilityZones>({});
    ASSERT_EQ(zones->availability_zones->size(), 3U);
    EXPECT_EQ(zones->availability_zones->at(2).zone_id, "use1-az3");
    DescribeAvailabilityZones::Input one;
    one.zone_names = {"us-east-1b"};
    EXPECT_EQ(bed_.call<DescribeAvailabilityZones>(one)->availability_zones->size(), 1U);
    one.zone_names = {"us-east-1z"};
    EXPECT_EQ(bed_.call<DescribeAvailabilityZones>(one).text(),
              "Invalid availability zone: [us-east-1z]");

    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(bed_.make_subnet(vpc, "10.0." + std::to_string(i) + ".0/24").code(), "ok");
    }
    DescribeSubnets::Input page;
    page.max_results = 5;
    const auto first = bed_.call<DescribeSubnets>(page);
    EXPECT_EQ(first->subnets->size(), 5U);
    page.next_token = first->next_token;
    const auto second = bed_.call<DescribeSubnets>(page);
    EXPECT_EQ(second->subnets->size(), 2U);
    EXPECT_FALSE(second->next_token);
}

TEST_F(Networks, DryRunsChangeNothing) {
    CreateVpc::Input input;
    input.cidr_block = "10.0.0.0/16";
    input.dry_run = true;
    const auto answer = bed_.call<CreateVpc>(input);
    EXPECT_EQ(answer.code(), "DryRunOperation");
    EXPECT_EQ(answer.error->http_status, 412);
    EXPECT_EQ(bed_.call<DescribeVpcs>({})->vpcs->size(), 1U);
    auto nobody = std::make_shared<contracts::Caller>(*bed_.info.caller);
    nobody->kind = contracts::PrincipalKind::kUser;
    nobody->arn = "arn:aws:iam::123456789012:user/nobody";
    bed_.info.caller = nobody;
    EXPECT_EQ(bed_.call<CreateVpc>(input).code(), "UnauthorizedOperation");
}

}  // namespace
}  // namespace millrace::ec2
