// CreateSubnetGroup, DescribeSubnetGroups, UpdateSubnetGroup, DeleteSubnetGroup.
// The group "default" is there without being made: the default VPC's subnets.
// IAM: the actions of these names on "*". Source: API Reference; the AWS CLI's examples.
#include <algorithm>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// Per account and region, with the default one.
constexpr size_t kGroupsMax = 50;
constexpr size_t kSubnetsMax = 20;

// Sets the group's VPC and subnets. Errors: there is no such subnet; several VPCs.
Result<void> set_subnets(DaxControlService& service, const contracts::OpContext& context,
                         const std::vector<std::string>& ids, SubnetGroup& group) {
    if (ids.size() > kSubnetsMax) return errors::too_many_subnets();
    group.subnets.clear();
    std::string vpc_id;
    for (const std::string& id : ids) {
        if (std::any_of(group.subnets.begin(), group.subnets.end(),
                        [&](const Subnet& subnet) { return subnet.id == id; })) {
            continue;
        }
        MR_TRY(const auto found,
               service.parts().network.subnet(context.account(), context.region(), id));
        if (!found) return errors::invalid_subnet(fmt::format("Subnet {} does not exist.", id));
        if (vpc_id.empty()) vpc_id = found->vpc_id;
        if (found->vpc_id != vpc_id) {
            return errors::invalid_subnet("All subnets of a subnet group must be in the same VPC.");
        }
        group.subnets.push_back({id, found->availability_zone});
    }
    if (group.subnets.empty()) return errors::invalid_subnet("SubnetIds must not be empty.");
    group.vpc_id = vpc_id;
    return {};
}

// Clusters that use the group stay where they are.
Result<void> check_users(contracts::OpContext& context, const SubnetGroup& group,
                         const std::string& old_vpc_id) {
    for (const auto& [name, cluster] :
         read_clusters(context.txn(), context.account(), context.region())) {
        if (cluster.subnet_group != group.name) continue;
        if (group.vpc_id != old_vpc_id) {
            return errors::invalid_subnet(fmt::format(
                "The subnet group {} is used by a cluster in the VPC {}.", group.name, old_vpc_id));
        }
        for (const Node& node : cluster.nodes) {
            if (std::none_of(group.subnets.begin(), group.subnets.end(),
                             [&](const Subnet& subnet) { return subnet.id == node.subnet_id; })) {
                return errors::subnet_in_use(node.subnet_id);
            }
        }
    }
    return {};
}

void store_group(contracts::OpContext& context, const SubnetGroup& group, std::string message) {
    context.txn().put(row_key(kSubnetGroups, context.account(), context.region(), group.name),
                      encode(group));
    note(context.txn(), context.account(), context.region(),
         {SourceType::kSubnetGroup, group.name, std::move(message)}, context.now());
}

model::dax::SubnetGroup show(const SubnetGroup& group) {
    model::dax::SubnetGroup out;
    out.subnet_group_name = group.name;
    if (!group.description.empty()) out.description = group.description;
    out.vpc_id = group.vpc_id;
    out.subnets.emplace();
    for (const Subnet& subnet : group.subnets) {
        auto& shown = out.subnets->emplace_back();
        shown.subnet_identifier = subnet.id;
        shown.subnet_availability_zone = subnet.availability_zone;
        shown.supported_network_types = {"ipv4"};
    }
    out.supported_network_types = {"ipv4"};
    return out;
}

}  // namespace

Result<void> CreateSubnetGroup::check(const Input& input) {
    MR_CHECK_OK(check_group_name("subnet group", input.subnet_group_name));
    return check_description(input.description);
}
MR_DAX_ON_ACCOUNT(CreateSubnetGroup)
contracts::Outcome<CreateSubnetGroup::Output> CreateSubnetGroup::run(DaxControlService& service,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    SubnetGroup group;
    group.name = lower(*input.subnet_group_name);
    group.description = input.description.value_or("");
    MR_TRY(const auto groups, read_subnet_groups(service, context));
    if (groups.contains(group.name)) return errors::subnet_group_exists(group.name);
    if (groups.size() >= kGroupsMax) return errors::too_many_subnet_groups();
    MR_CHECK_OK(set_subnets(service, context, *input.subnet_ids, group));
    store_group(context, group, "Subnet group created.");
    Output output;
    output.subnet_group = show(group);
    return output;
}

Result<void> DescribeSubnetGroups::check(const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    return {};
}
MR_DAX_ON_ACCOUNT(DescribeSubnetGroups)
contracts::Outcome<DescribeSubnetGroups::Output> DescribeSubnetGroups::run(
    DaxControlService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    auto names = input.subnet_group_names;
    if (names) {
        for (std::string& name : *names) name = lower(name);
    }
    MR_TRY(const auto groups, read_subnet_groups(service, context));
    Output output;
    output.subnet_groups.emplace();
    MR_CHECK_OK(describe(
        groups, names, page, output.next_token,
        [&](const SubnetGroup& group) { output.subnet_groups->push_back(show(group)); },
        [](const std::string& name) { return errors::no_subnet_group(name); }));
    return output;
}

Result<void> UpdateSubnetGroup::check(const Input& input) {
    return check_description(input.description);
}
MR_DAX_ON_ACCOUNT(UpdateSubnetGroup)
contracts::Outcome<UpdateSubnetGroup::Output> UpdateSubnetGroup::run(DaxControlService& service,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    MR_TRY(SubnetGroup group, need_subnet_group(service, context, *input.subnet_group_name));
    group.description = input.description.value_or(group.description);
    if (input.subnet_ids) {
        const std::string old_vpc_id = group.vpc_id;
        MR_CHECK_OK(set_subnets(service, context, *input.subnet_ids, group));
        MR_CHECK_OK(check_users(context, group, old_vpc_id));
    }
    store_group(context, group, "Subnet group updated.");
    Output output;
    output.subnet_group = show(group);
    return output;
}

Result<void> DeleteSubnetGroup::check(const Input&) { return {}; }
MR_DAX_ON_ACCOUNT(DeleteSubnetGroup)
contracts::Outcome<DeleteSubnetGroup::Output> DeleteSubnetGroup::run(DaxControlService& service,
                                                                     contracts::OpContext& context,
                                                                     const Input& input) {
    MR_TRY(const SubnetGroup group, need_subnet_group(service, context, *input.subnet_group_name));
    if (group.name == kDefaultSubnetGroup)
        return errors::subnet_group_in_use("The default subnet group cannot be deleted.");
    for (const auto& [name, cluster] :
         read_clusters(context.txn(), context.account(), context.region())) {
        if (cluster.subnet_group == group.name) {
            return errors::subnet_group_in_use(
                fmt::format("Subnet group {} is in use by the cluster {}.", group.name, name));
        }
    }
    context.txn().erase(row_key(kSubnetGroups, context.account(), context.region(), group.name));
    note(context.txn(), context.account(), context.region(),
         {SourceType::kSubnetGroup, group.name, "Subnet group deleted."}, context.now());
    Output output;
    output.deletion_message = fmt::format("Subnet group {} has been deleted.", group.name);
    return output;
}

}  // namespace millrace::dax_control
