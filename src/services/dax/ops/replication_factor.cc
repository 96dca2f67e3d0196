// IncreaseReplicationFactor, DecreaseReplicationFactor: store which nodes come and go; the worker
// starts and stops them. IAM: the actions of these names on the cluster. Source: API Reference.
#include <algorithm>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// The node that leads goes last: another would have to take over.
std::string leader_of(DaxControlService& service, const Cluster& cluster) {
    const auto state =
        service.parts().clusters.state(cluster.account, cluster.region, cluster.name);
    if (!state) return {};
    for (const auto& node : state->nodes) {
        if (node.leader) return node.node_id;
    }
    return {};
}

bool contains(const std::optional<std::vector<std::string>>& list, const std::string& text) {
    return list && std::find(list->begin(), list->end(), text) != list->end();
}

// Those that may be removed, the first to go first.
std::vector<Node*> candidates(Cluster& cluster, const std::string& leader,
                              const std::optional<std::vector<std::string>>& zones,
                              const std::optional<std::vector<std::string>>& ids) {
    std::vector<Node*> nodes;
    for (Node& node : cluster.nodes) {
        if (zones && !zones->empty() && !contains(zones, node.availability_zone)) continue;
        if (ids && !ids->empty() && !contains(ids, node.id)) continue;
        nodes.push_back(&node);
    }
    std::sort(nodes.begin(), nodes.end(), [&](const Node* a, const Node* b) {
        const bool a_leads = a->id == leader;
        const bool b_leads = b->id == leader;
        return a_leads != b_leads ? b_leads : a->id > b->id;
    });
    return nodes;
}

}  // namespace

Result<void> IncreaseReplicationFactor::check(const Input& input) {
    MR_CHECK_OK(check_cluster_name(input.cluster_name));
    if (*input.new_replication_factor > kNodesOfClusterMax)
        return errors::too_many_nodes_of_cluster(kNodesOfClusterMax);
    return {};
}

MR_DAX_ON_CLUSTER(IncreaseReplicationFactor)

contracts::Outcome<IncreaseReplicationFactor::Output> IncreaseReplicationFactor::run(
    DaxControlService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Cluster cluster, need_available(context, input.cluster_name));
    const auto nodes = static_cast<int32_t>(cluster.nodes.size());
    if (*input.new_replication_factor <= nodes) {
        return errors::invalid_value(fmt::format(
            "NewReplicationFactor must be greater than the {} nodes of the cluster.", nodes));
    }
    MR_TRY(const SubnetGroup group, need_subnet_group(service, context, cluster.subnet_group));
    MR_CHECK_OK(add_nodes(context, cluster, group,
                          static_cast<size_t>(*input.new_replication_factor - nodes),
                          input.availability_zones));
    cluster.status = ClusterStatus::kModifying;
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

Result<void> DecreaseReplicationFactor::check(const Input& input) {
    MR_CHECK_OK(check_cluster_name(input.cluster_name));
    if (*input.new_replication_factor < 1) {
        return errors::invalid_value(
            "NewReplicationFactor must be at least 1: use DeleteCluster to remove the last node.");
    }
    return {};
}

MR_DAX_ON_CLUSTER(DecreaseReplicationFactor)

contracts::Outcome<DecreaseReplicationFactor::Output> DecreaseReplicationFactor::run(
    DaxControlService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Cluster cluster, need_available(context, input.cluster_name));
    const auto nodes = static_cast<int32_t>(cluster.nodes.size());
    if (*input.new_replication_factor >= nodes) {
        return errors::invalid_value(fmt::format(
            "NewReplicationFactor must be less than the {} nodes of the cluster.", nodes));
    }
    const auto count = static_cast<size_t>(nodes - *input.new_replication_factor);
    const auto& ids = input.node_ids_to_remove;
    if (ids) {
        for (const std::string& id : *ids) {
            if (std::none_of(cluster.nodes.begin(), cluster.nodes.end(),
                             [&](const Node& node) { return node.id == id; })) {
                return errors::no_node(id);
            }
        }
    }
    const auto going =
        candidates(cluster, leader_of(service, cluster), input.availability_zones, ids);
    const bool named = ids && !ids->empty();
    if (going.size() < count || (named && going.size() != count)) {
        return errors::invalid_combination(fmt::format(
            "NodeIdsToRemove and AvailabilityZones fit {} nodes, but {} must be removed.",
            going.size(), count));
    }
    for (size_t i = 0; i < count; ++i) going[i]->status = NodeStatus::kDeleting;
    cluster.status = ClusterStatus::kModifying;
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

}  // namespace millrace::dax_control
