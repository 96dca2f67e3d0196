// DeleteCluster, in any state but that of being deleted: one whose nodes cannot start can be
// deleted, too. IAM: dax:DeleteCluster on the cluster. Source: API Reference.
#include "services/dax/operations.h"

namespace millrace::dax_control {

Result<void> DeleteCluster::check(const Input& input) {
    return check_cluster_name(input.cluster_name);
}

MR_DAX_ON_CLUSTER(DeleteCluster)

contracts::Outcome<DeleteCluster::Output> DeleteCluster::run(DaxControlService&,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(Cluster cluster, need_cluster(context, input.cluster_name));
    if (cluster.status == ClusterStatus::kDeleting)
        return errors::cluster_state(cluster.name, status_text(cluster.status));
    cluster.status = ClusterStatus::kDeleting;
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

}  // namespace millrace::dax_control
