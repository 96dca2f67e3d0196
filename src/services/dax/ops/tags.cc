// TagResource, UntagResource, ListTags. IAM: the actions of these names on the cluster.
// Source: API Reference.
#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// The cluster of arn:aws:dax:<region>:<account>:cache/<name>. Errors: another form.
Result<std::string> name_of(const std::string& arn) {
    const size_t slash = arn.find(":cache/");
    constexpr std::string_view kPrefix = "arn:aws:dax:";
    constexpr std::string_view kCache = ":cache/";
    if (!arn.starts_with(kPrefix) || slash == std::string::npos) return errors::invalid_arn(arn);
    std::string name = arn.substr(slash + kCache.size());
    if (!check_cluster_name(name)) return errors::invalid_arn(arn);
    return name;
}

// Errors: not of the caller's account and region; being deleted.
Result<Cluster> tagged(contracts::OpContext& context, const std::string& arn) {
    MR_TRY(const std::string name, name_of(arn));
    MR_TRY(Cluster cluster, need_cluster(context, name));
    if (lower(arn) != lower(cluster.arn())) return errors::no_cluster();
    if (cluster.status == ClusterStatus::kDeleting)
        return errors::cluster_state(cluster.name, status_text(cluster.status));
    return cluster;
}

Result<void> check_arn(const std::optional<std::string>& arn) {
    const auto name = name_of(arn.value_or(""));
    return name ? Result<void>() : Result<void>(name.error());
}

}  // namespace

#define MR_DAX_ON_RESOURCE(Name)                                                           \
    Result<void> Name::authorize(DaxControlService&, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        ask(context, #Name, input.resource_name.value_or(""), requests);                   \
        return {};                                                                         \
    }

Result<void> TagResource::check(const Input& input) {
    MR_CHECK_OK(check_arn(input.resource_name));
    MR_TRY(const auto tags, tags_of(input.tags));
    return {};
}
MR_DAX_ON_RESOURCE(TagResource)
contracts::Outcome<TagResource::Output> TagResource::run(DaxControlService&,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(Cluster cluster, tagged(context, *input.resource_name));
    MR_TRY(auto tags, tags_of(input.tags));
    tags.merge(cluster.tags);
    MR_TRY(cluster.tags, tags_of(show_tags(tags)));
    put_cluster(context.txn(), cluster);
    Output output;
    output.tags = show_tags(cluster.tags);
    return output;
}

Result<void> UntagResource::check(const Input& input) { return check_arn(input.resource_name); }
MR_DAX_ON_RESOURCE(UntagResource)
contracts::Outcome<UntagResource::Output> UntagResource::run(DaxControlService&,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    MR_TRY(Cluster cluster, tagged(context, *input.resource_name));
    for (const std::string& key : *input.tag_keys) {
        if (cluster.tags.erase(key) == 0) return errors::no_tag(key);
    }
    put_cluster(context.txn(), cluster);
    Output output;
    output.tags = show_tags(cluster.tags);
    return output;
}

// All of them are in one answer, so no token is ever given.
Result<void> ListTags::check(const Input& input) {
    if (input.next_token) return errors::invalid_value("NextToken is not valid.");
    return check_arn(input.resource_name);
}
MR_DAX_ON_RESOURCE(ListTags)
contracts::Outcome<ListTags::Output> ListTags::run(DaxControlService&,
                                                   contracts::OpContext& context,
                                                   const Input& input) {
    MR_TRY(const Cluster cluster, tagged(context, *input.resource_name));
    Output output;
    output.tags = show_tags(cluster.tags);
    return output;
}

}  // namespace millrace::dax_control
