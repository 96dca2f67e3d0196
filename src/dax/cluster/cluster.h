// Cluster: the nodes of one cluster in this process: each a listener with caches of its own, one of
// them leading, and a discovery listener whose connections any healthy node serves.
// Thread-safety: safe from any thread. What starts and stops nodes takes turns and may take as long
// as requests in flight do; what sessions ask is answered from an immutable picture.
// Ownership: the parts must outlive it. After stop() it may go once over() is true, or when the
// pool has stopped.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/dax_clusters.h"
#include "contracts/virtual_network.h"
#include "core/mutex.h"
#include "dax/cluster/leadership.h"
#include "dax/cluster/ports.h"
#include "dax/cluster/replication.h"
#include "dax/node/node.h"

namespace millrace::dax {

struct ClusterParts {
    NodeParts node;  // of every node; its `cluster` is set here
    Ports& ports;
    contracts::VirtualNetwork* network;      // null: whoever reaches a listener may connect
    std::function<void()> wake_replication;  // something waits for replicate()
    std::string listen;                      // address
    std::optional<net::TlsFiles> tls;        // of a cluster that encrypts
    uint64_t node_memory_bytes_max;          // of both caches of a node together
};

class Cluster final : public Membership {
public:
    // A node that does not start is tried again after the first, and then twice as long each time.
    static constexpr std::chrono::seconds kBackoffMin{1};
    static constexpr std::chrono::seconds kBackoffMax{60};
    // So often in a row a node may be silent before it is taken out.
    static constexpr int kSilencesMax = 3;

    Cluster(ClusterParts parts, const contracts::DaxClusterSpec& spec);

    // As contracts::DaxClusters says.
    Result<void> apply(const contracts::DaxClusterSpec& spec);
    Result<void> reboot(std::string_view node_id);
    contracts::DaxClusterState state() const;
    // Of the nodes that run.
    void append_figures(std::vector<NodeFigures>& figures) const;
    // Asks every listener for a sign of life, replaces those that are gone, tries failed ones
    // again.
    void check();
    // Carries a bounded piece of writes to the replicas. True: more is waiting.
    bool replicate() { return replication_.apply(); }
    // Reads the certificate again, if there is one, for new connections.
    void reload_certificates();
    void stop();
    bool over();

    std::vector<Endpoint> endpoints(const std::string& address) const override;
    bool admits(std::string_view source, uint16_t port) const override;
    std::shared_ptr<Node> begin_write() override { return leadership_.enter(); }
    void end_write() override { leadership_.leave(); }
    void written(std::string_view key, const CachedBytes& bytes) override {
        replication_.written(key, bytes);
    }

private:
    struct Discovery final : net::Protocol {
        explicit Discovery(Cluster& c) : cluster(c) {}
        net::Task<void> serve(net::IoThread* thread, net::Socket socket) override;
        std::string_view refusal() const override { return {}; }
        Cluster& cluster;
    };
    // A port with what serves it, or the reason why not.
    struct Listener {
        uint16_t port = 0;  // 0: none chosen yet
        std::unique_ptr<net::Server> server;
        uint64_t incarnation = 0;  // of the server
        std::string failure;
        Duration backoff{};
        TimePoint retry_at{};
    };
    struct Member {
        contracts::DaxNodeSpec spec;
        int64_t number = 0;  // of the node, as clients see it
        contracts::DaxNodeStatus status = contracts::DaxNodeStatus::kStarting;
        int silences = 0;
        std::shared_ptr<Node> node;
        Listener listener;
    };
    // Servers that were stopped, until nobody can wake what is left of their sessions.
    struct Retired {
        std::vector<std::shared_ptr<Node>> nodes;
        std::unique_ptr<net::Server> server;
    };
    struct Seat {
        contracts::DaxNodeState state;
        int64_t number = 0;
        std::string availability_zone;
        std::shared_ptr<Node> node;
        bool healthy() const { return state.status == contracts::DaxNodeStatus::kAvailable; }
    };
    // What everybody but start and stop looks at.
    struct Picture {
        std::vector<Seat> seats;
        int64_t leader_session = 0;
        uint16_t discovery_port = 0;
        std::vector<std::string> security_group_ids;
    };
    using PictureRef = std::shared_ptr<const Picture>;

    PictureRef picture() const;
    void publish() MR_REQUIRES(admin_);
    std::shared_ptr<Node> next_healthy();

    Result<void> listen(Listener& listener, net::Protocol& protocol) MR_REQUIRES(admin_);
    void end(Listener& listener, std::vector<std::shared_ptr<Node>> nodes) MR_REQUIRES(admin_);
    void start(Member& member) MR_REQUIRES(admin_);
    void take_out(Member& member, contracts::DaxNodeStatus status) MR_REQUIRES(admin_);
    void lead(const Member& member) MR_REQUIRES(admin_);
    // Lets a healthy node lead, if there is one and the leader is not.
    void ensure_leader() MR_REQUIRES(admin_);
    void adjust(Member& member) MR_REQUIRES(admin_);
    void judge(Member& member, Pulse pulse) MR_REQUIRES(admin_);
    void start_discovery() MR_REQUIRES(admin_);
    std::vector<std::shared_ptr<Node>> nodes() const MR_REQUIRES(admin_);
    void sweep() MR_REQUIRES(admin_);

    ClusterParts parts_;
    const std::string account_;
    const std::string region_;
    Leadership leadership_;
    Replication replication_;
    Discovery discovery_protocol_;
    std::atomic<uint64_t> turn_{0};  // of the discovery's round robin

    Mutex admin_;  // who starts and stops
    contracts::DaxClusterSpec spec_ MR_GUARDED_BY(admin_);
    bool stopped_ MR_GUARDED_BY(admin_) = false;
    std::shared_ptr<Node> leader_ MR_GUARDED_BY(admin_);
    int64_t leader_session_ MR_GUARDED_BY(admin_) = 0;
    uint64_t incarnations_ MR_GUARDED_BY(admin_) = 0;
    std::vector<std::unique_ptr<Member>> members_ MR_GUARDED_BY(admin_);
    Listener discovery_ MR_GUARDED_BY(admin_);
    std::vector<Retired> retired_ MR_GUARDED_BY(admin_);

    mutable Mutex mutex_;  // after admin_
    PictureRef picture_ MR_GUARDED_BY(mutex_) = std::make_shared<const Picture>();
};

}  // namespace millrace::dax
