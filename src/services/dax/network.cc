// Subnets, security groups and where nodes go. Source: CreateCluster, CreateSubnetGroup and
// IncreaseReplicationFactor in the API Reference; quotas of DAX in the developer guide.
#include <algorithm>
#include <tuple>

#include "services/dax/operations.h"

namespace millrace::dax_control {
namespace {

// Per account and region.
constexpr size_t kNodesMax = 50;
// Of a network interface in a VPC.
constexpr size_t kSecurityGroupsMax = 5;

SubnetGroup default_group(const std::vector<contracts::SubnetFacts>& subnets) {
    SubnetGroup group;
    group.name = kDefaultSubnetGroup;
    group.description = "Default CacheSubnetGroup";
    group.vpc_id = subnets.front().vpc_id;
    for (const auto& subnet : subnets)
        group.subnets.push_back({subnet.id, subnet.availability_zone});
    return group;
}

// "a" to "z", the first that no node has.
std::string next_id(const Cluster& cluster) {
    for (char letter = 'a';; ++letter) {
        std::string id = cluster.name + "-" + letter;
        if (std::none_of(cluster.nodes.begin(), cluster.nodes.end(),
                         [&](const Node& node) { return node.id == id; })) {
            return id;
        }
    }
}

// Where the cluster has the fewest nodes: first by zone, then by subnet. `zone` empty: any.
const Subnet& place(const Cluster& cluster, const SubnetGroup& group, std::string_view zone) {
    const Subnet* best = nullptr;
    std::tuple<int64_t, int64_t> least;
    for (const Subnet& subnet : group.subnets) {
        if (!zone.empty() && subnet.availability_zone != zone) continue;
        const std::tuple<int64_t, int64_t> nodes{
            std::count_if(cluster.nodes.begin(), cluster.nodes.end(),
                          [&](const Node& node) {
                              return node.availability_zone == subnet.availability_zone;
                          }),
            std::count_if(cluster.nodes.begin(), cluster.nodes.end(),
                          [&](const Node& node) { return node.subnet_id == subnet.id; })};
        if (best == nullptr || nodes < least) {
            best = &subnet;
            least = nodes;
        }
    }
    MR_ASSERT(best != nullptr);
    return *best;
}

}  // namespace

Result<std::map<std::string, SubnetGroup>> read_subnet_groups(DaxControlService& service,
                                                              contracts::OpContext& context) {
    auto groups = read_stored_subnet_groups(context.txn(), context.account(), context.region());
    if (!groups.contains(std::string(kDefaultSubnetGroup))) {
        const auto subnets =
            service.parts().network.default_subnets(context.account(), context.region());
        if (subnets && !subnets->empty())
            groups.emplace(kDefaultSubnetGroup, default_group(*subnets));
    }
    return groups;
}

Result<SubnetGroup> need_subnet_group(DaxControlService& service, contracts::OpContext& context,
                                      const std::string& name) {
    MR_TRY(auto groups, read_subnet_groups(service, context));
    const auto found = groups.find(lower(name));
    if (found == groups.end()) return errors::no_subnet_group(name);
    return std::move(found->second);
}

Result<std::vector<std::string>> security_groups_of(
    DaxControlService& service, contracts::OpContext& context, const SubnetGroup& subnet_group,
    const std::optional<std::vector<std::string>>& ids) {
    contracts::VirtualNetwork& network = service.parts().network;
    if (!ids || ids->empty()) {
        const auto found = network.default_security_group(context.account(), context.region());
        if (!found || found->vpc_id != subnet_group.vpc_id) {
            return errors::invalid_value(fmt::format(
                "SecurityGroupIds must be specified: the VPC {} is not the default VPC.",
                subnet_group.vpc_id));
        }
        return std::vector<std::string>{found->id};
    }
    if (ids->size() > kSecurityGroupsMax) {
        return errors::invalid_value(
            fmt::format("At most {} security groups may be specified.", kSecurityGroupsMax));
    }
    std::vector<std::string> groups;
    for (const std::string& id : *ids) {
        if (std::find(groups.begin(), groups.end(), id) != groups.end()) continue;
        MR_TRY(const auto found, network.security_group(context.account(), context.region(), id));
        if (!found)
            return errors::invalid_value(fmt::format("Security group {} does not exist.", id));
        if (found->vpc_id != subnet_group.vpc_id) {
            return errors::invalid_value(
                fmt::format("Security group {} is not in the VPC {} of the subnet group {}.", id,
                            subnet_group.vpc_id, subnet_group.name));
        }
        groups.push_back(id);
    }
    return groups;
}

Result<void> add_nodes(contracts::OpContext& context, Cluster& cluster, const SubnetGroup& group,
                       size_t count, const std::optional<std::vector<std::string>>& zones) {
    size_t all = count;
    for (const auto& [name, other] :
         read_clusters(context.txn(), context.account(), context.region())) {
        all += other.nodes.size();
    }
    if (all > kNodesMax) return errors::too_many_nodes(static_cast<int>(kNodesMax));
    const bool chosen = zones && !zones->empty();
    if (chosen && zones->size() != count) {
        return errors::invalid_combination(fmt::format(
            "There must be as many AvailabilityZones as nodes are created: {}.", count));
    }
    for (size_t i = 0; i < count; ++i) {
        const std::string zone = chosen ? (*zones)[i] : std::string();
        const auto reaches = [&](const Subnet& subnet) { return subnet.availability_zone == zone; };
        if (chosen && std::none_of(group.subnets.begin(), group.subnets.end(), reaches)) {
            return errors::invalid_value(
                fmt::format("The subnet group {} has no subnet in the availability zone {}.",
                            group.name, zone));
        }
        const Subnet& subnet = place(cluster, group, zone);
        Node node;
        node.id = next_id(cluster);
        node.availability_zone = subnet.availability_zone;
        node.subnet_id = subnet.id;
        node.created_ms = epoch_ms(context.now());
        cluster.nodes.push_back(std::move(node));
    }
    return {};
}

}  // namespace millrace::dax_control
