// UpdateCluster: a description or maintenance window is changed with the answer; security groups
// and parameters once the worker has told the nodes. IAM: dax:UpdateCluster on the cluster.
// Source: API Reference.
#include "services/dax/operations.h"

namespace millrace::dax_control {

Result<void> UpdateCluster::check(const Input& input) {
    MR_CHECK_OK(check_cluster_name(input.cluster_name));
    if (!input.description && !input.preferred_maintenance_window &&
        !input.notification_topic_arn && !input.notification_topic_status &&
        !input.parameter_group_name && !input.security_group_ids) {
        return errors::invalid_combination("No modifications were requested.");
    }
    MR_CHECK_OK(check_description(input.description));
    if (input.notification_topic_arn && !input.notification_topic_arn->empty())
        return errors::unsupported("NotificationTopicArn");
    // No topic is what holds anyway.
    const std::string topic = input.notification_topic_status.value_or("inactive");
    if (topic == "active") {
        return errors::invalid_combination(
            "NotificationTopicStatus cannot be active without a NotificationTopicArn.");
    }
    if (topic != "inactive") {
        return errors::invalid_value(
            fmt::format("Invalid NotificationTopicStatus: {}. It is active or inactive.", topic));
    }
    if (input.preferred_maintenance_window) {
        MR_TRY(const std::string window, window_of(*input.preferred_maintenance_window));
    }
    return {};
}

MR_DAX_ON_CLUSTER(UpdateCluster)

contracts::Outcome<UpdateCluster::Output> UpdateCluster::run(DaxControlService& service,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(Cluster cluster, need_available(context, input.cluster_name));
    cluster.description = input.description.value_or(cluster.description);
    cluster.maintenance_window =
        lower(input.preferred_maintenance_window.value_or(cluster.maintenance_window));
    if (input.parameter_group_name && *input.parameter_group_name != cluster.parameter_group) {
        MR_CHECK_OK(check_parameter_group(context, *input.parameter_group_name));
        cluster.parameter_group = *input.parameter_group_name;
        cluster.applying_parameters = true;
    }
    if (input.security_group_ids) {
        MR_TRY(const SubnetGroup group, need_subnet_group(service, context, cluster.subnet_group));
        MR_TRY(auto groups, security_groups_of(service, context, group, input.security_group_ids));
        cluster.applying_security_groups = groups != cluster.security_groups;
        cluster.security_groups = std::move(groups);
    }
    if (cluster.applying_parameters || cluster.applying_security_groups)
        cluster.status = ClusterStatus::kModifying;
    change_cluster(context, cluster);
    Output output;
    output.cluster = show_cluster(cluster);
    return output;
}

}  // namespace millrace::dax_control
