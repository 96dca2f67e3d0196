// CreateCluster: stores the cluster; the worker starts its nodes.
// IAM: dax:CreateCluster on the cluster, dax:TagResource if there are tags, iam:PassRole on the
// role. Source: CreateCluster in the API Reference; recorded texts of names and ARNs.
#include <algorithm>

#include "services/dax/node_types.h"
#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// The parts of arn:partition:service:region:account:resource, complained of one by one.
Result<void> check_role_arn(const std::string& arn) {
    if (!arn.starts_with("arn:"))
        return errors::invalid_value(fmt::format("ARNs must start with 'arn:': {}", arn));
    static constexpr std::string_view kMissing[] = {"Second colon partition", "Third colon vendor",
                                                    "Fourth colon (region/namespace delimiter)",
                                                    "Fifth colon (namespace/relative-id "
                                                    "delimiter)"};
    const auto colons = static_cast<size_t>(std::count(arn.begin(), arn.end(), ':'));
    if (colons < 5) {
        return errors::invalid_value(fmt::format("{} not found: {}", kMissing[colons - 1], arn));
    }
    return {};
}

Result<void> check_role(DaxControlService& service, const contracts::OpContext& context,
                        const std::string& arn) {
    const std::string ours = fmt::format("arn:aws:iam::{}:role/", context.account());
    if (!arn.starts_with(ours) || !service.parts().roles.check_trust(arn, kServicePrincipal))
        return errors::role_refused(arn);
    return {};
}

// A group may name subnets that were deleted since.
Result<void> check_subnets(DaxControlService& service, const contracts::OpContext& context,
                           const SubnetGroup& group) {
    for (const Subnet& subnet : group.subnets) {
        MR_TRY(const auto found,
               service.parts().network.subnet(context.account(), context.region(), subnet.id));
        if (!found) {
            return errors::vpc_state(fmt::format("Subnet {} of the subnet group {} does not exist.",
                                                 subnet.id, group.name));
        }
    }
    return {};
}

// What a client leaves empty is left out.
std::string given(const std::optional<std::string>& text, std::string_view otherwise) {
    return text && !text->empty() ? *text : std::string(otherwise);
}

}  // namespace

Result<void> CreateCluster::check(const Input& input) {
    MR_CHECK_OK(check_role_arn(*input.iam_role_arn));
    MR_CHECK_OK(check_cluster_name(input.cluster_name));
    if (!memory_of_node_type(*input.node_type))
        return errors::invalid_value(fmt::format("Invalid node type: {}", *input.node_type));
    if (*input.replication_factor < 1) {
        return errors::invalid_value(
            fmt::format("ReplicationFactor must be between 1 and {}.", kNodesOfClusterMax));
    }
    if (*input.replication_factor > kNodesOfClusterMax)
        return errors::too_many_nodes_of_cluster(kNodesOfClusterMax);
    MR_CHECK_OK(check_description(input.description));
    if (input.notification_topic_arn && !input.notification_topic_arn->empty())
        return errors::unsupported("NotificationTopicArn");
    if (input.network_type.value_or("ipv4") != "ipv4")
        return errors::unsupported("NetworkType " + *input.network_type);
    if (input.preferred_maintenance_window && !input.preferred_maintenance_window->empty()) {
        MR_TRY(const std::string window, window_of(*input.preferred_maintenance_window));
    }
    MR_TRY(const auto tags, tags_of(input.tags));
    return {};
}

Result<void> CreateCluster::authorize(DaxControlService&, contracts::OpContext& context,
                                      const Input& input, contracts::AuthzRequests& requests) {
    const std::string arn = arn_of(context, input.cluster_name.value_or(""));
    ask(context, "CreateCluster", arn, requests);
    if (input.tags && !input.tags->empty()) ask(context, "TagResource", arn, requests);
    contracts::AuthzRequest pass_role;
    pass_role.action = "iam:PassRole";
    pass_role.resource = input.iam_role_arn.value_or("");
    pass_role.resource_account = context.account();
    pass_role.conditions.push_back({"iam:passedtoservice", {std::string(kServicePrincipal)}});
    requests.push_back(std::move(pass_role));
    return {};
}

contracts::Outcome<CreateCluster::Output> CreateCluster::run(DaxControlService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    Cluster cluster;
    cluster.account = context.account();
    cluster.region = context.region();
    cluster.name = lower(*input.cluster_name);
    if (find_cluster(context.txn(), cluster.account, cluster.region, cluster.name))
        return errors::cluster_exists();
    MR_TRY(
        const SubnetGroup group,
        need_subnet_group(service, context, given(input.subnet_group_name, kDefaultSubnetGroup)));
    cluster.subnet_group = group.name;
    MR_CHECK_OK(check_subnets(service, context, group));
    cluster.parameter_group = given(input.parameter_group_name, kDefaultParameterGroup);
    MR_CHECK_OK(check_parameter_group(context, cluster.parameter_group));
    MR_TRY(cluster.security_groups,
           security_groups_of(service, context, group, input.security_group_ids));
    MR_CHECK_OK(add_nodes(context, cluster, group, static_cast<size_t>(*input.replication_factor),
                          input.availability_zones));
    cluster.role_arn = *input.iam_role_arn;
    MR_CHECK_OK(check_role(service, context, cluster.role_arn));
    cluster.description = input.description.value_or("");
    cluster.node_type = *input.node_type;
    const std::string window = given(input.preferred_maintenance_window, "");
    cluster.maintenance_window = window.empty() ? random_window(context.rng()) : lower(window);
    cluster.encrypted_at_rest = input.sse_specification && *input.sse_specification->enabled;
    cluster.encrypted_in_transit = input.cluster_endpoint_encryption_type.value_or("NONE") == "TLS";
    MR_TRY(cluster.tags, tags_of(input.tags));
    cluster.generation = static_cast<uint64_t>(context.now().time_since_epoch().count());
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

}  // namespace millrace::dax_control
