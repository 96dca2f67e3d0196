#include "services/ec2/permissions.h"

#include <algorithm>
#include <charconv>

#include "services/ec2/cidr.h"
#include "services/ec2/errors.h"
#include "services/ec2/operations.h"

namespace millrace::ec2 {
namespace {

constexpr int kPortMax = 65535;
constexpr int kIcmpMax = 255;
constexpr size_t kTextMax = 255;

Result<int> protocol_of(const std::optional<std::string>& given) {
    if (!given) return errors::missing("ipProtocol");
    std::string text = *given;
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    for (const int named : {kTcp, kUdp, kIcmp, kIcmpV6}) {
        if (text == protocol_text(named)) return named;
    }
    int number = -2;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < kAllProtocols ||
        number > 255)
        return errors::invalid(
            fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", *given));
    return number;
}

Result<void> take_ports(const model::ec2::IpPermission& permission, Rule& rule) {
    const int from = permission.from_port.value_or(-1);
    const int to = permission.to_port.value_or(-1);
    const bool both = permission.from_port && permission.to_port;
    if (rule.protocol == kTcp || rule.protocol == kUdp) {
        if (!both) {
            return errors::invalid(
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
        }
        for (const int port : {from, to}) {
            if (port < 0 || port > kPortMax)
                return errors::malformed_rule(fmt::format("TCP/UDP port ({}) out of range", port));
        }
        if (from > to)
            return errors::invalid(fmt::format("Invalid TCP/UDP port range ({}:{})", from, to));
    } else if (rule.protocol == kIcmp || rule.protocol == kIcmpV6) {
        if (!both && rule.protocol == kIcmp) {
            return errors::invalid(
                "Invalid value 'Must specify both from and to ports with ICMP.' for portRange.");
        }
        for (const int value : {from, to}) {
            if (value < -1 || value > kIcmpMax)
                return errors::malformed_rule(
                    fmt::format("ICMP type or code ({}) out of range", value));
        }
        if (from == -1 && to != -1) return errors::malformed_rule("ICMP code without a type");
    } else {
        return {};
    }
    rule.from_port = from;
    rule.to_port = to;
    return {};
}

Result<void> take_description(const std::optional<std::string>& description, Rule& rule) {
    rule.description = description.value_or("");
    if (is_plain_text(rule.description)) return {};
    return errors::invalid(
        "Invalid rule description. Valid descriptions are strings less than 256 characters from "
        "the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
}

Result<std::string> peer_of(const std::optional<std::string>& cidr_text, bool v6) {
    if (!cidr_text) return errors::missing(v6 ? "cidrIpv6" : "cidrIp");
    const std::optional<Cidr> cidr = parse_cidr(*cidr_text);
    if (!cidr || cidr->network.v6 != v6)
        return errors::invalid(fmt::format("CIDR block {} is malformed", *cidr_text));
    return cidr->text();
}

Result<std::string> peer_of(const Region& region, std::string_view account,
                            const SecurityGroup& group, const model::ec2::UserIdGroupPair& pair) {
    if (pair.vpc_peering_connection_id) return errors::no_peering(*pair.vpc_peering_connection_id);
    const bool own = !pair.user_id || *pair.user_id == account;
    if (pair.group_id) {
        const auto peer = region.groups.find(*pair.group_id);
        if (!own || peer == region.groups.end()) return errors::no_group(*pair.group_id);
        if (peer->second.vpc_id != group.vpc_id) return errors::other_network();
        return *pair.group_id;
    }
    if (!pair.group_name) return errors::missing("groupName or groupId");
    std::string peer = own ? region.find_group(group.vpc_id, *pair.group_name) : std::string();
    if (peer.empty()) return errors::no_group_of_name(*pair.group_name, group.vpc_id);
    return peer;
}

// Adds the rule's peer to a permission.
void show_peer(const Rule& rule, std::string_view account, model::ec2::IpPermission& permission) {
    std::optional<std::string> description;
    if (!rule.description.empty()) description = rule.description;
    if (rule.from_group()) {
        auto& pair = permission.user_id_group_pairs->emplace_back();
        pair.group_id = rule.peer;
        pair.user_id = account;
        pair.description = std::move(description);
    } else if (rule.from_v6()) {
        auto& range = permission.ipv6_ranges->emplace_back();
        range.cidr_ipv6 = rule.peer;
        range.description = std::move(description);
    } else {
        auto& range = permission.ip_ranges->emplace_back();
        range.cidr_ip = rule.peer;
        range.description = std::move(description);
    }
}

model::ec2::IpPermission without_peers(const Rule& rule) {
    model::ec2::IpPermission permission;
    permission.ip_protocol = protocol_text(rule.protocol);
    if (rule.has_ports()) {
        permission.from_port = rule.from_port;
        permission.to_port = rule.to_port;
    }
    permission.ip_ranges.emplace();
    permission.ipv6_ranges.emplace();
    permission.user_id_group_pairs.emplace();
    permission.prefix_list_ids.emplace();
    return permission;
}

}  // namespace

bool is_plain_text(std::string_view text) {
    constexpr std::string_view kOthers = " ._-:/()#,@[]+=&;{}!$*";
    return text.size() <= kTextMax && std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      kOthers.find(c) != std::string_view::npos;
           });
}

Result<Permissions> either_form(const std::optional<Permissions>& permissions,
                                const ShortForm& form) {
    const bool plain = form.cidr_ip || form.ip_protocol || form.from_port || form.to_port;
    if (permissions && !permissions->empty()) {
        if (plain) return errors::not_together("ipPermissions", "ipProtocol");
        if (form.group_name)
            return errors::not_together("ipPermissions", "sourceSecurityGroupName");
        return *permissions;
    }
    if (!form.group_name) {
        if (form.group_owner_id) return errors::missing("sourceSecurityGroupName");
        if (!plain) return Permissions();
        model::ec2::IpPermission permission;
        permission.ip_protocol = form.ip_protocol;
        permission.from_port = form.from_port;
        permission.to_port = form.to_port;
        if (form.cidr_ip) permission.ip_ranges.emplace().emplace_back().cidr_ip = form.cidr_ip;
        return Permissions{permission};
    }
    if (plain) return errors::not_together("sourceSecurityGroupName", "ipProtocol");
    // Full ICMP, UDP and TCP access.
    Permissions all;
    for (const int protocol : {kTcp, kUdp, kIcmp}) {
        auto& permission = all.emplace_back();
        permission.ip_protocol = protocol_text(protocol);
        permission.from_port = protocol == kIcmp ? -1 : 0;
        permission.to_port = protocol == kIcmp ? -1 : kPortMax;
        auto& pair = permission.user_id_group_pairs.emplace().emplace_back();
        pair.group_name = form.group_name;
        pair.user_id = form.group_owner_id;
    }
    return all;
}

Result<std::vector<Rule>> rules_of(const Region& region, std::string_view account,
                                   const std::string& group_id, bool egress,
                                   const Permissions& permissions) {
    const SecurityGroup& group = region.groups.at(group_id);
    std::vector<Rule> rules;
    for (const model::ec2::IpPermission& permission : permissions) {
        Rule rule;
        rule.egress = egress;
        MR_TRY(rule.protocol, protocol_of(permission.ip_protocol));
        MR_CHECK_OK(take_ports(permission, rule));
        if (permission.ip_ranges) {
            for (const auto& range : *permission.ip_ranges) {
                MR_TRY(rule.peer, peer_of(range.cidr_ip, false));
                MR_CHECK_OK(take_description(range.description, rule));
                rules.push_back(rule);
            }
        }
        if (permission.ipv6_ranges) {
            for (const auto& range : *permission.ipv6_ranges) {
                MR_TRY(rule.peer, peer_of(range.cidr_ipv6, true));
                MR_CHECK_OK(take_description(range.description, rule));
                rules.push_back(rule);
            }
        }
        if (permission.user_id_group_pairs) {
            for (const auto& pair : *permission.user_id_group_pairs) {
                MR_TRY(rule.peer, peer_of(region, account, group, pair));
                MR_CHECK_OK(take_description(pair.description, rule));
                rules.push_back(rule);
            }
        }
        if (permission.prefix_list_ids) {
            for (const auto& list : *permission.prefix_list_ids)
                return errors::no_prefix_list(list.prefix_list_id.value_or(""));
        }
    }
    return rules;
}

Permissions shown_permissions(const SecurityGroup& group, std::string_view account, bool egress) {
    Permissions all;
    for (const Rule& rule : group.rules) {
        if (rule.egress != egress) continue;
        const model::ec2::IpPermission shape = without_peers(rule);
        auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) {
            return one.ip_protocol == shape.ip_protocol && one.from_port == shape.from_port &&
                   one.to_port == shape.to_port;
        });
        if (found == all.end()) found = all.insert(all.end(), shape);
        show_peer(rule, account, *found);
    }
    return all;
}

