#include "services/ec2/network.h"

#include "codec/digest.h"
#include "core/bytes.h"
#include "core/check.h"
#include "core/http.h"

namespace millrace::ec2 {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kIdDigits = 17;

void append_rule(std::string& out, const Rule& rule) {
    append_bytes(out, rule.id);
    append_u8(out, rule.egress ? 1 : 0);
    append_u16(out, static_cast<uint16_t>(rule.protocol));
    append_u32(out, static_cast<uint32_t>(rule.from_port));
    append_u32(out, static_cast<uint32_t>(rule.to_port));
    append_bytes(out, rule.peer);
    append_bytes(out, rule.description);
    append_map(out, rule.tags);
}

Rule read_rule(ByteReader& reader) {
    Rule rule;
    rule.id = reader.bytes();
    rule.egress = reader.u8() != 0;
    rule.protocol = static_cast<int16_t>(reader.u16());
    rule.from_port = static_cast<int>(reader.u32());
    rule.to_port = static_cast<int>(reader.u32());
    rule.peer = reader.bytes();
    rule.description = reader.bytes();
    rule.tags = read_map(reader);
    return rule;
}

// The part of a region's name in its zones' ids: "us-east-1" is "use1".
std::string short_region(std::string_view region) {
    std::string out;
    bool first = true;
    while (!region.empty()) {
        const size_t dash = std::min(region.find('-'), region.size());
        const std::string_view word = region.substr(0, dash);
        region.remove_prefix(std::min(dash + 1, region.size()));
        const bool two_directions = (word.starts_with("north") || word.starts_with("south")) &&
                                    (word.ends_with("east") || word.ends_with("west"));
        if (first || word.empty() || (word[0] >= '0' && word[0] <= '9')) {
            out += word;
        } else {
            out += word[0];
            if (two_directions) out += word[5];
        }
        first = false;
    }
    return out;
}

}  // namespace

std::string Region::default_vpc() const {
    for (const auto& [id, vpc] : vpcs) {
        if (vpc.is_default) return id;
    }
    return {};
}

std::string Region::find_group(std::string_view vpc_id, std::string_view name) const {
    for (const auto& [id, group] : groups) {
        if (group.vpc_id == vpc_id && equals_ignore_case(group.name, name)) return id;
    }
    return {};
}

std::string new_id(Rng& rng, std::string_view prefix) {
    return std::string(prefix) + rng.hex(kIdDigits + 1).substr(0, kIdDigits);
}

Region first_region(std::string_view account, std::string_view region) {
    Region out;
    int count = 0;
    add_default_vpc(out, [&](std::string_view prefix) {
        count += 1;
        const std::string name = partition_of(account, region) + "/" + std::to_string(count);
        return std::string(prefix) + codec::sha256_hex(name).substr(0, kIdDigits);
    });
    return out;
}

std::string default_subnet_cidr(size_t zone) {
    return "172.31." + std::to_string(zone * 16) + ".0/20";
}

SecurityGroup default_group(std::string_view vpc_id, std::string_view group_id,
                            const std::string& ingress_id, const std::string& egress_id) {
    SecurityGroup group;
    group.vpc_id = vpc_id;
    group.name = "default";
    group.description = "default VPC security group";
    Rule& from_itself = group.rules.emplace_back();
    from_itself.id = ingress_id;
    from_itself.peer = group_id;
    group.rules.push_back(allow_all_egress(egress_id));
    return group;
}

Rule allow_all_egress(std::string rule_id) {
    Rule rule;
    rule.id = std::move(rule_id);
    rule.egress = true;
    rule.peer = "0.0.0.0/0";
    return rule;
}

std::string encode(const Vpc& vpc) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, vpc.cidr);
    append_u8(out, vpc.is_default ? 1 : 0);
    append_map(out, vpc.tags);
    return out;
}

Vpc decode_vpc(std::string_view row) {
    ByteReader reader(row);
    MR_ASSERT(reader.u8() == kFormat);
    Vpc vpc;
    vpc.cidr = reader.bytes();
    vpc.is_default = reader.u8() != 0;
    vpc.tags = read_map(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return vpc;
}

std::string encode(const Subnet& subnet) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, subnet.vpc_id);
    append_bytes(out, subnet.cidr);
    append_u8(out, subnet.zone);
    append_u8(out, subnet.default_for_zone ? 1 : 0);
    append_map(out, subnet.tags);
    return out;
}

Subnet decode_subnet(std::string_view row) {
    ByteReader reader(row);
    MR_ASSERT(reader.u8() == kFormat);
    Subnet subnet;
    subnet.vpc_id = reader.bytes();
    subnet.cidr = reader.bytes();
    subnet.zone = reader.u8();
    subnet.default_for_zone = reader.u8() != 0;
    subnet.tags = read_map(reader);
    MR_ASSERT(reader.ok() && reader.at_end() && subnet.zone < kZones.size());
    return subnet;
}

std::string encode(const SecurityGroup& group) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, group.vpc_id);
    append_bytes(out, group.name);
    append_bytes(out, group.description);
    append_map(out, group.tags);
    append_varint(out, group.rules.size());
    for (const Rule& rule : group.rules) append_rule(out, rule);
    return out;
}

SecurityGroup decode_group(std::string_view row) {
    ByteReader reader(row);
    MR_ASSERT(reader.u8() == kFormat);
    SecurityGroup group;
    group.vpc_id = reader.bytes();
    group.name = reader.bytes();
    group.description = reader.bytes();
    group.tags = read_map(reader);
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n)
        group.rules.push_back(read_rule(reader));
    MR_ASSERT(reader.ok() && reader.at_end());
    return group;
}

std::string partition_of(std::string_view account, std::string_view region) {
    return std::string(account) + "/" + std::string(region);
}

std::string encode_region_mark() {
    std::string out;
    append_u8(out, kFormat);
    return out;
}

void take_row(Region& region, std::string_view id, std::string_view row) {
    const std::string_view type = resource_type(id);
    if (type == "vpc") region.vpcs[std::string(id)] = decode_vpc(row);
    if (type == "subnet") region.subnets[std::string(id)] = decode_subnet(row);
    if (type == "security-group") region.groups[std::string(id)] = decode_group(row);
}

void drop_row(Region& region, std::string_view id) {
    const std::string key(id);
    region.vpcs.erase(key);
    region.subnets.erase(key);
    region.groups.erase(key);
}

std::string_view resource_type(std::string_view id) {
    if (id.starts_with("vpc-")) return "vpc";
    if (id.starts_with("subnet-")) return "subnet";
    if (id.starts_with("sg-")) return "security-group";
    if (id.starts_with("sgr-")) return "security-group-rule";
    return {};
}

std::string arn_of(std::string_view account, std::string_view region, std::string_view type,
                   std::string_view id) {
    std::string arn = "arn:aws:ec2:";
    arn.append(region).append(":").append(account).append(":").append(type).append("/").append(id);
    return arn;
}

std::string zone_name(std::string_view region, size_t zone) {
    return std::string(region) + std::string(kZones[zone]);
}

std::string zone_id(std::string_view region, size_t zone) {
    return short_region(region) + "-az" + std::to_string(zone + 1);
}

std::string protocol_text(int protocol) {
    switch (protocol) {
        case kIcmp:
            return "icmp";
        case kTcp:
            return "tcp";
        case kUdp:
            return "udp";
        case kIcmpV6:
            return "icmpv6";
        default:
            return std::to_string(protocol);
    }
}

}  // namespace millrace::ec2
