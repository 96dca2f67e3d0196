// The operations of DAX's control plane; ops/ has their definitions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/operation.h"
#include "model/generated/dax.h"
#include "services/dax/errors.h"
#include "services/dax/service.h"

namespace millrace::dax_control {

// clang-format off
#define MR_DAX_OPERATION(Name, cost_, access_)                                                              \
    struct Name {                                                                                           \
        using Service = DaxControlService;                                                                  \
        using Input = model::dax::Name##Input;                                                              \
        using Output = model::dax::Name##Output;                                                            \
        static constexpr contracts::OpTraits kTraits{                                                       \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::access_};           \
        static Result<void> check(const Input& input);                                                      \
        static Result<void> authorize(DaxControlService& service, contracts::OpContext& context,            \
                                      const Input& input, contracts::AuthzRequests& requests);              \
        static contracts::Outcome<Output> run(DaxControlService& service, contracts::OpContext& context,    \
                                              const Input& input);                                          \
    };
#define MR_DAX_OPERATIONS(X)                       \
    X(CreateCluster, kRange, kWrite)               \
    X(CreateParameterGroup, kRange, kWrite)        \
    X(CreateSubnetGroup, kRange, kWrite)           \
    X(DecreaseReplicationFactor, kRange, kWrite)   \
    X(DeleteCluster, kRange, kWrite)               \
    X(DeleteParameterGroup, kRange, kWrite)        \
    X(DeleteSubnetGroup, kRange, kWrite)           \
    X(DescribeClusters, kRange, kRead)             \
    X(DescribeDefaultParameters, kPoint, kRead)    \
    X(DescribeEvents, kRange, kRead)               \
    X(DescribeParameterGroups, kRange, kRead)      \
    X(DescribeParameters, kPoint, kRead)           \
    X(DescribeSubnetGroups, kRange, kRead)         \
    X(IncreaseReplicationFactor, kRange, kWrite)   \
    X(ListTags, kPoint, kRead)                     \
    X(RebootNode, kPoint, kWrite)                  \
    X(TagResource, kPoint, kWrite)                 \
    X(UntagResource, kPoint, kWrite)               \
    X(UpdateCluster, kRange, kWrite)               \
    X(UpdateParameterGroup, kRange, kWrite)        \
    X(UpdateSubnetGroup, kRange, kWrite)
// clang-format on
MR_DAX_OPERATIONS(MR_DAX_OPERATION)

// authorize() of an operation on the cluster that it names: "dax:<Name>" on its ARN.
#define MR_DAX_ON_CLUSTER(Name)                                                            \
    Result<void> Name::authorize(DaxControlService&, contracts::OpContext& context,        \
                                 const Input& input, contracts::AuthzRequests& requests) { \
        ask(context, #Name, arn_of(context, input.cluster_name.value_or("")), requests);   \
        return {};                                                                         \
    }
// Of one that has no resource in IAM.
#define MR_DAX_ON_ACCOUNT(Name)                                                                   \
    Result<void> Name::authorize(DaxControlService&, contracts::OpContext& context, const Input&, \
                                 contracts::AuthzRequests& requests) {                            \
        ask(context, #Name, "*", requests);                                                       \
        return {};                                                                                \
    }

void ask(contracts::OpContext& context, std::string_view action, std::string resource,
         contracts::AuthzRequests& requests);
// Of a cluster of the caller's account and region.
std::string arn_of(const contracts::OpContext& context, std::string_view cluster_name);

// Names of clusters and subnet groups are stored so.
std::string lower(std::string_view name);
Result<void> check_cluster_name(const std::optional<std::string>& name);
// Of parameter and subnet groups.
Result<void> check_group_name(std::string_view what, const std::optional<std::string>& name);
Result<void> check_description(const std::optional<std::string>& description);

// At most so many results, behind the name in the token.
struct Page {
    size_t most = 100;
    std::string after;
};
Result<Page> page_of(const std::optional<int32_t>& max_results,
                     const std::optional<std::string>& next_token);
std::string token_of(std::string_view last);

Result<std::map<std::string, std::string>> tags_of(
    const std::optional<std::vector<model::dax::Tag>>& tags);
std::vector<model::dax::Tag> show_tags(const std::map<std::string, std::string>& tags);

std::string_view status_text(ClusterStatus status);
model::dax::Cluster show_cluster(const Cluster& cluster);

// A cluster by its name as the request has it. Errors: there is none.
Result<Cluster> need_cluster(contracts::OpContext& context, const std::optional<std::string>& name);
// Also an error unless its status is available.
Result<Cluster> need_available(contracts::OpContext& context,
                               const std::optional<std::string>& name);
// Stores a change that the nodes must follow.
void change_cluster(contracts::OpContext& context, Cluster& cluster);

// Subnet groups by name, with the default one unless the account has no default subnets.
Result<std::map<std::string, SubnetGroup>> read_subnet_groups(DaxControlService& service,
                                                              contracts::OpContext& context);
Result<SubnetGroup> need_subnet_group(DaxControlService& service, contracts::OpContext& context,
                                      const std::string& name);
// Those that the request names, or the default one. Errors: unknown, of another VPC, too many.
Result<std::vector<std::string>> security_groups_of(
    DaxControlService& service, contracts::OpContext& context, const SubnetGroup& subnet_group,
    const std::optional<std::vector<std::string>>& ids);
Result<void> check_parameter_group(contracts::OpContext& context, const std::string& name);
// The window in lower case. Errors: another form than ddd:hh24:mi-ddd:hh24:mi, under 60 minutes.
Result<std::string> window_of(std::string_view text);
// An hour of the week.
std::string random_window(Rng& rng);

constexpr int kNodesOfClusterMax = 10;
// Adds nodes in the zones that the request names, one each, or else where there are fewest.
// Errors: quotas; zones that the subnet group does not reach, or not as many as nodes.
Result<void> add_nodes(contracts::OpContext& context, Cluster& cluster, const SubnetGroup& group,
                       size_t count, const std::optional<std::vector<std::string>>& zones);

// The rows that the request names, in its order, or a page of them all.
// `show` adds one to the answer, `missing` makes the error for a name that there is not.
template <class Row, class Show, class Missing>
Result<void> describe(const std::map<std::string, Row>& rows,
                      const std::optional<std::vector<std::string>>& names, const Page& page,
                      std::optional<std::string>& next_token, const Show& show,
                      const Missing& missing) {
    if (names && !names->empty()) {
        for (const std::string& name : *names) {
            const auto found = rows.find(name);
            if (found == rows.end()) return missing(name);
            show(found->second);
        }
        return {};
    }
    size_t shown = 0;
    std::string last;
    for (auto row = rows.upper_bound(page.after); row != rows.end(); ++row) {
        if (++shown > page.most) {
            next_token = token_of(last);
            return {};
        }
        show(row->second);
        last = row->first;
    }
    return {};
}

}  // namespace millrace::dax_control