model::ec2::IpPermission shown_permission(const Rule& rule, std::string_view account) {
    model::ec2::IpPermission permission = without_peers(rule);
    show_peer(rule, account, permission);
    return permission;
}

model::ec2::SecurityGroupRule shown_rule(const Rule& rule, const std::string& group_id,
                                         std::string_view account, std::string_view region) {
    model::ec2::SecurityGroupRule out;
    out.security_group_rule_id = rule.id;
    out.security_group_rule_arn = arn_of(account, region, "security-group-rule", rule.id);
    out.group_id = group_id;
    out.group_owner_id = account;
    out.is_egress = rule.egress;
    out.ip_protocol = protocol_text(rule.protocol);
    out.from_port = rule.from_port;
    out.to_port = rule.to_port;
    if (rule.from_group()) {
        auto& peer = out.referenced_group_info.emplace();
        peer.group_id = rule.peer;
        peer.user_id = account;
    } else if (rule.from_v6()) {
        out.cidr_ipv6 = rule.peer;
    } else {
        out.cidr_ipv4 = rule.peer;
    }
    if (!rule.description.empty()) out.description = rule.description;
    out.tags = shown_tags(rule.tags);
    return out;
}

std::string rule_text(const Rule& rule) {
    std::string protocol = rule.protocol == kAllProtocols ? "ALL" : protocol_text(rule.protocol);
    for (char& c : protocol) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    std::string ports;
    if (rule.protocol == kTcp || rule.protocol == kUdp) {
        ports = fmt::format(", from port: {}, to port: {}", rule.from_port, rule.to_port);
    } else if (rule.has_ports()) {
        ports = fmt::format(", type: {}, code: {}", rule.from_port, rule.to_port);
    }
    return fmt::format("peer: {}, {}{}, ALLOW", rule.peer, protocol, ports);
}

}  // namespace millrace::ec2
