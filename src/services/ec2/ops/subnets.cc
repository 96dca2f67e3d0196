// CreateSubnet, CreateDefaultSubnet, DeleteSubnet, DescribeSubnets, DescribeAvailabilityZones.
// Source: EC2 API Reference; Amazon VPC User Guide, "Amazon VPC quotas" and "Subnet sizing".
#include <algorithm>

#include "services/ec2/operations.h"

namespace millrace::ec2 {
namespace {

constexpr size_t kSubnetsPerVpcMax = 200;
constexpr int kSubnetBitsMin = 16;
constexpr int kSubnetBitsMax = 28;
// The first four addresses of a subnet and its last one are nobody's.
constexpr int kReservedAddresses = 5;
constexpr std::array<std::string_view, 19> kFilters = {"availability-zone",
                                                       "availability-zone-id",
                                                       "availabilityZone",
                                                       "availabilityZoneId",
                                                       "available-ip-address-count",
                                                       "cidr",
                                                       "cidr-block",
                                                       "cidrBlock",
                                                       "default-for-az",
                                                       "defaultForAz",
                                                       "ipv6-native",
                                                       "map-public-ip-on-launch",
                                                       "owner-id",
                                                       "state",
                                                       "subnet-arn",
                                                       "subnet-id",
                                                       "subnetId",
                                                       "vpc-id",
                                                       "vpcId"};
constexpr std::array<std::string_view, 7> kZoneFilters = {
    "group-name", "opt-in-status", "region-name", "state", "zone-id", "zone-name", "zone-type"};

int free_addresses(const Subnet& subnet) {
    const std::optional<Cidr> cidr = parse_cidr(subnet.cidr);
    MR_ASSERT(cidr.has_value());
    return (1 << (32 - cidr->bits)) - kReservedAddresses;
}

std::string arn_of_subnet(const OpContext& context, std::string_view id) {
    return arn_of(context.account(), context.region(), "subnet", id);
}

model::ec2::Subnet shown(const OpContext& context, const std::string& id, const Subnet& subnet) {
    model::ec2::Subnet out;
    out.subnet_id = id;
    out.subnet_arn = arn_of_subnet(context, id);
    out.vpc_id = subnet.vpc_id;
    out.owner_id = context.account();
    out.cidr_block = subnet.cidr;
    out.available_ip_address_count = free_addresses(subnet);
    out.availability_zone = zone_name(context.region(), subnet.zone);
    out.availability_zone_id = zone_id(context.region(), subnet.zone);
    out.default_for_az = subnet.default_for_zone;
    out.map_public_ip_on_launch = subnet.default_for_zone;
    out.map_customer_owned_ip_on_launch = false;
    out.assign_ipv6_address_on_creation = false;
    out.ipv6_cidr_block_association_set.emplace();
    out.enable_dns64 = false;
    out.ipv6_native = false;
    out.state = "available";
    out.tags = shown_tags(subnet.tags);
    return out;
}

std::vector<std::string> values_of(const OpContext& context, const std::string& id,
                                   const Subnet& subnet, std::string_view filter) {
    if (filter == "availability-zone" || filter == "availabilityZone")
        return {zone_name(context.region(), subnet.zone)};
    if (filter.starts_with("availability")) return {zone_id(context.region(), subnet.zone)};
    if (filter == "available-ip-address-count") return {std::to_string(free_addresses(subnet))};
    if (filter.starts_with("cidr")) return {subnet.cidr};
    if (filter.starts_with("default") || filter == "map-public-ip-on-launch")
        return {truth(subnet.default_for_zone)};
    if (filter == "ipv6-native") return {truth(false)};
    if (filter == "owner-id") return {std::string(context.account())};
    if (filter == "subnet-arn") return {arn_of_subnet(context, id)};
    if (filter.starts_with("subnet")) return {id};
    if (filter.starts_with("vpc")) return {subnet.vpc_id};
    return {"available"};  // state
}

// The zone asked for by name or id; the first one when none is.
Result<uint8_t> zone_of(const OpContext& context, const std::optional<std::string>& name,
                        const std::optional<std::string>& id) {
    if (name && id) return errors::not_together("availabilityZone", "availabilityZoneId");
    std::string all;
    for (uint8_t zone = 0; zone < kZones.size(); ++zone) {
        const std::string this_name = zone_name(context.region(), zone);
        const std::string this_id = zone_id(context.region(), zone);
        if ((name && *name == this_name) || (id && *id == this_id) || (!name && !id)) return zone;
        all += (all.empty() ? "" : ", ") + (name ? this_name : this_id);
    }
    return errors::invalid_value(
        name ? *name : *id, name ? "availabilityZone" : "availabilityZoneId",
        fmt::format("Subnets can currently only be created in the following availability zones: "
                    "{}.",
                    all));
}

// Keeps a new subnet, unless it overlaps another or there are too many.
Result<std::string> add_subnet(Ec2Service& service, OpContext& context, Region& region,
                               Subnet subnet) {
    const std::optional<Cidr> cidr = parse_cidr(subnet.cidr);
    size_t count = 0;
    for (const auto& [id, other] : region.subnets) {
        if (other.vpc_id != subnet.vpc_id) continue;
        count += 1;
        if (parse_cidr(other.cidr)->overlaps(*cidr)) return errors::subnet_conflict(subnet.cidr);
    }
    if (count >= kSubnetsPerVpcMax) return errors::limit_exceeded("SubnetLimitExceeded", "subnets");
    std::string id = new_id(context.rng(), "subnet-");
    region.subnets[id] = std::move(subnet);
    service.save(context, region, {id});
    return id;
}

}  // namespace

Result<void> CreateSubnet::authorize(Ec2Service& service, OpContext& context, const Input& input,
                                     AuthzRequests& requests) {
    if (!input.vpc_id) return errors::missing("vpcId");
    ask_known(context, service.load(context), kTraits.name, *input.vpc_id, requests);
    ask(context, kTraits.name, "subnet", "*", requests, nullptr, *input.vpc_id);
    ask_tags(context, input.tag_specifications, "subnet", requests);
    return {};
}

Outcome<CreateSubnet::Output> CreateSubnet::run(Ec2Service& service, OpContext& context,
                                                const Input& input) {
    if (input.ipv4_ipam_pool_id || input.ipv4_netmask_length || input.ipv6_ipam_pool_id ||
        input.ipv6_netmask_length)
        return errors::unsupported("IPAM");
    if (input.ipv6_cidr_block || input.ipv6_native.value_or(false))
        return errors::unsupported("An IPv6 range of a subnet");
    if (input.outpost_arn) return errors::unsupported("OutpostArn");
    if (!input.cidr_block) return errors::missing_either("cidrBlock", "ipv4IpamPoolId");
    const std::optional<Cidr> cidr = parse_cidr(*input.cidr_block);
    if (!cidr || cidr->network.v6) return errors::bad_cidr(*input.cidr_block);
    MR_TRY(const uint8_t zone,
           zone_of(context, input.availability_zone, input.availability_zone_id));
    Region region = service.load(context);
    const auto vpc = region.vpcs.find(*input.vpc_id);
    if (vpc == region.vpcs.end()) return errors::no_vpc(*input.vpc_id);
    if (cidr->bits < kSubnetBitsMin || cidr->bits > kSubnetBitsMax ||
        !parse_cidr(vpc->second.cidr)->contains(*cidr))
        return errors::bad_subnet_range(*input.cidr_block);
    Subnet subnet{.vpc_id = *input.vpc_id, .cidr = cidr->text(), .zone = zone, .tags = {}};
    MR_TRY(subnet.tags, tags_of(input.tag_specifications, "subnet"));
    MR_TRY(const std::string id, add_subnet(service, context, region, std::move(subnet)));
    Output output;
    output.subnet = shown(context, id, region.subnets[id]);
    return output;
}

Result<void> CreateDefaultSubnet::authorize(Ec2Service&, OpContext& context, const Input&,
                                            AuthzRequests& requests) {
    ask(context, kTraits.name, "subnet", "*", requests);
    return {};
}

Outcome<CreateDefaultSubnet::Output> CreateDefaultSubnet::run(Ec2Service& service,
                                                              OpContext& context,
                                                              const Input& input) {
    if (input.ipv6_native.value_or(false)) return errors::unsupported("An IPv6 range of a subnet");
    if (!input.availability_zone && !input.availability_zone_id)
        return errors::missing("availabilityZone");
    MR_TRY(const uint8_t zone,
           zone_of(context, input.availability_zone, input.availability_zone_id));
    Region region = service.load(context);
    const std::string vpc_id = region.default_vpc();
    if (vpc_id.empty()) return errors::no_default_vpc();
    for (const auto& [id, subnet] : region.subnets) {
        if (subnet.default_for_zone && subnet.zone == zone)
            return errors::default_subnet_exists(id, zone_name(context.region(), zone));
    }
    MR_TRY(const std::string id, add_subnet(service, context, region,
                                            {.vpc_id = vpc_id,
                                             .cidr = default_subnet_cidr(zone),
                                             .zone = zone,
                                             .default_for_zone = true,
                                             .tags = {}}));
    Output output;
    output.subnet = shown(context, id, region.subnets[id]);
    return output;
}

Result<void> DeleteSubnet::authorize(Ec2Service& service, OpContext& context, const Input& input,
                                     AuthzRequests& requests) {
    if (!input.subnet_id) return errors::missing("subnetId");
    ask_known(context, service.load(context), kTraits.name, *input.subnet_id, requests);
    return {};
}

Outcome<DeleteSubnet::Output> DeleteSubnet::run(Ec2Service& service, OpContext& context,
                                                const Input& input) {
    Region region = service.load(context);
    const std::string& id = *input.subnet_id;
    if (region.subnets.erase(id) == 0) return errors::no_subnet(id);
    if (service.is_used(context, id)) return errors::has_dependencies("subnet", id);
    service.save(context, region, {id});
    return Output{};
}

Result<void> DescribeSubnets::authorize(Ec2Service&, OpContext& context, const Input&,
                                        AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeSubnets::Output> DescribeSubnets::run(Ec2Service& service, OpContext& context,
                                                      const Input& input) {
    MR_TRY(Query query, Query::make(input.filters, kFilters, input.max_results, input.next_token));
    const Region region = service.load(context);
    MR_CHECK_OK(check_ids(input.subnet_ids, region.subnets, errors::no_subnet));
    Output output;
    output.subnets.emplace();
    for (const auto& [id, subnet] : region.subnets) {
        const bool found = is_named(input.subnet_ids, id) &&
                           query.matches(subnet.tags, [&](std::string_view filter) {
                               return values_of(context, id, subnet, filter);
                           });
        if (found && query.take(id, output.next_token))
            output.subnets->push_back(shown(context, id, subnet));
    }
    return output;
}

Result<void> DescribeAvailabilityZones::authorize(Ec2Service&, OpContext& context, const Input&,
                                                  AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeAvailabilityZones::Output> DescribeAvailabilityZones::run(Ec2Service&,
                                                                          OpContext& context,
                                                                          const Input& input) {
    MR_TRY(const Query query, Query::make(input.filters, kZoneFilters));
    const std::string region_name(context.region());
    const std::string group = region_name + "-zg-1";
    const auto unknown = [](const auto& asked, const auto& there) {
        return std::find_if(asked.begin(), asked.end(), [&](const std::string& one) {
            return std::find(there.begin(), there.end(), one) == there.end();
        });
    };
    std::vector<std::string> names;
    std::vector<std::string> ids;
    for (size_t zone = 0; zone < kZones.size(); ++zone) {
        names.push_back(zone_name(region_name, zone));
        ids.push_back(zone_id(region_name, zone));
    }
    for (const auto& [asked, there] :
         {std::pair(&input.zone_names, &names), std::pair(&input.zone_ids, &ids)}) {
        if (!*asked) continue;
        if (const auto bad = unknown(**asked, *there); bad != (*asked)->end())
            return errors::invalid(fmt::format("Invalid availability zone: [{}]", *bad));
    }
    Output output;
    output.availability_zones.emplace();
    for (size_t zone = 0; zone < kZones.size(); ++zone) {
        const auto values = [&](std::string_view filter) -> std::vector<std::string> {
            if (filter == "group-name") return {group};
            if (filter == "opt-in-status") return {"opt-in-not-required"};
            if (filter == "region-name") return {region_name};
            if (filter == "state") return {"available"};
            if (filter == "zone-id") return {ids[zone]};
            if (filter == "zone-name") return {names[zone]};
            return {"availability-zone"};  // zone-type
        };
        if (!is_named(input.zone_names, names[zone]) || !is_named(input.zone_ids, ids[zone]) ||
            !query.matches({}, values))
            continue;
        auto& out = output.availability_zones->emplace_back();
        out.zone_name = names[zone];
        out.zone_id = ids[zone];
        out.zone_type = "availability-zone";
        out.region_name = region_name;
        out.group_name = group;
        out.network_border_group = region_name;
        out.opt_in_status = "opt-in-not-required";
        out.state = "available";
        out.messages.emplace();
    }
    return output;
}

}  // namespace millrace::ec2
