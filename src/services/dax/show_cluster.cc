// A cluster as answers have it. While it is being created or deleted only what concerns the whole
// is shown; nodes that come or go show no endpoint. Source: DescribeClusters in the API Reference.
#include <algorithm>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

std::string_view status_text(NodeStatus status) {
    switch (status) {
        case NodeStatus::kCreating:
            return "creating";
        case NodeStatus::kAvailable:
            return "available";
        case NodeStatus::kRebooting:
            return "rebooting";
        case NodeStatus::kFailed:
            return "failed";
        case NodeStatus::kDeleting:
            return "deleting";
    }
    return "";
}

model::dax::Endpoint endpoint_of(const std::string& address, uint16_t port) {
    model::dax::Endpoint endpoint;
    endpoint.address = address;
    endpoint.port = port;
    return endpoint;
}

std::string apply_status(const Cluster& cluster) {
    return cluster.applying_parameters ? "applying" : "in-sync";
}

model::dax::Node show_node(const Cluster& cluster, const Node& node) {
    model::dax::Node out;
    out.node_id = node.id;
    out.node_status = status_text(node.status);
    if (node.status == NodeStatus::kCreating || node.status == NodeStatus::kDeleting) return out;
    out.endpoint = endpoint_of(node.address, node.port);
    out.node_create_time = from_epoch_ms(node.created_ms);
    out.availability_zone = node.availability_zone;
    out.parameter_group_status = apply_status(cluster);
    return out;
}

}  // namespace

std::string_view status_text(ClusterStatus status) {
    switch (status) {
        case ClusterStatus::kCreating:
            return "creating";
        case ClusterStatus::kAvailable:
            return "available";
        case ClusterStatus::kModifying:
            return "modifying";
        case ClusterStatus::kDeleting:
            return "deleting";
    }
    return "";
}

model::dax::Cluster show_cluster(const Cluster& cluster) {
    const bool whole =
        cluster.status == ClusterStatus::kAvailable || cluster.status == ClusterStatus::kModifying;
    model::dax::Cluster out;
    out.cluster_name = cluster.name;
    if (!cluster.description.empty()) out.description = cluster.description;
    out.cluster_arn = cluster.arn();
    out.total_nodes = static_cast<int32_t>(cluster.nodes.size());
    out.active_nodes =
        whole ? static_cast<int32_t>(std::count_if(
                    cluster.nodes.begin(), cluster.nodes.end(),
                    [](const Node& node) { return node.status == NodeStatus::kAvailable; }))
              : 0;
    out.node_type = cluster.node_type;
    out.status = status_text(cluster.status);
    if (cluster.discovery_port != 0) {
        out.cluster_discovery_endpoint =
            endpoint_of(cluster.discovery_address, cluster.discovery_port);
        out.cluster_discovery_endpoint->url =
            fmt::format("{}://{}:{}", cluster.encrypted_in_transit ? "daxs" : "dax",
                        cluster.discovery_address, cluster.discovery_port);
    }
    if (whole) {
        out.nodes.emplace();
        for (const Node& node : cluster.nodes) {
            out.nodes->push_back(show_node(cluster, node));
            if (node.status != NodeStatus::kDeleting) continue;
            if (!out.node_ids_to_remove) out.node_ids_to_remove.emplace();
            out.node_ids_to_remove->push_back(node.id);
        }
    }
    out.preferred_maintenance_window = cluster.maintenance_window;
    out.subnet_group = cluster.subnet_group;
    out.security_groups.emplace();
    for (const std::string& group : cluster.security_groups) {
        out.security_groups->push_back(
            {group, cluster.applying_security_groups ? "modifying" : "active"});
    }
    out.iam_role_arn = cluster.role_arn;
    auto& parameters = out.parameter_group.emplace();
    parameters.parameter_group_name = cluster.parameter_group;
    parameters.parameter_apply_status = apply_status(cluster);
    // Both parameters take effect without a reboot.
    parameters.node_ids_to_reboot.emplace();
    out.sse_description.emplace().status = cluster.encrypted_at_rest ? "ENABLED" : "DISABLED";
    out.cluster_endpoint_encryption_type = cluster.encrypted_in_transit ? "TLS" : "NONE";
    out.network_type = "ipv4";
    return out;
}

}  // namespace millrace::dax_control
