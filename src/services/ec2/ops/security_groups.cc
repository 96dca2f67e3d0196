// CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups.
// Source: EC2 API Reference; Amazon VPC User Guide, "Amazon VPC quotas".
#include <algorithm>

#include "services/ec2/operations.h"
#include "services/ec2/permissions.h"

namespace millrace::ec2 {
namespace {

constexpr size_t kGroupsMax = 2500;
constexpr std::array<std::string_view, 21> kFilters = {"description",
                                                       "egress.ip-permission.cidr",
                                                       "egress.ip-permission.from-port",
                                                       "egress.ip-permission.group-id",
                                                       "egress.ip-permission.group-name",
                                                       "egress.ip-permission.ipv6-cidr",
                                                       "egress.ip-permission.protocol",
                                                       "egress.ip-permission.to-port",
                                                       "egress.ip-permission.user-id",
                                                       "group-id",
                                                       "group-name",
                                                       "ip-permission.cidr",
                                                       "ip-permission.from-port",
                                                       "ip-permission.group-id",
                                                       "ip-permission.group-name",
                                                       "ip-permission.ipv6-cidr",
                                                       "ip-permission.protocol",
                                                       "ip-permission.to-port",
                                                       "ip-permission.user-id",
                                                       "owner-id",
                                                       "vpc-id"};

Result<void> check_texts(std::string_view name, std::string_view description) {
    if (name.empty()) return errors::invalid_value("", "groupName", "The value cannot be empty");
    if (description.empty())
        return errors::invalid_value("", "groupDescription", "The value cannot be empty");
    if (name.starts_with("sg-")) {
        return errors::invalid(
            "Invalid security group name. Group names may not be in the format sg-*");
    }
    if (equals_ignore_case(name, "default"))
        return errors::invalid("Cannot use reserved security group name: default");
    for (const auto& [text, parameter] :
         {std::pair(name, "GroupName"), std::pair(description, "GroupDescription")}) {
        if (is_plain_text(text)) continue;
        return errors::invalid_value(text, parameter,
                                     "At most 255 characters are allowed: a-z, A-Z, 0-9, spaces, "
                                     "and ._-:/()#,@[]+=&;{}!$*");
    }
    return {};
}

// What one rule says to a filter "ip-permission.<name>"; empty: nothing.
std::string rule_value(const Region& region, std::string_view account, const Rule& rule,
                       std::string_view name) {
    if (name == "cidr") return rule.from_group() || rule.from_v6() ? "" : rule.peer;
    if (name == "ipv6-cidr") return rule.from_v6() ? rule.peer : "";
    if (name == "protocol") return protocol_text(rule.protocol);
    if (name == "from-port") return rule.has_ports() ? std::to_string(rule.from_port) : "";
    if (name == "to-port") return rule.has_ports() ? std::to_string(rule.to_port) : "";
    if (!rule.from_group()) return "";
    if (name == "group-id") return rule.peer;
    if (name == "user-id") return std::string(account);
    const auto peer = region.groups.find(rule.peer);  // group-name
    return peer == region.groups.end() ? "" : peer->second.name;
}

std::vector<std::string> values_of(const OpContext& context, const Region& region,
                                   const std::string& id, const SecurityGroup& group,
                                   std::string_view filter) {
    if (filter == "description") return {group.description};
    if (filter == "group-id") return {id};
    if (filter == "group-name") return {group.name};
    if (filter == "owner-id") return {std::string(context.account())};
    if (filter == "vpc-id") return {group.vpc_id};
    const bool egress = filter.starts_with("egress.");
    const std::string_view name = filter.substr(filter.rfind('.') + 1);
    std::vector<std::string> values;
    for (const Rule& rule : group.rules) {
        if (rule.egress != egress) continue;
        std::string value = rule_value(region, context.account(), rule, name);
        if (!value.empty()) values.push_back(std::move(value));
    }
    return values;
}

model::ec2::SecurityGroup shown(const OpContext& context, const std::string& id,
                                const SecurityGroup& group) {
    model::ec2::SecurityGroup out;
    out.group_id = id;
    out.security_group_arn = arn_of(context.account(), context.region(), "security-group", id);
    out.group_name = group.name;
    out.description = group.description;
    out.owner_id = context.account();
    out.vpc_id = group.vpc_id;
    out.ip_permissions = shown_permissions(group, context.account(), false);
    out.ip_permissions_egress = shown_permissions(group, context.account(), true);
    out.tags = shown_tags(group.tags);
    return out;
}

}  // namespace

Result<void> CreateSecurityGroup::authorize(Ec2Service& service, OpContext& context,
                                            const Input& input, AuthzRequests& requests) {
    const Region region = service.load(context);
    const std::string vpc_id = input.vpc_id.value_or(region.default_vpc());
    if (vpc_id.empty()) return errors::no_default_vpc();
    ask_known(context, region, kTraits.name, vpc_id, requests);
    ask(context, kTraits.name, "security-group", "*", requests, nullptr, vpc_id);
    ask_tags(context, input.tag_specifications, "security-group", requests);
    return {};
}

Outcome<CreateSecurityGroup::Output> CreateSecurityGroup::run(Ec2Service& service,
                                                              OpContext& context,
                                                              const Input& input) {
    if (!input.group_name) return errors::missing("groupName");
    if (!input.description) return errors::missing("groupDescription");
    MR_CHECK_OK(check_texts(*input.group_name, *input.description));
    Region region = service.load(context);
    const std::string vpc_id = input.vpc_id.value_or(region.default_vpc());
    if (!region.vpcs.contains(vpc_id)) return errors::no_vpc(vpc_id);
    if (!region.find_group(vpc_id, *input.group_name).empty())
        return errors::group_exists(*input.group_name, vpc_id);
    if (region.groups.size() >= kGroupsMax)
        return errors::limit_exceeded("SecurityGroupLimitExceeded", "security groups");
    SecurityGroup group;
    group.vpc_id = vpc_id;
    group.name = *input.group_name;
    group.description = *input.description;
    MR_TRY(group.tags, tags_of(input.tag_specifications, "security-group"));
    group.rules.push_back(allow_all_egress(new_id(context.rng(), "sgr-")));
    const std::string id = new_id(context.rng(), "sg-");
    Output output;
    output.group_id = id;
    output.security_group_arn = arn_of(context.account(), context.region(), "security-group", id);
    output.tags = shown_tags(group.tags);
    region.groups[id] = std::move(group);
    service.save(context, region, {id});
    return output;
}

Result<void> DeleteSecurityGroup::authorize(Ec2Service& service, OpContext& context,
                                            const Input& input, AuthzRequests& requests) {
    const Region region = service.load(context);
    std::string id = input.group_id.value_or("");
    if (!input.group_id) {
        MR_TRY(id, group_of(region, input.group_id, input.group_name));
    }
    ask_known(context, region, kTraits.name, id, requests);
    return {};
}

Outcome<DeleteSecurityGroup::Output> DeleteSecurityGroup::run(Ec2Service& service,
                                                              OpContext& context,
                                                              const Input& input) {
    Region region = service.load(context);
    MR_TRY(const std::string id, group_of(region, input.group_id, input.group_name));
    const SecurityGroup group = region.groups[id];
    if (group.is_default()) return errors::cannot_delete(id, group.name);
    region.groups.erase(id);
    for (const auto& [other_id, other] : region.groups) {
        const bool refers = std::any_of(other.rules.begin(), other.rules.end(),
                                        [&](const Rule& rule) { return rule.peer == id; });
        if (refers) return errors::has_dependent_object(id);
    }
    if (service.is_used(context, id)) return errors::has_dependent_object(id);
    service.save(context, region, {id});
    Output output;
    output.return_ = true;
    output.group_id = id;
    return output;
}

Result<void> DescribeSecurityGroups::authorize(Ec2Service&, OpContext& context, const Input&,
                                               AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeSecurityGroups::Output> DescribeSecurityGroups::run(Ec2Service& service,
                                                                    OpContext& context,
                                                                    const Input& input) {
    MR_TRY(Query query, Query::make(input.filters, kFilters, input.max_results, input.next_token));
    const Region region = service.load(context);
    // Names mean groups of the default VPC.
    Ids ids = input.group_ids;
    MR_CHECK_OK(check_ids(input.group_ids, region.groups, errors::no_group));
    if (input.group_names && input.group_names->size() > kIdsMax)
        return errors::too_many_ids(kIdsMax);
    for (const std::string& name : input.group_names.value_or(std::vector<std::string>())) {
        MR_TRY(const std::string id, group_of(region, std::nullopt, name));
        if (!ids) ids.emplace();
        ids->push_back(id);
    }
    Output output;
    output.security_groups.emplace();
    for (const auto& [id, group] : region.groups) {
        const bool found =
            is_named(ids, id) && query.matches(group.tags, [&](std::string_view filter) {
                return values_of(context, region, id, group, filter);
            });
        if (found && query.take(id, output.next_token))
            output.security_groups->push_back(shown(context, id, group));
    }
    return output;
}

}  // namespace millrace::ec2
