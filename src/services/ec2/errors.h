// Every error that EC2 answers with. Thread-safety: pure functions.
// Source: EC2 API Reference, "Error codes for the Amazon EC2 API", and published answers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::ec2::errors {

inline Error make(std::string code, std::string message, int status = 400) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}
inline Error dry_run() {
    return make("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}
inline Error unauthorized(std::string_view why) {
    return make("UnauthorizedOperation",
                fmt::format("You are not authorized to perform this operation. {}", why), 403);
}
inline Error invalid_action(std::string_view action) {
    return make("InvalidAction",
                fmt::format("The action {} is not valid for this web service.", action));
}
inline Error invalid(std::string message) {
    return make("InvalidParameterValue", std::move(message));
}
inline Error invalid_value(std::string_view value, std::string_view parameter,
                           std::string_view why) {
    return invalid(
        fmt::format("Value ({}) for parameter {} is invalid. {}", value, parameter, why));
}
inline Error missing(std::string_view parameter) {
    return make("MissingParameter",
                fmt::format("The request must contain the parameter {}", parameter));
}
inline Error missing_either(std::string_view one, std::string_view other) {
    return make("MissingParameter",
                fmt::format("Either '{}' or '{}' should be provided.", one, other));
}
inline Error not_together(std::string_view one, std::string_view other) {
    return make("InvalidParameterCombination",
                fmt::format("The parameter {} cannot be used with the parameter {}", one, other));
}
inline Error unsupported(std::string_view option) {
    return make("UnsupportedOperation", fmt::format("{} is not supported by this server.", option));
}
inline Error bad_filter(std::string_view name) {
    return invalid(fmt::format("The filter '{}' is invalid", name));
}
inline Error too_many_filter_values(size_t most) {
    return make(
        "FilterLimitExceeded",
        fmt::format("The maximum number of filter values specified on a single call is {}", most));
}
inline Error too_many_ids(size_t most) {
    return make("RequestResourceCountExceeded",
                fmt::format("A request can name at most {} resources.", most));
}
inline Error bad_token() {
    return make("InvalidNextToken", "The specified NextToken is not valid.");
}

inline Error no_vpc(std::string_view id) {
    return make("InvalidVpcID.NotFound", fmt::format("The vpc ID '{}' does not exist", id));
}
inline Error no_subnet(std::string_view id) {
    return make("InvalidSubnetID.NotFound", fmt::format("The subnet ID '{}' does not exist", id));
}
inline Error no_group(std::string_view id) {
    if (!id.starts_with("sg-")) {
        return make("InvalidGroupId.Malformed",
                    fmt::format("Invalid id: \"{}\" (expecting \"sg-...\")", id));
    }
    return make("InvalidGroup.NotFound", fmt::format("The security group '{}' does not exist", id));
}
inline Error no_group_of_name(std::string_view name, std::string_view vpc_id) {
    return make(
        "InvalidGroup.NotFound",
        fmt::format("The security group '{}' does not exist in default VPC '{}'", name, vpc_id));
}
inline Error no_rule(std::string_view id) {
    return make("InvalidSecurityGroupRuleId.NotFound",
                fmt::format("The security group rule ID '{}' does not exist", id));
}
inline Error no_resource(std::string_view id) {
    return make("InvalidID", fmt::format("The ID '{}' is not valid", id));
}
inline Error no_default_vpc() { return make("VPCIdNotSpecified", "No default VPC for this user"); }

inline Error bad_cidr(std::string_view cidr) {
    return invalid_value(cidr, "cidrBlock", "This is not a valid CIDR block.");
}
inline Error bad_vpc_range(std::string_view cidr) {
    return make("InvalidVpc.Range", fmt::format("The CIDR '{}' is invalid.", cidr));
}
inline Error bad_subnet_range(std::string_view cidr) {
    return make("InvalidSubnet.Range", fmt::format("The CIDR '{}' is invalid.", cidr));
}
inline Error subnet_conflict(std::string_view cidr) {
    return make("InvalidSubnet.Conflict",
                fmt::format("The CIDR '{}' conflicts with another subnet", cidr));
}
inline Error default_vpc_exists(std::string_view id) {
    return make(
        "DefaultVpcAlreadyExists",
        fmt::format("A Default VPC already exists for this account in this region: {}.", id));
}
inline Error default_subnet_exists(std::string_view id, std::string_view zone) {
    return make("DefaultSubnetAlreadyExistsInAvailabilityZone",
                fmt::format("'{}' is already the default subnet in {}.", id, zone));
}
// `what`: "vpc", "subnet".
inline Error has_dependencies(std::string_view what, std::string_view id) {
    return make("DependencyViolation",
                fmt::format("The {} '{}' has dependencies and cannot be deleted.", what, id));
}
inline Error has_dependent_object(std::string_view id) {
    return make("DependencyViolation", fmt::format("resource {} has a dependent object", id));
}
inline Error group_exists(std::string_view name, std::string_view vpc_id) {
    return make("InvalidGroup.Duplicate",
                fmt::format("The security group '{}' already exists for VPC '{}'", name, vpc_id));
}
inline Error cannot_delete(std::string_view id, std::string_view name) {
    return make("CannotDelete",
                fmt::format("the specified group: \"{}\" name: \"{}\" cannot be deleted by a user",
                            id, name));
}
inline Error rule_exists(std::string_view rule) {
    return make("InvalidPermission.Duplicate",
                fmt::format("the specified rule \"{}\" already exists", rule));
}
inline Error no_such_permission() {
    return make("InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.");
}
inline Error malformed_rule(std::string message) {
    return make("InvalidPermission.Malformed", std::move(message));
}
inline Error same_rule_twice() {
    return invalid("The same permission must not appear multiple times");
}
inline Error no_prefix_list(std::string_view id) {
    return make("InvalidPrefixListId.NotFound",
                fmt::format("The prefix list ID '{}' does not exist", id));
}
inline Error no_peering(std::string_view id) {
    return make("InvalidVpcPeeringConnectionID.NotFound",
                fmt::format("The vpcPeeringConnection ID '{}' does not exist", id));
}
inline Error other_network() {
    return make("InvalidGroup.NotFound",
                "You have specified two resources that belong to different networks.");
}
// `code`: "VpcLimitExceeded" and the like; `what`: "VPCs".
inline Error limit_exceeded(std::string code, std::string_view what) {
    return make(std::move(code), fmt::format("The maximum number of {} has been reached.", what));
}

}  // namespace millrace::ec2::errors
