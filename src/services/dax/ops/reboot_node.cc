// RebootNode: the worker does it. IAM: dax:RebootNode on the cluster. Source: API Reference.
#include <algorithm>

#include "services/dax/operations.h"

namespace millrace::dax_control {

Result<void> RebootNode::check(const Input& input) {
    return check_cluster_name(input.cluster_name);
}

MR_DAX_ON_CLUSTER(RebootNode)

contracts::Outcome<RebootNode::Output> RebootNode::run(DaxControlService&,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    MR_TRY(Cluster cluster, need_available(context, input.cluster_name));
    const auto node = std::find_if(cluster.nodes.begin(), cluster.nodes.end(),
                                   [&](const Node& one) { return one.id == *input.node_id; });
    if (node == cluster.nodes.end()) return errors::no_node(*input.node_id);
    node->status = NodeStatus::kRebooting;
    cluster.status = ClusterStatus::kModifying;
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

}  // namespace millrace::dax_control
