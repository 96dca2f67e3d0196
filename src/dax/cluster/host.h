// Host: all clusters of this process, for the control plane.
// Thread-safety: safe from any thread. Ownership: the parts must outlive it. After stop() the pool
// must stop before it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "contracts/dax_clusters.h"
#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "core/mutex.h"
#include "dax/cluster/cluster.h"

namespace millrace::dax {

struct HostParts {
    contracts::DynamoDbCalls& upstream;
    contracts::CredentialSource& credentials;
    const contracts::Authorizer& authorizer;
    contracts::RoleAssumer& roles;
    contracts::VirtualNetwork* network;  // null: whoever reaches a listener may connect
    AttributeLists& lists;
    contracts::WakeHub& hub;
    const Clock& clock;
    Rng& rng;
    std::function<net::ThreadPool&()> pool;  // asked for when the first cluster starts
};

struct HostOptions {
    std::string listen = "127.0.0.1";
    // Of clusters that encrypt.
    std::string tls_listen = "127.0.0.1";
    std::function<Result<net::TlsFiles>()> tls_files;
    PortRange ports;
    uint64_t node_memory_bytes_max = uint64_t{512} << 20;  // of a node's items and queries together
};

class Host final : public contracts::DaxClusters {
public:
    // Between two looks at the nodes.
    static constexpr Duration kCheckEvery = std::chrono::seconds(2);

    Host(HostParts parts, HostOptions options);

    // One watches the nodes, one carries writes to replicas.
    std::vector<std::unique_ptr<contracts::Worker>> make_workers();
    void check();
    // True: more is waiting.
    bool replicate();
    // Reads certificates again that were changed on disk.
    void reload_certificates();
    void stop();
    // Of the nodes that run.
    void append_figures(std::vector<NodeFigures>& figures);

    Result<void> apply(const contracts::DaxClusterSpec& spec) override;
    void remove(std::string_view account, std::string_view region, std::string_view name) override;
    Result<void> reboot(std::string_view account, std::string_view region, std::string_view name,
                        std::string_view node_id) override;
    std::optional<contracts::DaxClusterState> state(std::string_view account,
                                                    std::string_view region,
                                                    std::string_view name) override;

private:
    using Key = std::tuple<std::string, std::string, std::string>;  // account, region, name
    using ClusterRef = std::shared_ptr<Cluster>;

    ClusterRef find(const Key& key);
    ClusterRef find_or_make(const Key& key, const contracts::DaxClusterSpec& spec,
                            std::optional<net::TlsFiles> tls, bool& made);
    std::vector<ClusterRef> all();

    HostParts parts_;
    const HostOptions options_;
    Ports ports_;
    Mutex mutex_;
    std::map<Key, ClusterRef> clusters_ MR_GUARDED_BY(mutex_);
    std::vector<ClusterRef> removed_ MR_GUARDED_BY(mutex_);  // until they are over
    bool stopped_ MR_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::dax
