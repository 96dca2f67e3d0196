// Golden bytes of what EC2 writes (docs/formats/ec2.md), and the names that are made of names.
#include "services/ec2/network.h"

#include <gtest/gtest.h>

#include "codec/hex.h"

namespace millrace::ec2 {
namespace {

TEST(Formats, Vpc) {
    const Vpc vpc{.cidr = "10.0.0.0/16", .is_default = true, .tags = {{"k", "v"}}};
    const std::string bytes = encode(vpc);
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "0b31302e302e302e302f3136"
              "01"
              "01016b0176");
    EXPECT_EQ(encode(decode_vpc(bytes)), bytes);
}

TEST(Formats, Subnet) {
    const Subnet subnet{
        .vpc_id = "vpc-1", .cidr = "10.0.1.0/24", .zone = 2, .default_for_zone = true, .tags = {}};
    const std::string bytes = encode(subnet);
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "057670632d31"
              "0b31302e302e312e302f3234"
              "02"
              "01"
              "00");
    EXPECT_EQ(encode(decode_subnet(bytes)), bytes);
}

TEST(Formats, SecurityGroup) {
    SecurityGroup group;
    group.vpc_id = "vpc-1";
    group.name = "g";
    group.description = "d";
    group.tags = {{"k", "v"}};
    Rule tcp;
    tcp.id = "sgr-1";
    tcp.protocol = kTcp;
    tcp.from_port = 80;
    tcp.to_port = 81;
    tcp.peer = "::/0";
    tcp.description = "r";
    tcp.tags = {{"a", "b"}};
    group.rules = {tcp, allow_all_egress("sgr-2")};
    const std::string bytes = encode(group);
    EXPECT_EQ(codec::hex_encode(bytes),
              "01"
              "057670632d31"
              "0167"
              "0164"
              "01016b0176"
              "02"
              "057367722d31"
              "00"
              "0006"
              "00000050"
              "00000051"
              "043a3a2f30"
              "0172"
              "0101610162"
              "057367722d32"
              "01"
              "ffff"
              "ffffffff"
              "ffffffff"
              "09302e302e302e302f30"
              "00"
              "00");
    const SecurityGroup read = decode_group(bytes);
    EXPECT_EQ(encode(read), bytes);
    EXPECT_EQ(read.rules[1].protocol, kAllProtocols);
    EXPECT_EQ(read.rules[1].from_port, -1);
}

TEST(Formats, FirstRegion) {
    const Region region = first_region("123456789012", "us-east-1");
    ASSERT_EQ(region.vpcs.size(), 1U);
    // Shown before anything is written: they must never change.
    EXPECT_EQ(region.default_vpc(), "vpc-99f2e4d7eb63e3c76");
    EXPECT_EQ(region.find_group(region.default_vpc(), "DEFAULT"), "sg-f9b2b5e26c791bf10");
    EXPECT_EQ(region.subnets.size(), 3U);
    EXPECT_NE(first_region("123456789012", "us-east-2").default_vpc(), region.default_vpc());
    EXPECT_NE(first_region("000000000000", "us-east-1").default_vpc(), region.default_vpc());
    std::string subnets;
    for (const auto& [id, subnet] : region.subnets)
        subnets += id + " " + subnet.cidr + " " + zone_name("us-east-1", subnet.zone) + "\n";
    EXPECT_EQ(subnets,
              "subnet-2dd5cee876bdc969f 172.31.32.0/20 us-east-1c\n"
              "subnet-aa804d285a6101b5c 172.31.0.0/20 us-east-1a\n"
              "subnet-b94cc094d1b71a6fc 172.31.16.0/20 us-east-1b\n");
}

TEST(Names, Zones) {
    EXPECT_EQ(zone_name("eu-west-1", 2), "eu-west-1c");
    for (const auto& [region, id] :
         std::vector<std::pair<const char*, const char*>>{{"us-east-1", "use1-az1"},
                                                          {"us-west-2", "usw2-az1"},
                                                          {"eu-central-1", "euc1-az1"},
                                                          {"ap-southeast-2", "apse2-az1"},
                                                          {"ap-northeast-1", "apne1-az1"},
                                                          {"ap-south-1", "aps1-az1"},
                                                          {"us-gov-west-1", "usgw1-az1"},
                                                          {"local", "local-az1"},
                                                          {"", "-az1"}}) {
        EXPECT_EQ(zone_id(region, 0), id);
    }
}

}  // namespace
}  // namespace millrace::ec2
