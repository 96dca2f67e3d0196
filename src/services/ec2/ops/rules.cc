// AuthorizeSecurityGroupIngress and -Egress, RevokeSecurityGroupIngress and -Egress,
// DescribeSecurityGroupRules.
// Source: EC2 API Reference; Amazon VPC User Guide, "Amazon VPC quotas".
#include <algorithm>

#include "services/ec2/operations.h"
#include "services/ec2/permissions.h"

namespace millrace::ec2 {
namespace {

// Each way, and for IPv4 and IPv6 apart; a rule of a group counts for both.
constexpr size_t kRulesMax = 60;
constexpr std::array<std::string_view, 2> kFilters = {"group-id", "security-group-rule-id"};

template <class Input>
Result<std::string> named_group(const Region& region, const Input& input) {
    std::optional<std::string> name;
    if constexpr (requires { input.group_name; }) name = input.group_name;
    return group_of(region, input.group_id, name);
}

template <class Op>
Result<void> authorize_change(Ec2Service& service, OpContext& context,
                              const typename Op::Input& input, AuthzRequests& requests) {
    const Region region = service.load(context);
    std::string id = input.group_id.value_or("");
    if (!input.group_id) {
        MR_TRY(id, named_group(region, input));
    }
    ask_known(context, region, Op::kTraits.name, id, requests);
    if constexpr (requires { input.tag_specifications; })
        ask_tags(context, input.tag_specifications, "security-group-rule", requests);
    return {};
}

Error too_many_rules() {
    return errors::limit_exceeded("RulesPerSecurityGroupLimitExceeded", "rules per security group");
}

Result<void> check_count(const SecurityGroup& group, bool egress) {
    size_t v4 = 0;
    size_t v6 = 0;
    for (const Rule& rule : group.rules) {
        if (rule.egress != egress) continue;
        if (!rule.from_v6()) v4 += 1;
        if (rule.from_v6() || rule.from_group()) v6 += 1;
    }
    if (std::max(v4, v6) > kRulesMax) return too_many_rules();
    return {};
}

bool holds(const std::vector<Rule>& rules, const Rule& wanted) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.same_as(wanted); });
}

// Nothing here holds back what goes out, so a rule that would is refused.
Result<void> check_egress(const Rule& rule) {
    const bool everywhere = rule.peer == "0.0.0.0/0" || rule.peer == "::/0";
    if (!rule.egress || (rule.protocol == kAllProtocols && everywhere)) return {};
    return errors::unsupported("An outbound rule other than all traffic to 0.0.0.0/0 or ::/0");
}

template <class Op>
Outcome<typename Op::Output> add_rules(Ec2Service& service, OpContext& context,
                                       const typename Op::Input& input, bool egress) {
    Region region = service.load(context);
    MR_TRY(const std::string id, named_group(region, input));
    MR_TRY(const Permissions permissions, permissions_of(input));
    if (permissions.empty()) return errors::missing("ipPermissions");
    MR_TRY(std::vector<Rule> rules, rules_of(region, context.account(), id, egress, permissions));
    MR_TRY(const Tags tags, tags_of(input.tag_specifications, "security-group-rule"));
    if (rules.size() > 2 * kRulesMax) return too_many_rules();
    SecurityGroup& group = region.groups[id];
    typename Op::Output output;
    output.return_ = true;
    output.security_group_rules.emplace();
    std::vector<Rule> added;
    for (Rule& rule : rules) {
        if (holds(added, rule)) return errors::same_rule_twice();
        if (holds(group.rules, rule)) return errors::rule_exists(rule_text(rule));
        MR_CHECK_OK(check_egress(rule));
        rule.id = new_id(context.rng(), "sgr-");
        rule.tags = tags;
        output.security_group_rules->push_back(
            shown_rule(rule, id, context.account(), context.region()));
        added.push_back(std::move(rule));
    }
    std::move(added.begin(), added.end(), std::back_inserter(group.rules));
    MR_CHECK_OK(check_count(group, egress));
    service.save(context, region, {id});
    return output;
}

model::ec2::RevokedSecurityGroupRule shown_revoked(const Rule& rule, const std::string& group_id) {
    model::ec2::RevokedSecurityGroupRule out;
    out.security_group_rule_id = rule.id;
    out.group_id = group_id;
    out.is_egress = rule.egress;
    out.ip_protocol = protocol_text(rule.protocol);
    out.from_port = rule.from_port;
    out.to_port = rule.to_port;
    if (rule.from_group()) {
        out.referenced_group_id = rule.peer;
    } else if (rule.from_v6()) {
        out.cidr_ipv6 = rule.peer;
    } else {
        out.cidr_ipv4 = rule.peer;
    }
    if (!rule.description.empty()) out.description = rule.description;
    return out;
}

