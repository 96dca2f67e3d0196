// Clusters, parameter groups, subnet groups and events as stored. Layout: docs/formats/dax.md.
// Thread-safety: plain values, pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.h"

namespace millrace::dax_control {

// Numbers are on disk.
enum class NodeStatus : uint8_t {
    kCreating = 1,
    kAvailable = 2,
    kRebooting = 3,
    kFailed = 4,    // its replacement is being started
    kDeleting = 5,  // DecreaseReplicationFactor chose it
};

struct Node {
    std::string id;  // "orders-a"
    std::string availability_zone;
    std::string subnet_id;
    int64_t created_ms = 0;
    NodeStatus status = NodeStatus::kCreating;
    // Where it listens, for good: known once it has run. 0: not yet.
    std::string address;
    uint16_t port = 0;
};

// Numbers are on disk.
enum class ClusterStatus : uint8_t { kCreating = 1, kAvailable = 2, kModifying = 3, kDeleting = 4 };

struct Cluster {
    std::string account;
    std::string region;
    std::string name;
    std::string description;
    std::string node_type;
    std::string role_arn;
    std::string subnet_group;
    std::string parameter_group;
    std::string maintenance_window;
    std::string discovery_address;
    // Why the nodes are not as they should be; empty: nothing is known. Told once, as an event.
    std::string trouble;
    uint16_t discovery_port = 0;  // 0: not known yet
    ClusterStatus status = ClusterStatus::kCreating;
    bool encrypted_at_rest = false;
    bool encrypted_in_transit = false;
    // Changed, and not yet applied to the nodes.
    bool applying_parameters = false;
    bool applying_security_groups = false;
    // Grows with every request that changes the cluster, and begins with the microsecond of its
    // creation: what was done for an older state must not be taken for done.
    uint64_t generation = 0;
    std::vector<std::string> security_groups;
    std::map<std::string, std::string> tags;
    std::vector<Node> nodes;

    std::string arn() const { return "arn:aws:dax:" + region + ":" + account + ":cache/" + name; }
};

struct ParameterGroup {
    std::string name;
    std::string description;
    int64_t query_ttl_ms = 300'000;   // 0: results are not kept
    int64_t record_ttl_ms = 300'000;  // 0: items stay until they are evicted or written
};

struct Subnet {
    std::string id;
    std::string availability_zone;
};

struct SubnetGroup {
    std::string name;
    std::string description;
    std::string vpc_id;
    std::vector<Subnet> subnets;
};

// Numbers are on disk.
enum class SourceType : uint8_t { kCluster = 1, kParameterGroup = 2, kSubnetGroup = 3 };

struct Event {
    SourceType source_type = SourceType::kCluster;
    std::string source;
    std::string message;
};

std::string encode(const Cluster& cluster);
Cluster decode_cluster(std::string_view bytes);
std::string encode(const ParameterGroup& group);
ParameterGroup decode_parameter_group(std::string_view bytes);
std::string encode(const SubnetGroup& group);
SubnetGroup decode_subnet_group(std::string_view bytes);
std::string encode(const Event& event);
Event decode_event(std::string_view bytes);

// Partitions of Space::kDax. Sort: the name.
inline constexpr std::string_view kClusters = "clusters/";
inline constexpr std::string_view kParameterGroups = "parameter-groups/";
inline constexpr std::string_view kSubnetGroups = "subnet-groups/";
// Sort: event_sort().
inline constexpr std::string_view kEvents = "events/";
std::string partition_of(std::string_view kind, std::string_view account, std::string_view region);
store::Key row_key(std::string_view kind, std::string_view account, std::string_view region,
                   std::string_view name);
// Microseconds since the epoch, unique in the partition.
std::string event_sort(int64_t at_us);
int64_t event_time_us(std::string_view sort);

}  // namespace millrace::dax_control
