// What an account has in a region: VPCs, subnets, security groups; their rows, names and the
// defaults that are there from the first. Rows: docs/formats/ec2.md.
// Thread-safety: plain values, pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "store/key.h"

namespace millrace::ec2 {

using Tags = std::map<std::string, std::string>;

// Every region has zones a, b and c.
inline constexpr std::array<std::string_view, 3> kZones = {"a", "b", "c"};

struct Vpc {
    std::string cidr;
    bool is_default = false;
    Tags tags;
};

struct Subnet {
    std::string vpc_id;
    std::string cidr;
    uint8_t zone = 0;  // into kZones
    bool default_for_zone = false;
    Tags tags;
};

inline constexpr int kAllProtocols = -1;
inline constexpr int kIcmp = 1;
inline constexpr int kTcp = 6;
inline constexpr int kUdp = 17;
inline constexpr int kIcmpV6 = 58;

struct Rule {
    std::string id;  // "sgr-..."
    bool egress = false;
    int protocol = kAllProtocols;  // IANA's number, or kAllProtocols
    // Ports, or type and code of ICMP; both -1 where the protocol has none.
    int from_port = -1;
    int to_port = -1;
    std::string peer;  // a canonical CIDR, or the id of a group
    std::string description;
    Tags tags;

    bool from_group() const { return peer.starts_with("sg-"); }
    bool from_v6() const { return peer.find(':') != std::string::npos; }
    bool has_ports() const {
        return protocol == kTcp || protocol == kUdp || protocol == kIcmp || protocol == kIcmpV6;
    }
    // Whether both are the same rule for AWS: a description tells nothing apart.
    bool same_as(const Rule& other) const {
        return egress == other.egress && protocol == other.protocol &&
               from_port == other.from_port && to_port == other.to_port && peer == other.peer;
    }
};

struct SecurityGroup {
    std::string vpc_id;
    std::string name;
    std::string description;
    std::vector<Rule> rules;
    Tags tags;

    bool is_default() const { return name == "default"; }
};

// All by id.
struct Region {
    std::map<std::string, Vpc, std::less<>> vpcs;
    std::map<std::string, Subnet, std::less<>> subnets;
    std::map<std::string, SecurityGroup, std::less<>> groups;

    // Empty: the default VPC was deleted.
    std::string default_vpc() const;
    // Empty: there is none. Names do not differ by case.
    std::string find_group(std::string_view vpc_id, std::string_view name) const;
};

// "vpc-", "subnet-", "sg-", "sgr-" and 17 hexadecimal digits.
std::string new_id(Rng& rng, std::string_view prefix);
// What a region holds until something in it is changed. The ids follow from account and region, so
// nothing need be written to show them.
Region first_region(std::string_view account, std::string_view region);
// Adds the default VPC with its subnets and its group; `new_id` gives each its id, from its prefix.
template <class NewId>
std::string add_default_vpc(Region& region, const NewId& new_id);
std::string default_subnet_cidr(size_t zone);
SecurityGroup default_group(std::string_view vpc_id, std::string_view group_id,
                            const std::string& ingress_id, const std::string& egress_id);
Rule allow_all_egress(std::string rule_id);

std::string encode(const Vpc& vpc);
std::string encode(const Subnet& subnet);
std::string encode(const SecurityGroup& group);
Vpc decode_vpc(std::string_view row);
Subnet decode_subnet(std::string_view row);
SecurityGroup decode_group(std::string_view row);
// One partition for an account's region; sort: the id.
std::string partition_of(std::string_view account, std::string_view region);
// The row that says that the region's other rows are all there is.
inline constexpr std::string_view kRegionSort = "region";
std::string encode_region_mark();
// Puts the row where its id says.
void take_row(Region& region, std::string_view id, std::string_view row);
void drop_row(Region& region, std::string_view id);

// "vpc", "subnet", "security-group", "security-group-rule"; empty: an id of something else.
std::string_view resource_type(std::string_view id);
std::string arn_of(std::string_view account, std::string_view region, std::string_view type,
                   std::string_view id);
std::string zone_name(std::string_view region, size_t zone);  // "us-east-1a"
std::string zone_id(std::string_view region, size_t zone);    // "use1-az1"

// "tcp", "-1", "50": as AWS shows protocols.
std::string protocol_text(int protocol);

template <class NewId>
std::string add_default_vpc(Region& region, const NewId& new_id) {
    const std::string vpc_id = new_id("vpc-");
    region.vpcs[vpc_id] = {.cidr = "172.31.0.0/16", .is_default = true, .tags = {}};
    for (uint8_t zone = 0; zone < kZones.size(); ++zone) {
        region.subnets[new_id("subnet-")] = {.vpc_id = vpc_id,
                                             .cidr = default_subnet_cidr(zone),
                                             .zone = zone,
                                             .default_for_zone = true,
                                             .tags = {}};
    }
    const std::string group_id = new_id("sg-");
    region.groups[group_id] = default_group(vpc_id, group_id, new_id("sgr-"), new_id("sgr-"));
    return vpc_id;
}

}  // namespace millrace::ec2