template <class Op>
Outcome<typename Op::Output> remove_rules(Ec2Service& service, OpContext& context,
                                          const typename Op::Input& input, bool egress) {
    Region region = service.load(context);
    MR_TRY(const std::string id, named_group(region, input));
    MR_TRY(const Permissions permissions, permissions_of(input));
    const bool by_id = input.security_group_rule_ids && !input.security_group_rule_ids->empty();
    if (by_id && !permissions.empty())
        return errors::not_together("ipPermissions", "securityGroupRuleIds");
    if (!by_id && permissions.empty())
        return errors::missing_either("ipPermissions", "securityGroupRuleIds");
    MR_TRY(const std::vector<Rule> wanted,
           rules_of(region, context.account(), id, egress, permissions));
    SecurityGroup& group = region.groups[id];
    typename Op::Output output;
    output.return_ = true;
    output.revoked_security_group_rules.emplace();
    const auto revoke = [&](const auto& is_meant) {
        const auto found = std::find_if(group.rules.begin(), group.rules.end(), is_meant);
        if (found == group.rules.end()) return false;
        output.revoked_security_group_rules->push_back(shown_revoked(*found, id));
        group.rules.erase(found);
        return true;
    };
    if (by_id) {
        for (const std::string& rule_id : *input.security_group_rule_ids) {
            const bool there = revoke(
                [&](const Rule& rule) { return rule.egress == egress && rule.id == rule_id; });
            if (!there) return errors::no_rule(rule_id);
        }
    }
    for (const Rule& rule : wanted) {
        if (revoke([&](const Rule& one) { return one.same_as(rule); })) continue;
        // The default VPC is lenient.
        if (group.vpc_id != region.default_vpc()) return errors::no_such_permission();
        if (!output.unknown_ip_permissions) output.unknown_ip_permissions.emplace();
        output.unknown_ip_permissions->push_back(shown_permission(rule, context.account()));
    }
    service.save(context, region, {id});
    return output;
}

}  // namespace

Result<void> AuthorizeSecurityGroupIngress::authorize(Ec2Service& service, OpContext& context,
                                                      const Input& input, AuthzRequests& requests) {
    return authorize_change<AuthorizeSecurityGroupIngress>(service, context, input, requests);
}

Outcome<AuthorizeSecurityGroupIngress::Output> AuthorizeSecurityGroupIngress::run(
    Ec2Service& service, OpContext& context, const Input& input) {
    return add_rules<AuthorizeSecurityGroupIngress>(service, context, input, false);
}

Result<void> AuthorizeSecurityGroupEgress::authorize(Ec2Service& service, OpContext& context,
                                                     const Input& input, AuthzRequests& requests) {
    return authorize_change<AuthorizeSecurityGroupEgress>(service, context, input, requests);
}

Outcome<AuthorizeSecurityGroupEgress::Output> AuthorizeSecurityGroupEgress::run(
    Ec2Service& service, OpContext& context, const Input& input) {
    return add_rules<AuthorizeSecurityGroupEgress>(service, context, input, true);
}

Result<void> RevokeSecurityGroupIngress::authorize(Ec2Service& service, OpContext& context,
                                                   const Input& input, AuthzRequests& requests) {
    return authorize_change<RevokeSecurityGroupIngress>(service, context, input, requests);
}

Outcome<RevokeSecurityGroupIngress::Output> RevokeSecurityGroupIngress::run(Ec2Service& service,
                                                                            OpContext& context,
                                                                            const Input& input) {
    return remove_rules<RevokeSecurityGroupIngress>(service, context, input, false);
}

Result<void> RevokeSecurityGroupEgress::authorize(Ec2Service& service, OpContext& context,
                                                  const Input& input, AuthzRequests& requests) {
    return authorize_change<RevokeSecurityGroupEgress>(service, context, input, requests);
}

Outcome<RevokeSecurityGroupEgress::Output> RevokeSecurityGroupEgress::run(Ec2Service& service,
                                                                          OpContext& context,
                                                                          const Input& input) {
    return remove_rules<RevokeSecurityGroupEgress>(service, context, input, true);
}

Result<void> DescribeSecurityGroupRules::authorize(Ec2Service&, OpContext& context, const Input&,
                                                   AuthzRequests& requests) {
    ask_all(context, kTraits.name, requests);
    return {};
}

Outcome<DescribeSecurityGroupRules::Output> DescribeSecurityGroupRules::run(Ec2Service& service,
                                                                            OpContext& context,
                                                                            const Input& input) {
    MR_TRY(Query query, Query::make(input.filters, kFilters, input.max_results, input.next_token));
    const Region region = service.load(context);
    // By id, as pages need them.
    std::map<std::string_view, std::pair<const Rule*, const std::string*>> rules;
    for (const auto& [id, group] : region.groups) {
        for (const Rule& rule : group.rules) rules[rule.id] = {&rule, &id};
    }
    const Ids& ids = input.security_group_rule_ids;
    MR_CHECK_OK(check_ids(ids, rules, errors::no_rule));
    Output output;
    output.security_group_rules.emplace();
    for (const auto& [id, found] : rules) {
        const auto& [rule, group_id] = found;
        const auto values = [&, group = group_id, rule_id = id](std::string_view filter) {
            return std::vector{filter == "group-id" ? *group : std::string(rule_id)};
        };
        if (is_named(ids, id) && query.matches(rule->tags, values) &&
            query.take(id, output.next_token)) {
            output.security_group_rules->push_back(
                shown_rule(*rule, *group_id, context.account(), context.region()));
        }
    }
    return output;
}

}  // namespace millrace::ec2
