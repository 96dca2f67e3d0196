#include "dax/cluster/host.h"

#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

constexpr std::string_view kReplicationKey = "dax:replication";

class Supervisor final : public contracts::Worker {
public:
    explicit Supervisor(Host& host) : host_(host) {}
    std::string name() const override { return "dax/supervisor"; }
    TimePoint step(TimePoint now) override {
        host_.check();
        return now + Host::kCheckEvery;
    }

private:
    Host& host_;
};

class Replicator final : public contracts::Worker {
public:
    explicit Replicator(Host& host) : host_(host) {}
    std::string name() const override { return "dax/replication"; }
    std::string wake_key() const override { return std::string(kReplicationKey); }
    TimePoint step(TimePoint now) override {
        return host_.replicate() ? now : now + std::chrono::hours(1);
    }

private:
    Host& host_;
};

Error no_cluster() { return errors::make("ClusterNotFoundFault", "Cluster not found."); }

}  // namespace

Host::Host(HostParts parts, HostOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), ports_(options_.ports) {}

std::vector<std::unique_ptr<contracts::Worker>> Host::make_workers() {
    std::vector<std::unique_ptr<contracts::Worker>> workers;
    workers.push_back(std::make_unique<Supervisor>(*this));
    workers.push_back(std::make_unique<Replicator>(*this));
    return workers;
}

Host::ClusterRef Host::find(const Key& key) {
    const MutexLock lock(mutex_);
    const auto found = clusters_.find(key);
    return found == clusters_.end() ? nullptr : found->second;
}

Host::ClusterRef Host::find_or_make(const Key& key, const contracts::DaxClusterSpec& spec,
                                    std::optional<net::TlsFiles> tls, bool& made) {
    const MutexLock lock(mutex_);
    if (stopped_) return nullptr;
    ClusterRef& cluster = clusters_[key];
    made = cluster == nullptr;
    if (made) {
        const NodeParts node{parts_.upstream, parts_.credentials, parts_.authorizer,
                             parts_.lists,    parts_.clock,       parts_.rng,
                             parts_.pool(),   &parts_.roles,      nullptr};
        cluster = std::make_shared<Cluster>(
            ClusterParts{
                node, ports_, parts_.network, [this] { parts_.hub.signal(kReplicationKey); },
                tls ? options_.tls_listen : options_.listen, tls, options_.node_memory_bytes_max},
            spec);
    }
    return cluster;
}

std::vector<Host::ClusterRef> Host::all() {
    const MutexLock lock(mutex_);
    std::vector<ClusterRef> clusters;
    for (const auto& [key, cluster] : clusters_) clusters.push_back(cluster);
    return clusters;
}

Result<void> Host::apply(const contracts::DaxClusterSpec& spec) {
    std::optional<net::TlsFiles> tls;
    if (spec.encrypted_in_transit) {
        MR_TRY(tls, options_.tls_files());
    }
    bool made = false;
    const ClusterRef cluster =
        find_or_make({spec.account, spec.region, spec.name}, spec, std::move(tls), made);
    if (cluster == nullptr)
        return errors::make("ServiceUnavailable", "the server is stopping", 503);
    Result<void> applied = cluster->apply(spec);
    // Nothing of it runs: what has ports of its own is tried again, what had to find some is not.
    if (!applied && made && spec.discovery_port == 0) remove(spec.account, spec.region, spec.name);
    return applied;
}

void Host::remove(std::string_view account, std::string_view region, std::string_view name) {
    ClusterRef cluster;
    {
        const MutexLock lock(mutex_);
        const auto found =
            clusters_.find({std::string(account), std::string(region), std::string(name)});
        if (found == clusters_.end()) return;
        cluster = found->second;
        clusters_.erase(found);
        removed_.push_back(cluster);
    }
    cluster->stop();
}

Result<void> Host::reboot(std::string_view account, std::string_view region, std::string_view name,
                          std::string_view node_id) {
    const ClusterRef cluster = find({std::string(account), std::string(region), std::string(name)});
    if (cluster == nullptr) return no_cluster();
    return cluster->reboot(node_id);
}

std::optional<contracts::DaxClusterState> Host::state(std::string_view account,
                                                      std::string_view region,
                                                      std::string_view name) {
    const ClusterRef cluster = find({std::string(account), std::string(region), std::string(name)});
    if (cluster == nullptr) return std::nullopt;
    return cluster->state();
}

void Host::check() {
    for (const ClusterRef& cluster : all()) cluster->check();
    std::vector<ClusterRef> removed;
    {
        const MutexLock lock(mutex_);
        removed.swap(removed_);
    }
    // Outside the mutex: what is over takes its threads along.
    std::erase_if(removed, [](const ClusterRef& cluster) { return cluster->over(); });
    const MutexLock lock(mutex_);
    removed_.insert(removed_.end(), removed.begin(), removed.end());
}

bool Host::replicate() {
    bool more = false;
    for (const ClusterRef& cluster : all()) more = cluster->replicate() || more;
    return more;
}

void Host::reload_certificates() {
    for (const ClusterRef& cluster : all()) cluster->reload_certificates();
}

void Host::append_figures(std::vector<NodeFigures>& figures) {
    for (const ClusterRef& cluster : all()) cluster->append_figures(figures);
}

void Host::stop() {
    {
        const MutexLock lock(mutex_);
        stopped_ = true;
    }
    for (const ClusterRef& cluster : all()) cluster->stop();
}

}  // namespace millrace::dax
