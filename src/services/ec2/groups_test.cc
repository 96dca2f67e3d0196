// Security groups: their rules as the API takes and shows them, and what they admit.
#include <gtest/gtest.h>

#include "services/ec2/test_bed.h"

namespace millrace::ec2 {
namespace {

class Groups : public ::testing::Test {
protected:
    model::ec2::SecurityGroup described(const std::string& id) {
        DescribeSecurityGroups::Input input;
        input.group_ids = {id};
        return bed_.call<DescribeSecurityGroups>(input)->security_groups->at(0);
    }
    RevokeSecurityGroupIngress::Input revocation(
        const AuthorizeSecurityGroupIngress::Input& input) {
        RevokeSecurityGroupIngress::Input out;
        out.group_id = input.group_id;
        out.ip_permissions = input.ip_permissions;
        return out;
    }
    TestBed bed_;
};

TEST_F(Groups, Names) {
    const std::string id = *bed_.make_group("web")->group_id;
    EXPECT_EQ(bed_.make_group("WEB").text(),
              "The security group 'WEB' already exists for VPC '" + bed_.default_vpc() + "'");
    EXPECT_EQ(bed_.make_group("sg-1").text(),
              "Invalid security group name. Group names may not be in the format sg-*");
    EXPECT_EQ(bed_.make_group("Default").text(),
              "Cannot use reserved security group name: default");
    EXPECT_EQ(bed_.make_group("").code(), "InvalidParameterValue");
    EXPECT_EQ(bed_.make_group("b\xc3\xa4h").code(), "InvalidParameterValue");
    EXPECT_EQ(bed_.make_group(std::string(256, 'a')).code(), "InvalidParameterValue");
    EXPECT_EQ(bed_.make_group("web", "vpc-0").code(), "InvalidVpcID.NotFound");
    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    EXPECT_EQ(bed_.make_group("web", vpc).code(), "ok");  // unique in its VPC
    DescribeSecurityGroups::Input by_name;
    by_name.group_names = {"web"};
    const auto found = bed_.call<DescribeSecurityGroups>(by_name);
    ASSERT_EQ(found->security_groups->size(), 1U);
    EXPECT_EQ(found->security_groups->front().group_id, id);
    by_name.group_names = {"none"};
    EXPECT_EQ(
        bed_.call<DescribeSecurityGroups>(by_name).text(),
        "The security group 'none' does not exist in default VPC '" + bed_.default_vpc() + "'");
}

TEST_F(Groups, DefaultGroup) {
    const auto group = described(bed_.default_group());
    EXPECT_EQ(group.group_name, "default");
    ASSERT_EQ(group.ip_permissions->size(), 1U);
    EXPECT_EQ(group.ip_permissions->front().ip_protocol, "-1");
    EXPECT_EQ(group.ip_permissions->front().user_id_group_pairs->front().group_id,
              bed_.default_group());
    EXPECT_EQ(group.ip_permissions_egress->front().ip_ranges->front().cidr_ip, "0.0.0.0/0");
    DeleteSecurityGroup::Input input;
    input.group_name = "default";
    EXPECT_EQ(bed_.call<DeleteSecurityGroup>(input).text(),
              "the specified group: \"" + bed_.default_group() +
                  "\" name: \"default\" cannot be deleted by a user");
    // From itself: this host's own addresses are in every group.
    EXPECT_TRUE(bed_.admits(bed_.default_group(), "127.0.0.1", 8111));
    EXPECT_FALSE(bed_.admits(bed_.default_group(), "10.0.0.1", 8111));
}

TEST_F(Groups, RulesAdmit) {
    const std::string id = *bed_.make_group("web")->group_id;
    EXPECT_FALSE(bed_.admits(id, "127.0.0.1", 8111));
    EXPECT_EQ(bed_.allow(id, "tcp", 8111, 8112, "10.0.0.9/8").code(), "ok");
    EXPECT_TRUE(bed_.admits(id, "10.9.9.9", 8111));
    EXPECT_TRUE(bed_.admits(id, "::ffff:10.9.9.9", 8112));
    EXPECT_FALSE(bed_.admits(id, "10.9.9.9", 8113));
    EXPECT_FALSE(bed_.admits(id, "10.9.9.9", 8110));
    EXPECT_FALSE(bed_.admits(id, "11.9.9.9", 8111));
    EXPECT_FALSE(bed_.admits(id, "not an address", 8111));
    EXPECT_EQ(bed_.allow(id, "udp", 0, 65535, "11.0.0.0/8").code(), "ok");
    EXPECT_FALSE(bed_.admits(id, "11.9.9.9", 8111));
    EXPECT_EQ(bed_.allow(id, "6", 8111, 8111, "2001:db8::1/64").code(), "ok");
    EXPECT_TRUE(bed_.admits(id, "2001:db8::9", 8111));
    EXPECT_EQ(bed_.allow(id, "-1", -1, -1, "12.0.0.0/8").code(), "ok");
    EXPECT_TRUE(bed_.admits(id, "12.0.0.1", 1));
    const std::string other = *bed_.make_group("other")->group_id;
    EXPECT_EQ(bed_.allow(id, "tcp", 22, 22, other).code(), "ok");
    EXPECT_TRUE(bed_.admits(id, "127.0.0.1", 22));
    EXPECT_FALSE(bed_.admits(id, "127.0.0.1", 23));
    EXPECT_FALSE(
        bed_.service->allows_ingress("000000000000", TestBed::kRegion, {id}, "12.0.0.1", 1));
    EXPECT_TRUE(bed_.service->allows_ingress(TestBed::kAccount, TestBed::kRegion,
                                             {"sg-0", other, id}, "12.0.0.1", 1));
    bed_.reopen();
    EXPECT_TRUE(bed_.admits(id, "10.9.9.9", 8111));
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(
                      revocation(TestBed::ingress(id, "tcp", 8111, 8112, "10.0.0.0/8")))
                  .code(),
              "ok");
    EXPECT_FALSE(bed_.admits(id, "10.9.9.9", 8111));
    // Others refer to it.
    DeleteSecurityGroup::Input input;
    input.group_id = other;
    EXPECT_EQ(bed_.call<DeleteSecurityGroup>(input).text(),
              "resource " + other + " has a dependent object");
    input.group_id = id;
    EXPECT_EQ(bed_.call<DeleteSecurityGroup>(input)->group_id, id);
    EXPECT_FALSE(bed_.admits(id, "12.0.0.1", 1));
}

TEST_F(Groups, RulesAreChecked) {
    const std::string id = *bed_.make_group("web")->group_id;
    EXPECT_EQ(bed_.allow(id, "tcp", 80, 80, "0.0.0.0/0").code(), "ok");
    EXPECT_EQ(bed_.allow(id, "TCP", 80, 80, "1.2.3.4/0").text(),
              "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW\" "
              "already exists");
    auto twice = TestBed::ingress(id, "tcp", 81, 81, "0.0.0.0/0");
    twice.ip_permissions->push_back(twice.ip_permissions->front());
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(twice).text(),
              "The same permission must not appear multiple times");
    EXPECT_EQ(bed_.allow(id, "tcp", -1, -1, "0.0.0.0/0").text(),
              "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
    EXPECT_EQ(bed_.allow(id, "tcp", 80, 65536, "0.0.0.0/0").text(),
              "TCP/UDP port (65536) out of range");
    EXPECT_EQ(bed_.allow(id, "udp", 80, 22, "0.0.0.0/0").text(),
              "Invalid TCP/UDP port range (80:22)");
    EXPECT_EQ(bed_.allow(id, "icmp", -1, 8, "0.0.0.0/0").code(), "InvalidPermission.Malformed");
    EXPECT_EQ(bed_.allow(id, "icmp", 8, -1, "0.0.0.0/0").code(), "ok");
    EXPECT_EQ(bed_.allow(id, "icmpv6", -1, -1, "::/0").code(), "ok");
    EXPECT_EQ(bed_.allow(id, "sctpx", 1, 1, "0.0.0.0/0").text(),
              "Invalid value 'sctpx' for IP protocol. Unknown protocol.");
    EXPECT_EQ(bed_.allow(id, "256", 1, 1, "0.0.0.0/0").code(), "InvalidParameterValue");
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, "0.0.0.0").text(), "CIDR block 0.0.0.0 is malformed");
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, "sg-0").text(),
              "The security group 'sg-0' does not exist");
    EXPECT_EQ(bed_.allow("web", "tcp", 1, 1, "0.0.0.0/0").text(),
              "Invalid id: \"web\" (expecting \"sg-...\")");
    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    const std::string elsewhere = *bed_.make_group("web", vpc)->group_id;
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, elsewhere).text(),
              "You have specified two resources that belong to different networks.");
    auto described_rule = TestBed::ingress(id, "tcp", 1, 1, "0.0.0.0/0");
    described_rule.ip_permissions->front().ip_ranges->front().description = "a<b";
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(described_rule).code(),
              "InvalidParameterValue");
    AuthorizeSecurityGroupIngress::Input none;
    none.group_id = id;
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(none).code(), "MissingParameter");
    none.group_id.reset();
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(none).text(),
              "The request must contain the parameter groupName or groupId");
    // Protocols without ports drop them.
    EXPECT_EQ(bed_.allow(id, "50", 1, 2, "0.0.0.0/0")->security_group_rules->front().from_port, -1);
}

