// CreateVpc, CreateDefaultVpc, DeleteVpc, DescribeVpcs.
// Source: EC2 API Reference; Amazon VPC User Guide, "Amazon VPC quotas".
#include "services/ec2/operations.h"

namespace millrace::ec2 {
namespace {

constexpr size_t kVpcsMax = 5;
constexpr int kVpcBitsMin = 16;
constexpr int kVpcBitsMax = 28;
constexpr std::array<std::string_view, 10> kFilters = {"cidr",
                                                       "cidr-block-association.association-id",
                                                       "cidr-block-association.cidr-block",
                                                       "cidr-block-association.state",
                                                       "dhcp-options-id",
                                                       "is-default",
                                                       "isDefault",
                                                       "owner-id",
                                                       "state",
                                                       "vpc-id"};

std::string association_id(std::string_view vpc_id) {
    return "vpc-cidr-assoc-" + std::string(vpc_id.substr(vpc_id.find('-') + 1));
}

model::ec2::Vpc shown(const OpContext& context, const std::string& id, const Vpc& vpc) {
    model::ec2::Vpc out;
    out.vpc_id = id;
    out.owner_id = context.account();
    out.instance_tenancy = "default";
    out.cidr_block = vpc.cidr;
    out.dhcp_options_id = "default";
    out.state = "available";
    out.is_default = vpc.is_default;
    auto& association = out.cidr_block_association_set.emplace().emplace_back();
    association.association_id = association_id(id);
    association.cidr_block = vpc.cidr;
    association.cidr_block_state.emplace().state = "associated";
    out.tags = shown_tags(vpc.tags);
    return out;
}

std::vector<std::string> values_of(const OpContext& context, const std::string& id, const Vpc& vpc,
                                   std::string_view filter) {
    if (filter == "vpc-id") return {id};
    if (filter.starts_with("cidr-block-association.a")) return {association_id(id)};
    if (filter == "cidr-block-association.state") return {"associated"};
    if (filter.starts_with("cidr")) return {vpc.cidr};
    if (filter == "dhcp-options-id") return {"default"};
    if (filter == "is-default" || filter == "isDefault") return {truth(vpc.is_default)};
    if (filter == "owner-id") return {std::string(context.account())};
    return {"available"};  // state
}

}  // namespace

Result<void> CreateVpc::authorize(Ec2Service&, OpContext& context, const Input& input,
                                  AuthzRequests& requests) {
    ask(context, kTraits.name, "vpc", "*", requests);
    ask_tags(context, input.tag_specifications, "vpc", requests);
    return {};
}

Outcome<CreateVpc::Output> CreateVpc::run(Ec2Service& service, OpContext& context,
                                          const Input& input) {
    if (input.ipv4_ipam_pool_id || input.ipv4_netmask_length || input.ipv6_ipam_pool_id ||
        input.ipv6_netmask_length)
        return errors::unsupported("IPAM");
    if (input.ipv6_pool || input.ipv6_cidr_block || input.ipv6_cidr_block_network_border_group ||
        input.amazon_provided_ipv6_cidr_block.value_or(false))
        return errors::unsupported("An IPv6 range of a VPC");
    if (input.vpc_encryption_control) return errors::unsupported("VpcEncryptionControl");
    if (input.instance_tenancy.value_or("default") != "default")
        return errors::unsupported("InstanceTenancy other than default");
    if (!input.cidr_block) return errors::missing_either("cidrBlock", "ipv4IpamPoolId");
    const std::optional<Cidr> cidr = parse_cidr(*input.cidr_block);
    if (!cidr || cidr->network.v6) return errors::bad_cidr(*input.cidr_block);
    if (cidr->bits < kVpcBitsMin || cidr->bits > kVpcBitsMax)
        return errors::bad_vpc_range(*input.cidr_block);
    MR_TRY(Tags tags, tags_of(input.tag_specifications, "vpc"));
    Region region = service.load(context);
    if (region.vpcs.size() >= kVpcsMax) return errors::limit_exceeded("VpcLimitExceeded", "VPCs");
    const std::string id = new_id(context.rng(), "vpc-");
    region.vpcs[id] = {.cidr = cidr->text(), .is_default = false, .tags = std::move(tags)};
    const std::string group_id = new_id(context.rng(), "sg-");
    region.groups[group_id] =
        default_group(id, group_id, new_id(context.rng(), "sgr-"), new_id(context.rng(), "sgr-"));
    service.save(context, region, {id, group_id});
    Output output;
    output.vpc = shown(context, id, region.vpcs[id]);
    return output;
}

Result<void> CreateDefaultVpc::authorize(Ec2Service&, OpContext& context, const Input&,
                                         AuthzRequests& requests) {
    ask(context, kTraits.name, "vpc", "*", requests);
    return {};
}

Outcome<CreateDefaultVpc::Output> CreateDefaultVpc::run(Ec2Service& service, OpContext& context,
                                                        const Input&) {
    Region region = service.load(context);
    const std::string there = region.default_vpc();
    if (!there.empty()) return errors::default_vpc_exists(there);
    if (region.vpcs.size() >= kVpcsMax) return errors::limit_exceeded("VpcLimitExceeded", "VPCs");
    std::vector<std::string> ids;
    const std::string id = add_default_vpc(region, [&](std::string_view prefix) {
        return ids.emplace_back(new_id(context.rng(), prefix));
    });
    std::erase_if(ids, [](const std::string& made) { return made.starts_with("sgr-"); });
    service.save(context, region, ids);
    Output output;
    output.vpc = shown(context, id, region.vpcs[id]);
    return output;
}

Result<void> DeleteVpc::authorize(Ec2Service& service, OpContext& context, const Input& input,
                                  AuthzRequests& requests) {
    if (!input.vpc_id) return errors::missing("vpcId");
    ask_known(context, service.load(context), kTraits.name, *input.vpc_id, requests);
    return {};
}

Outcome<DeleteVpc::Output> DeleteVpc::run(Ec2Service& service, OpContext& context,
                                          const Input& input) {
    Region region = service.load(context);
    const std::string& id = *input.vpc_id;
    if (!region.vpcs.contains(id)) return errors::no_vpc(id);
    for (const auto& [subnet_id, subnet] : region.subnets) {
        if (subnet.vpc_id == id) return errors::has_dependencies("vpc", id);
    }
    std::vector<std::string> gone = {id};
    for (const auto& [group_id, group] : region.groups) {
        if (group.vpc_id != id) continue;
        if (!group.is_default() || service.is_used(context, group_id))
            return errors::has_dependencies("vpc", id);
        gone.push_back(group_id);
    }
    for (const std::string& row : gone) drop_row(region, row);
    service.save(context, region, gone);
    return Output{};
}

Result<void> DescribeVpcs::authorize(Ec2Service&, OpContext& context, const Input&,
                                     AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeVpcs::Output> DescribeVpcs::run(Ec2Service& service, OpContext& context,
                                                const Input& input) {
    MR_TRY(Query query, Query::make(input.filters, kFilters, input.max_results, input.next_token));
    const Region region = service.load(context);
    MR_CHECK_OK(check_ids(input.vpc_ids, region.vpcs, errors::no_vpc));
    Output output;
    output.vpcs.emplace();
    for (const auto& [id, vpc] : region.vpcs) {
        const bool found =
            is_named(input.vpc_ids, id) && query.matches(vpc.tags, [&](std::string_view filter) {
                return values_of(context, id, vpc, filter);
            });
        if (found && query.take(id, output.next_token))
            output.vpcs->push_back(shown(context, id, vpc));
    }
    return output;
}

}  // namespace millrace::ec2
