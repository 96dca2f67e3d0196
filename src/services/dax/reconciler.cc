#include "services/dax/reconciler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/log.h"
#include "services/dax/node_types.h"

namespace millrace::dax_control {
namespace {

// Nodes are looked at so often while something is under way, while something does not succeed, and
// else: they may fail without anybody's telling.
constexpr auto kUnderWay = std::chrono::milliseconds(100);
constexpr auto kInTrouble = std::chrono::seconds(1);
constexpr auto kLookAtLeast = std::chrono::seconds(5);
constexpr auto kSweepPause = std::chrono::hours(1);
constexpr size_t kRowsPerSweep = 1000;
// The behind-all of partitions that begin with "clusters/" and "events/".
constexpr std::string_view kClustersEnd = "clusters0";
constexpr std::string_view kEventsEnd = "events0";
// What "infinite" means to a cache.
constexpr auto kForEver = std::chrono::hours(24 * 36'500);

contracts::DaxClusterSpec spec_of(const Cluster& cluster, const ParameterGroup& parameters) {
    contracts::DaxClusterSpec spec;
    spec.account = cluster.account;
    spec.region = cluster.region;
    spec.name = cluster.name;
    spec.arn = cluster.arn();
    spec.role_arn = cluster.role_arn;
    spec.encrypted_in_transit = cluster.encrypted_in_transit;
    spec.discovery_port = cluster.discovery_port;
    spec.security_group_ids = cluster.security_groups;
    const auto memory = memory_of_node_type(cluster.node_type);
    MR_ASSERT(memory);
    spec.memory_bytes_per_node = *memory;
    spec.record_ttl = parameters.record_ttl_ms == 0
                          ? Duration(kForEver)
                          : Duration(std::chrono::milliseconds(parameters.record_ttl_ms));
    spec.query_ttl = std::chrono::milliseconds(parameters.query_ttl_ms);
    for (const Node& node : cluster.nodes) {
        if (node.status == NodeStatus::kDeleting) continue;
        spec.nodes.push_back({node.id, node.availability_zone, node.port});
    }
    return spec;
}

// Takes over what is known of a node. Returns what happened, for the events.
std::vector<std::string> take_state(const contracts::DaxNodeState& live, bool new_cluster,
                                    Node& node) {
    std::vector<std::string> news;
    if (live.port != 0) {
        node.address = live.address;
        node.port = live.port;
    }
    if (live.status == contracts::DaxNodeStatus::kAvailable) {
        if (node.status == NodeStatus::kCreating && !new_cluster)
            news.push_back("Added node " + node.id + ".");
        if (node.status == NodeStatus::kRebooting) news.push_back("Rebooted node " + node.id + ".");
        if (node.status == NodeStatus::kFailed) news.push_back("Replaced node " + node.id + ".");
        node.status = NodeStatus::kAvailable;
    } else if (live.status == contracts::DaxNodeStatus::kFailed &&
               (node.status == NodeStatus::kAvailable || node.status == NodeStatus::kRebooting)) {
        news.push_back("Node " + node.id + " failed and is being replaced: " + live.failure);
        node.status = NodeStatus::kFailed;
    }
    return news;
}

bool any_node(const Cluster& cluster, NodeStatus status) {
    return std::any_of(cluster.nodes.begin(), cluster.nodes.end(),
                       [&](const Node& node) { return node.status == status; });
}

// Takes over what is known of the nodes. Returns what happened, for the events.
std::vector<std::string> take_states(const contracts::DaxClusterState& state, Cluster& cluster) {
    std::vector<std::string> news;
    cluster.discovery_address = state.discovery_address;
    cluster.discovery_port = state.discovery_port;
    std::string trouble;
    for (Node& node : cluster.nodes) {
        const auto live = std::find_if(
            state.nodes.begin(), state.nodes.end(),
            [&](const contracts::DaxNodeState& one) { return one.node_id == node.id; });
        if (live == state.nodes.end() || node.status == NodeStatus::kDeleting) continue;
        const bool new_cluster = cluster.status == ClusterStatus::kCreating;
        for (std::string& one : take_state(*live, new_cluster, node))
            news.push_back(std::move(one));
        if (live->status == contracts::DaxNodeStatus::kFailed &&
            node.status == NodeStatus::kCreating) {
            trouble = "Node " + node.id + " cannot be started: " + live->failure;
        }
    }
    if (!trouble.empty() && trouble != cluster.trouble) news.push_back(trouble);
    cluster.trouble = trouble;
    return news;
}

// What was asked for was done: removed nodes are gone, groups applied.
std::vector<std::string> finish(Cluster& cluster) {
    std::vector<std::string> news;
    cluster.applying_parameters = false;
    cluster.applying_security_groups = false;
    std::erase_if(cluster.nodes, [&](const Node& node) {
        if (node.status != NodeStatus::kDeleting) return false;
        news.push_back("Removed node " + node.id + ".");
        return true;
    });
    if (any_node(cluster, NodeStatus::kCreating) || any_node(cluster, NodeStatus::kRebooting))
        return news;
    if (cluster.status == ClusterStatus::kCreating) news.push_back("Cluster created.");
    cluster.status = ClusterStatus::kAvailable;
    return news;
}

Duration pause_of(const Cluster& cluster) {
    if (!cluster.trouble.empty() || any_node(cluster, NodeStatus::kFailed)) return kInTrouble;
    return cluster.status == ClusterStatus::kAvailable ? Duration(kLookAtLeast)
                                                       : Duration(kUnderWay);
}

}  // namespace

TimePoint Reconciler::step(TimePoint now) {
    if (service_.stopping()) return now + kLookAtLeast;
    std::vector<std::pair<Cluster, ParameterGroup>> clusters;
    store::Store& store = service_.parts().store;
    const auto read = store.run([&](store::Txn& txn) {
        clusters.clear();
        txn.scan_space(store::Space::kDax, kClusters, "", kClustersEnd,
                       [&](std::string_view, std::string_view, std::string_view row) {
                           clusters.emplace_back(decode_cluster(row), ParameterGroup());
                           return true;
                       });
        // A group that a cluster uses cannot be changed or deleted.
        for (auto& [cluster, parameters] : clusters) {
            const auto group =
                find_parameter_group(txn, cluster.account, cluster.region, cluster.parameter_group);
            if (group) parameters = *group;
        }
        return store::TxnDecision::kRollback;
    });
    // Nothing is started that a power cut would take back.
    if (read.status != store::CommitStatus::kOk || !store.wait_durable(read.ticket))
        return now + kInTrouble;
    Duration pause = kLookAtLeast;
    for (const auto& [cluster, parameters] : clusters) {
        pause = std::min(pause, cluster.status == ClusterStatus::kDeleting
                                    ? remove(cluster)
                                    : follow(cluster, parameters));
    }
    sweep_events(now);
    return now + pause;
}

Duration Reconciler::follow(const Cluster& cluster, const ParameterGroup& parameters) {
    return settle(cluster, act(cluster, parameters));
}

Result<void> Reconciler::act(const Cluster& cluster, const ParameterGroup& parameters) {
    contracts::DaxClusters& clusters = service_.parts().clusters;
    MR_CHECK_OK(clusters.apply(spec_of(cluster, parameters)));
    for (const Node& node : cluster.nodes) {
        if (node.status != NodeStatus::kRebooting) continue;
        uint64_t& rebooted = rebooted_[cluster.arn() + "/" + node.id];
        if (rebooted == cluster.generation) continue;
        MR_CHECK_OK(clusters.reboot(cluster.account, cluster.region, cluster.name, node.id));
        rebooted = cluster.generation;
    }
    return {};
}

Duration Reconciler::settle(const Cluster& seen, const Result<void>& acted) {
    DaxControlParts& parts = service_.parts();
    const auto state = parts.clusters.state(seen.account, seen.region, seen.name);
    // Asked behind the state, which may already be that of clusters that stop.
    if (service_.stopping()) return kLookAtLeast;
    Duration pause = Duration::zero();
    const auto run = parts.store.run([&](store::Txn& txn) {
        pause = Duration::zero();
        const auto found = find_cluster(txn, seen.account, seen.region, seen.name);
        if (!found || found->generation != seen.generation) return store::TxnDecision::kRollback;
        Cluster cluster = *found;
        std::vector<std::string> news;
        if (state) news = take_states(*state, cluster);
        if (acted && state) {
            for (std::string& one : finish(cluster)) news.push_back(std::move(one));
        } else if (!acted) {
            cluster.trouble = "The cluster cannot be started or changed: " + acted.error().message;
            if (cluster.trouble != found->trouble) news.push_back(cluster.trouble);
        }
        pause = pause_of(cluster);
        if (encode(cluster) == encode(*found)) return store::TxnDecision::kRollback;
        put_cluster(txn, cluster);
        for (std::string& one : news) note(txn, cluster, std::move(one), parts.clock.now());
        return store::TxnDecision::kCommit;
    });
    return run.status == store::CommitStatus::kOk ? pause : Duration(kInTrouble);
}

Duration Reconciler::remove(const Cluster& cluster) {
    DaxControlParts& parts = service_.parts();
    parts.clusters.remove(cluster.account, cluster.region, cluster.name);
    std::erase_if(rebooted_,
                  [&](const auto& entry) { return entry.first.starts_with(cluster.arn() + "/"); });
    const auto run = parts.store.run([&](store::Txn& txn) {
        const auto found = find_cluster(txn, cluster.account, cluster.region, cluster.name);
        if (!found || found->generation != cluster.generation) return store::TxnDecision::kRollback;
        for (const Node& node : cluster.nodes)
            note(txn, cluster, "Removed node " + node.id + ".", parts.clock.now());
        note(txn, cluster, "Cluster deleted.", parts.clock.now());
        erase_cluster(txn, cluster);
        return store::TxnDecision::kCommit;
    });
    return run.status == store::CommitStatus::kOk ? Duration(kLookAtLeast) : Duration(kInTrouble);
}

void Reconciler::sweep_events(TimePoint now) {
    if (now < sweep_due_) return;
    sweep_due_ = now + kSweepPause;
    const std::string keep = event_sort((now - kEventsKept).time_since_epoch().count());
    // Newest last in each partition: counted first, so that the oldest of too many can go.
    std::map<std::string, size_t> counts;
    std::vector<store::Key> old;
    service_.parts().store.run([&](store::Txn& txn) {
        counts.clear();
        old.clear();
        const auto visit = [&](const store::SpaceVisitor& visitor) {
            txn.scan_space(store::Space::kDax, kEvents, "", kEventsEnd, visitor);
        };
        visit([&](std::string_view partition, std::string_view, std::string_view) {
            counts[std::string(partition)] += 1;
            return true;
        });
        visit([&](std::string_view partition, std::string_view sort, std::string_view) {
            size_t& left = counts[std::string(partition)];
            if (sort < keep || left > kEventsMax) {
                old.push_back({store::Space::kDax, std::string(partition), std::string(sort)});
                left -= 1;
            }
            return old.size() < kRowsPerSweep;
        });
        for (const store::Key& key : old) txn.erase(key);
        return old.empty() ? store::TxnDecision::kRollback : store::TxnDecision::kCommit;
    });
    if (old.size() == kRowsPerSweep) sweep_due_ = now;
}

}  // namespace millrace::dax_control