TEST_F(Groups, AtMostSixtyRules) {
    const std::string id = *bed_.make_group("web")->group_id;
    auto many = TestBed::ingress(id, "tcp", 1, 1, "10.0.0.0/32");
    auto& ranges = *many.ip_permissions->front().ip_ranges;
    for (int i = 1; i < 60; ++i)
        ranges.emplace_back().cidr_ip = "10.0.0." + std::to_string(i) + "/32";
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(many)->security_group_rules->size(), 60U);
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, "11.0.0.0/8").code(),
              "RulesPerSecurityGroupLimitExceeded");
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, "::/0").code(), "ok");
    EXPECT_EQ(bed_.allow(id, "tcp", 1, 1, id).code(), "RulesPerSecurityGroupLimitExceeded");
}

TEST_F(Groups, ShortForms) {
    const std::string id = *bed_.make_group("web")->group_id;
    AuthorizeSecurityGroupIngress::Input input;
    input.group_name = "web";
    input.ip_protocol = "tcp";
    input.from_port = 22;
    input.to_port = 23;
    // Without a source there is nothing to add.
    EXPECT_TRUE(bed_.call<AuthorizeSecurityGroupIngress>(input)->security_group_rules->empty());
    input.cidr_ip = "10.0.0.0/8";
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(input)->security_group_rules->size(), 1U);
    EXPECT_TRUE(bed_.admits(id, "10.0.0.1", 23));
    AuthorizeSecurityGroupIngress::Input from_group;
    from_group.group_name = "web";
    from_group.source_security_group_name = "default";
    const auto added = bed_.call<AuthorizeSecurityGroupIngress>(from_group);
    EXPECT_EQ(added->security_group_rules->size(), 3U);
    EXPECT_TRUE(bed_.admits(id, "127.0.0.1", 1));
    from_group.source_security_group_owner_id = "000000000000";
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(from_group).code(), "InvalidGroup.NotFound");
    from_group.ip_protocol = "tcp";
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(from_group).code(),
              "InvalidParameterCombination");
    RevokeSecurityGroupIngress::Input revoke;
    revoke.group_name = "web";
    revoke.source_security_group_name = "default";
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(revoke)->revoked_security_group_rules->size(),
              3U);
    EXPECT_FALSE(bed_.admits(id, "127.0.0.1", 1));
}

