// DescribeClusters. IAM: dax:DescribeClusters on each cluster that is named, or on all.
// Source: API Reference.
#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// Each is asked for.
constexpr size_t kNamesMax = 100;

}  // namespace

Result<void> DescribeClusters::check(const Input& input) {
    if (input.cluster_names) {
        for (const std::string& name : *input.cluster_names) MR_CHECK_OK(check_cluster_name(name));
    }
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    return {};
}

Result<void> DescribeClusters::authorize(DaxControlService&, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    if (!input.cluster_names || input.cluster_names->empty()) {
        ask(context, "DescribeClusters", "*", requests);
        return {};
    }
    if (input.cluster_names->size() > kNamesMax)
        return errors::invalid_value(
            fmt::format("At most {} ClusterNames may be given.", kNamesMax));
    for (const std::string& name : *input.cluster_names)
        ask(context, "DescribeClusters", arn_of(context, name), requests);
    return {};
}

contracts::Outcome<DescribeClusters::Output> DescribeClusters::run(DaxControlService&,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    auto names = input.cluster_names;
    if (names) {
        for (std::string& name : *names) name = lower(name);
    }
    Output output;
    output.clusters.emplace();
    MR_CHECK_OK(describe(
        read_clusters(context.txn(), context.account(), context.region()), names, page,
        output.next_token,
        [&](const Cluster& cluster) { output.clusters->push_back(show_cluster(cluster)); },
        [](const std::string& name) { return errors::no_cluster(name); }));
    return output;
}

}  // namespace millrace::dax_control
