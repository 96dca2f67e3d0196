// DaxControlService: the control plane of DAX: what clusters there shall be. It says so to
// contracts::DaxClusters, whose nodes run. Thread-safety: safe from any thread. Ownership: the
// parts are the app's.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contracts/credentials.h"
#include "contracts/dax_clusters.h"
#include "contracts/network_users.h"
#include "contracts/operation.h"
#include "contracts/virtual_network.h"
#include "contracts/worker.h"
#include "services/dax/rows.h"

namespace millrace::dax_control {

struct DaxControlParts {
    store::Store& store;
    const Clock& clock;
    contracts::RoleAssumer& roles;
    contracts::VirtualNetwork& network;
    contracts::DaxClusters& clusters;
};

class DaxControlService final : public contracts::NetworkUsers {
public:
    explicit DaxControlService(DaxControlParts parts) : parts_(parts) {}
    contracts::ServiceEntry entry();
    // Makes what runs follow what is stored. Its first step starts the clusters that are there.
    std::unique_ptr<contracts::Worker> make_worker();
    // Before the clusters are stopped: from now on nothing that the worker sees of them counts.
    void stop() { stopping_ = true; }
    bool stopping() const { return stopping_; }

    // Subnet groups refer to subnets, nodes too, and clusters to security groups.
    bool uses(store::Txn& txn, std::string_view account, std::string_view region,
              std::string_view id) override;

    DaxControlParts& parts() { return parts_; }

private:
    DaxControlParts parts_;
    std::atomic<bool> stopping_{false};
};

// Signalled when a cluster was changed. Also for dax/node, when a node's state changes.
inline constexpr std::string_view kWakeKey = "dax/clusters";

inline constexpr std::string_view kServicePrincipal = "dax.amazonaws.com";
inline constexpr std::string_view kDefaultParameterGroup = "default.dax1.0";
inline constexpr std::string_view kDefaultSubnetGroup = "default";

// Rows of an account in a region, by name. O(rows), of which the quotas leave a few dozen.
std::map<std::string, Cluster> read_clusters(store::Txn& txn, std::string_view account,
                                             std::string_view region);
// Without the default group, unless it was changed.
std::map<std::string, SubnetGroup> read_stored_subnet_groups(store::Txn& txn,
                                                             std::string_view account,
                                                             std::string_view region);
// With the default group.
std::map<std::string, ParameterGroup> read_parameter_groups(store::Txn& txn,
                                                            std::string_view account,
                                                            std::string_view region);
std::optional<ParameterGroup> find_parameter_group(store::Txn& txn, std::string_view account,
                                                   std::string_view region, std::string_view name);
std::optional<Cluster> find_cluster(store::Txn& txn, std::string_view account,
                                    std::string_view region, std::string_view name);
void put_cluster(store::Txn& txn, const Cluster& cluster);
void erase_cluster(store::Txn& txn, const Cluster& cluster);
// Records what happened.
void note(store::Txn& txn, std::string_view account, std::string_view region, Event event,
          TimePoint now);
void note(store::Txn& txn, const Cluster& cluster, std::string message, TimePoint now);

}  // namespace millrace::dax_control