TEST_F(Groups, Revocation) {
    const std::string id = *bed_.make_group("web")->group_id;
    const auto added = bed_.allow(id, "tcp", 80, 80, "0.0.0.0/0");
    const std::string rule_id = *added->security_group_rules->front().security_group_rule_id;
    // The default VPC says what it did not find; others refuse.
    const auto other = TestBed::ingress(id, "tcp", 80, 81, "0.0.0.0/0");
    const auto unknown = bed_.call<RevokeSecurityGroupIngress>(revocation(other));
    ASSERT_EQ(unknown->unknown_ip_permissions->size(), 1U);
    EXPECT_EQ(unknown->unknown_ip_permissions->front().to_port, 81);
    const std::string vpc = *bed_.make_vpc("10.0.0.0/16")->vpc->vpc_id;
    const std::string strict = *bed_.make_group("web", vpc)->group_id;
    const auto both = [&] {
        auto input = TestBed::ingress(strict, "tcp", 80, 80, "0.0.0.0/0");
        input.ip_permissions->push_back(
            TestBed::ingress(strict, "tcp", 90, 90, "0.0.0.0/0").ip_permissions->front());
        return revocation(input);
    }();
    EXPECT_EQ(bed_.allow(strict, "tcp", 80, 80, "0.0.0.0/0").code(), "ok");
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(both).text(),
              "The specified rule does not exist in this security group.");
    EXPECT_TRUE(bed_.admits(strict, "1.2.3.4", 80));  // nothing was revoked

    RevokeSecurityGroupIngress::Input by_id;
    by_id.group_id = id;
    by_id.security_group_rule_ids = {rule_id};
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(by_id)
                  ->revoked_security_group_rules->front()
                  .cidr_ipv4,
              "0.0.0.0/0");
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(by_id).text(),
              "The security group rule ID '" + rule_id + "' does not exist");
    by_id.security_group_rule_ids.reset();
    EXPECT_EQ(bed_.call<RevokeSecurityGroupIngress>(by_id).text(),
              "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
}

