// Rules of security groups, between the permissions of requests and answers and the rules that
// groups keep: one permission is as many rules as it names peers.
// Thread-safety: pure functions. Source: EC2 API Reference, IpPermission and SecurityGroupRule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/generated/ec2.h"
#include "services/ec2/network.h"

namespace millrace::ec2 {

using Permissions = std::vector<model::ec2::IpPermission>;

// The permissions of a request, which may also be written with CidrIp, FromPort and so on.
template <class Input>
Result<Permissions> permissions_of(const Input& input);

// The rules of these permissions for the group of that id, without ids; ports, ranges and names of
// groups are checked. InvalidParameterValue, InvalidPermission.Malformed, InvalidGroup.NotFound.
Result<std::vector<Rule>> rules_of(const Region& region, std::string_view account,
                                   const std::string& group_id, bool egress,
                                   const Permissions& permissions);

// Rules of the same protocol and ports are one permission.
Permissions shown_permissions(const SecurityGroup& group, std::string_view account, bool egress);
model::ec2::IpPermission shown_permission(const Rule& rule, std::string_view account);
model::ec2::SecurityGroupRule shown_rule(const Rule& rule, const std::string& group_id,
                                         std::string_view account, std::string_view region);
// "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW"
std::string rule_text(const Rule& rule);
// Of a rule or a group: at most 255 characters of those that EC2 allows.
bool is_plain_text(std::string_view text);

struct ShortForm {
    std::optional<std::string> cidr_ip;
    std::optional<std::string> ip_protocol;
    std::optional<int32_t> from_port;
    std::optional<int32_t> to_port;
    std::optional<std::string> group_name;
    std::optional<std::string> group_owner_id;
};
// InvalidParameterCombination when both are used; none when neither is.
Result<Permissions> either_form(const std::optional<Permissions>& permissions,
                                const ShortForm& form);

template <class Input>
Result<Permissions> permissions_of(const Input& input) {
    return either_form(input.ip_permissions,
                       {input.cidr_ip, input.ip_protocol, input.from_port, input.to_port,
                        input.source_security_group_name, input.source_security_group_owner_id});
}

}  // namespace millrace::ec2
