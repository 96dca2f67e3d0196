// DaxClusters: the running nodes behind the control plane of DAX. services/dax says what should
// run; dax/node starts, stops, watches and replaces.
// Thread-safety: safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millrace::contracts {

struct DaxNodeSpec {
    std::string node_id;  // "orders-a": the cluster's name and a letter
    std::string availability_zone;
    uint16_t port = 0;  // 0: the host chooses one and tells it in DaxNodeState
};

struct DaxClusterSpec {
    std::string account;
    std::string region;
    std::string name;
    std::string arn;       // arn:aws:dax:<region>:<account>:cache/<name>
    std::string role_arn;  // as whom the tables are used
    bool encrypted_in_transit = false;
    // Of the cluster's discovery endpoint, which any healthy node answers. 0: the host chooses.
    uint16_t discovery_port = 0;
    std::vector<std::string> security_group_ids;
    uint64_t memory_bytes_per_node = 0;  // of the node type
    Duration record_ttl = std::chrono::minutes(5);
    Duration query_ttl = std::chrono::minutes(5);
    std::vector<DaxNodeSpec> nodes;
};

enum class DaxNodeStatus : uint8_t { kStarting, kAvailable, kFailed };

struct DaxNodeState {
    std::string node_id;
    DaxNodeStatus status = DaxNodeStatus::kStarting;
    std::string address;
    uint16_t port = 0;
    bool leader = false;
    std::string failure;  // of kFailed
};

struct DaxClusterState {
    std::string discovery_address;
    uint16_t discovery_port = 0;
    std::vector<DaxNodeState> nodes;
};

class DaxClusters {
public:
    virtual ~DaxClusters() = default;
    // Makes what runs equal to the specification: starts nodes that are missing, stops those it no
    // longer names, and lets TTLs, groups and the role take effect on running nodes. Applying the
    // same again changes nothing but tries failed nodes anew. An error says why nothing could be
    // started (no free port, no certificate).
    virtual Result<void> apply(const DaxClusterSpec& spec) = 0;
    virtual void remove(std::string_view account, std::string_view region,
                        std::string_view name) = 0;
    // Ends the node's connections, empties its caches and starts it again on the same port. If it
    // led, another node leads from then on.
    virtual Result<void> reboot(std::string_view account, std::string_view region,
                                std::string_view name, std::string_view node_id) = 0;
    // nullopt: no such cluster runs here.
    virtual std::optional<DaxClusterState> state(std::string_view account, std::string_view region,
                                                 std::string_view name) = 0;
};

}  // namespace millrace::contracts
