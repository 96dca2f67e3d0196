#include "services/dax/service.h"

#include <algorithm>

#include "services/dax/reconciler.h"

namespace millrace::dax_control {
namespace {

template <class Row>
std::map<std::string, Row> read_rows(store::Txn& txn, std::string_view kind,
                                     std::string_view account, std::string_view region,
                                     Row (*decode)(std::string_view)) {
    std::map<std::string, Row> rows;
    txn.scan({store::Space::kDax, partition_of(kind, account, region), "", ""},
             [&](std::string_view name, std::string_view row) {
                 rows.emplace(name, decode(row));
                 return true;
             });
    return rows;
}

ParameterGroup default_parameter_group() {
    ParameterGroup group;
    group.name = kDefaultParameterGroup;
    group.description = "Default parameter group for dax1.0";
    return group;
}

}  // namespace

std::unique_ptr<contracts::Worker> DaxControlService::make_worker() {
    return std::make_unique<Reconciler>(*this);
}

bool DaxControlService::uses(store::Txn& txn, std::string_view account, std::string_view region,
                             std::string_view id) {
    for (const auto& [name, group] : read_stored_subnet_groups(txn, account, region)) {
        for (const Subnet& subnet : group.subnets) {
            if (subnet.id == id) return true;
        }
    }
    for (const auto& [name, cluster] : read_clusters(txn, account, region)) {
        for (const std::string& group : cluster.security_groups) {
            if (group == id) return true;
        }
        for (const Node& node : cluster.nodes) {
            if (node.subnet_id == id) return true;
        }
    }
    return false;
}

std::map<std::string, SubnetGroup> read_stored_subnet_groups(store::Txn& txn,
                                                             std::string_view account,
                                                             std::string_view region) {
    return read_rows(txn, kSubnetGroups, account, region, decode_subnet_group);
}

std::map<std::string, Cluster> read_clusters(store::Txn& txn, std::string_view account,
                                             std::string_view region) {
    return read_rows(txn, kClusters, account, region, decode_cluster);
}

std::map<std::string, ParameterGroup> read_parameter_groups(store::Txn& txn,
                                                            std::string_view account,
                                                            std::string_view region) {
    auto groups = read_rows(txn, kParameterGroups, account, region, decode_parameter_group);
    groups.emplace(kDefaultParameterGroup, default_parameter_group());
    return groups;
}

std::optional<ParameterGroup> find_parameter_group(store::Txn& txn, std::string_view account,
                                                   std::string_view region, std::string_view name) {
    if (name == kDefaultParameterGroup) return default_parameter_group();
    const auto row = txn.get(row_key(kParameterGroups, account, region, name));
    if (!row) return std::nullopt;
    return decode_parameter_group(*row);
}

std::optional<Cluster> find_cluster(store::Txn& txn, std::string_view account,
                                    std::string_view region, std::string_view name) {
    const auto row = txn.get(row_key(kClusters, account, region, name));
    if (!row) return std::nullopt;
    return decode_cluster(*row);
}

void put_cluster(store::Txn& txn, const Cluster& cluster) {
    txn.put(row_key(kClusters, cluster.account, cluster.region, cluster.name), encode(cluster));
}

void erase_cluster(store::Txn& txn, const Cluster& cluster) {
    txn.erase(row_key(kClusters, cluster.account, cluster.region, cluster.name));
}

void note(store::Txn& txn, std::string_view account, std::string_view region, Event event,
          TimePoint now) {
    const std::string partition = partition_of(kEvents, account, region);
    int64_t at_us = now.time_since_epoch().count();
    // Behind all that are there: their order is that of what happened.
    txn.scan({store::Space::kDax, partition, "", "", true},
             [&](std::string_view sort, std::string_view) {
                 at_us = std::max(at_us, event_time_us(sort) + 1);
                 return false;
             });
    txn.put({store::Space::kDax, partition, event_sort(at_us)}, encode(event));
}

void note(store::Txn& txn, const Cluster& cluster, std::string message, TimePoint now) {
    note(txn, cluster.account, cluster.region,
         {SourceType::kCluster, cluster.name, std::move(message)}, now);
}

}  // namespace millrace::dax_control
