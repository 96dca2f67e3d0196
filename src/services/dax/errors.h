// Every error that the control plane of DAX answers with. Thread-safety: pure functions.
// Source: DAX's part of the DynamoDB API Reference, and recorded answers (names and ARNs of
// CreateCluster, clusters that are not found). Where nobody has recorded the words, they are the
// description of the fault in the API Reference.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace millrace::dax_control::errors {

inline Error make(std::string code, std::string message) {
    Error error;
    error.code = std::move(code);
    error.message = std::move(message);
    return error;
}
inline Error invalid_value(std::string message) {
    return make("InvalidParameterValueException", std::move(message));
}
inline Error invalid_combination(std::string message) {
    return make("InvalidParameterCombinationException", std::move(message));
}
inline Error unsupported(std::string_view what) {
    return invalid_value(fmt::format("{} is not supported by this server.", what));
}

inline Error bad_cluster_name() {
    return invalid_value(
        "Cluster ID specified is not a valid identifier. Identifiers must begin with a letter; "
        "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or "
        "contain two consecutive hyphens.");
}
inline Error role_refused(std::string_view role_arn) {
    return invalid_value(fmt::format("No permission to assume role: {}", role_arn));
}
inline Error cluster_exists() {
    return make("ClusterAlreadyExistsFault",
                "You already have a DAX cluster with the given identifier.");
}
inline Error no_cluster() { return make("ClusterNotFoundFault", "Cluster not found."); }
// DescribeClusters words it so.
inline Error no_cluster(std::string_view name) {
    return make("ClusterNotFoundFault", fmt::format("Cluster {} not found.", name));
}
inline Error cluster_state(std::string_view name, std::string_view status) {
    return make("InvalidClusterStateFault",
                fmt::format("Cluster {} is not in available state: it is {}.", name, status));
}
inline Error no_node(std::string_view id) {
    return make("NodeNotFoundFault", fmt::format("Node {} not found.", id));
}
inline Error too_many_nodes_of_cluster(int most) {
    return make("NodeQuotaForClusterExceededFault",
                fmt::format("A cluster can have at most {} nodes.", most));
}
inline Error too_many_nodes(int most) {
    return make("NodeQuotaForCustomerExceededFault",
                fmt::format("An account can have at most {} nodes in a region.", most));
}

inline Error parameter_group_exists(std::string_view name) {
    return make("ParameterGroupAlreadyExistsFault",
                fmt::format("Parameter group {} already exists.", name));
}
inline Error no_parameter_group(std::string_view name) {
    return make("ParameterGroupNotFoundFault", fmt::format("Parameter group {} not found.", name));
}
inline Error too_many_parameter_groups() {
    return make("ParameterGroupQuotaExceededFault",
                "You have attempted to exceed the maximum number of parameter groups.");
}
inline Error parameter_group_state(std::string message) {
    return make("InvalidParameterGroupStateFault", std::move(message));
}

inline Error subnet_group_exists(std::string_view name) {
    return make("SubnetGroupAlreadyExistsFault",
                fmt::format("Subnet group {} already exists.", name));
}
inline Error no_subnet_group(std::string_view name) {
    return make("SubnetGroupNotFoundFault", fmt::format("Subnet group {} not found.", name));
}
inline Error too_many_subnet_groups() {
    return make("SubnetGroupQuotaExceededFault",
                "You have attempted to exceed the maximum number of subnet groups.");
}
inline Error too_many_subnets() {
    return make("SubnetQuotaExceededFault",
                "The request cannot be processed because it would exceed the allowed number of "
                "subnets in a subnet group.");
}
inline Error subnet_group_in_use(std::string message) {
    return make("SubnetGroupInUseFault", std::move(message));
}
inline Error subnet_in_use(std::string_view id) {
    return make("SubnetInUse", fmt::format("Subnet {} is in use by a node.", id));
}
inline Error invalid_subnet(std::string message) {
    return make("InvalidSubnet", std::move(message));
}
inline Error vpc_state(std::string message) {
    return make("InvalidVPCNetworkStateFault", std::move(message));
}

inline Error invalid_arn(std::string_view arn) {
    return make("InvalidARNFault", fmt::format("The ARN {} is not that of a DAX cluster.", arn));
}
inline Error no_tag(std::string_view key) {
    return make("TagNotFoundFault", fmt::format("The tag {} does not exist.", key));
}
inline Error too_many_tags() {
    return make("TagQuotaPerResourceExceeded",
                "You have exceeded the maximum number of tags for this DAX cluster.");
}
inline Error access_denied(std::string message) {
    return make("AccessDeniedException", std::move(message));
}
inline Error unknown_operation() { return make("UnknownOperationException", ""); }

}  // namespace millrace::dax_control::errors