TEST_F(Groups, OutboundIsAllOrNothing) {
    const std::string id = *bed_.make_group("web")->group_id;
    AuthorizeSecurityGroupEgress::Input input;
    input.group_id = id;
    input.ip_permissions = TestBed::ingress(id, "-1", -1, -1, "0.0.0.0/0").ip_permissions;
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupEgress>(input).text(),
              "the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists");
    RevokeSecurityGroupEgress::Input revoke;
    revoke.group_id = id;
    revoke.ip_permissions = input.ip_permissions;
    EXPECT_EQ(bed_.call<RevokeSecurityGroupEgress>(revoke).code(), "ok");
    EXPECT_TRUE(described(id).ip_permissions_egress->empty());
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupEgress>(input).code(), "ok");
    input.ip_permissions = TestBed::ingress(id, "tcp", 443, 443, "0.0.0.0/0").ip_permissions;
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupEgress>(input).code(), "UnsupportedOperation");
    input.ip_permissions = TestBed::ingress(id, "-1", -1, -1, "10.0.0.0/8").ip_permissions;
    EXPECT_EQ(bed_.call<AuthorizeSecurityGroupEgress>(input).code(), "UnsupportedOperation");
}

TEST_F(Groups, Shown) {
    const std::string id = *bed_.make_group("web")->group_id;
    auto input = TestBed::ingress(id, "tcp", 80, 80, "0.0.0.0/0");
    input.ip_permissions->front().ip_ranges->front().description = "all";
    input.ip_permissions->front().ipv6_ranges.emplace().emplace_back().cidr_ipv6 = "::/0";
    auto& specification = input.tag_specifications.emplace().emplace_back();
    specification.resource_type = "security-group-rule";
    specification.tags.emplace().emplace_back().key = "k";
    ASSERT_EQ(bed_.call<AuthorizeSecurityGroupIngress>(input)->security_group_rules->size(), 2U);
    EXPECT_EQ(bed_.asked,
              "ec2:AuthorizeSecurityGroupIngress "
              "arn:aws:ec2:us-east-1:123456789012:security-group/" +
                  id +
                  "\nec2:CreateTags arn:aws:ec2:us-east-1:123456789012:security-group-rule/*\n");
    const auto group = described(id);
    ASSERT_EQ(group.ip_permissions->size(), 1U);
    EXPECT_EQ(group.ip_permissions->front().ip_ranges->front().description, "all");
    EXPECT_EQ(group.ip_permissions->front().ipv6_ranges->front().cidr_ipv6, "::/0");
    DescribeSecurityGroupRules::Input of_group;
    auto& filter = of_group.filters.emplace().emplace_back();
    filter.name = "group-id";
    filter.values = {id};
    const auto rules = bed_.call<DescribeSecurityGroupRules>(of_group);
    ASSERT_EQ(rules->security_group_rules->size(), 3U);  // two in, one out
    filter.name = "tag:k";
    filter.values = {""};
    EXPECT_EQ(bed_.call<DescribeSecurityGroupRules>(of_group)->security_group_rules->size(), 2U);
    const auto found = [&](const std::string& name, const std::string& value) {
        DescribeSecurityGroups::Input with;
        auto& one = with.filters.emplace().emplace_back();
        one.name = name;
        one.values = {value};
        return bed_.call<DescribeSecurityGroups>(with)->security_groups->size();
    };
    EXPECT_EQ(found("ip-permission.from-port", "80"), 1U);
    EXPECT_EQ(found("ip-permission.ipv6-cidr", "::*"), 1U);
    EXPECT_EQ(found("ip-permission.group-name", "default"), 1U);
    EXPECT_EQ(found("egress.ip-permission.cidr", "0.0.0.0/0"), 2U);
    EXPECT_EQ(found("group-name", "w?b"), 1U);
    EXPECT_EQ(found("owner-id", "123456789012"), 2U);
    EXPECT_EQ(found("vpc-id", "vpc-0"), 0U);
}

}  // namespace
}  // namespace millrace::ec2
