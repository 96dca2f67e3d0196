#include "dax/cluster/cluster.h"

#include <algorithm>
#include <map>

#include "codec/digest.h"
#include "core/log.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

using contracts::DaxNodeStatus;

// What is under way when a node is stopped may end within.
constexpr std::chrono::milliseconds kGrace{1000};
constexpr std::chrono::milliseconds kPulsePatience{1000};
// Of requests being received by a node: memory.
constexpr uint64_t kNodeBodyBytesMax = uint64_t{256} << 20;
// A node is one io thread; that many shards keep its and the pool's threads apart.
constexpr size_t kCacheShards = 16;
// As the rules of security groups name it, whatever the real one is.
constexpr uint16_t kPublicPort = 8111;
constexpr uint16_t kPublicEncryptedPort = 9111;
// JavaScript knows integers of 53 bits.
constexpr int kNumberShift = 12;

int64_t number_of(const std::string& cluster_arn, const std::string& node_id) {
    uint64_t number = 0;
    for (const char c : codec::sha256(cluster_arn + "/" + node_id).substr(0, sizeof number))
        number = number << 8 | static_cast<uint8_t>(c);
    return static_cast<int64_t>(number >> kNumberShift);
}

}  // namespace

Cluster::Cluster(ClusterParts parts, const contracts::DaxClusterSpec& spec)
    : parts_(std::move(parts)),
      account_(spec.account),
      region_(spec.region),
      replication_(ReplicationOptions{}, parts_.wake_replication),
      discovery_protocol_(*this),
      spec_(spec) {
    parts_.node.cluster = this;
}

// ---- What sessions and the control plane look at ----

Cluster::PictureRef Cluster::picture() const {
    const MutexLock lock(mutex_);
    return picture_;
}

void Cluster::publish() {
    auto picture = std::make_shared<Picture>();
    for (const auto& member : members_) {
        Seat seat;
        seat.state.node_id = member->spec.node_id;
        seat.state.status = member->status;
        seat.state.address = reachable_address(parts_.listen);
        seat.state.port = member->listener.port;
        seat.state.leader = member->node != nullptr && member->node == leader_;
        if (member->status == DaxNodeStatus::kFailed) seat.state.failure = member->listener.failure;
        seat.number = member->number;
        seat.availability_zone = member->spec.availability_zone;
        seat.node = member->node;
        picture->seats.push_back(std::move(seat));
    }
    picture->leader_session = leader_session_;
    picture->discovery_port = discovery_.port;
    picture->security_group_ids = spec_.security_group_ids;
    const MutexLock lock(mutex_);
    picture_ = std::move(picture);
}

contracts::DaxClusterState Cluster::state() const {
    const PictureRef now = picture();
    contracts::DaxClusterState state;
    state.discovery_address = reachable_address(parts_.listen);
    state.discovery_port = now->discovery_port;
    for (const Seat& seat : now->seats) state.nodes.push_back(seat.state);
    return state;
}

void Cluster::append_figures(std::vector<NodeFigures>& figures) const {
    const PictureRef now = picture();
    for (const Seat& seat : now->seats) {
        if (seat.node != nullptr) figures.push_back(seat.node->figures());
    }
}

std::vector<Endpoint> Cluster::endpoints(const std::string& address) const {
    const PictureRef now = picture();
    std::vector<Endpoint> all;
    for (const Seat& seat : now->seats) {
        if (!seat.healthy()) continue;
        Endpoint& endpoint = all.emplace_back();
        endpoint.node_id = seat.number;
        endpoint.host = seat.state.node_id;
        endpoint.address = address;
        endpoint.port = seat.state.port;
        endpoint.leader = seat.state.leader;
        endpoint.availability_zone = seat.availability_zone;
        endpoint.leader_session = now->leader_session;
    }
    return all;
}

bool Cluster::admits(std::string_view source, uint16_t port) const {
    const PictureRef now = picture();
    if (parts_.network == nullptr || now->security_group_ids.empty()) return true;
    constexpr std::string_view kMapped = "::ffff:";
    if (source.starts_with(kMapped)) source.remove_prefix(kMapped.size());
    const auto allowed = [&](uint16_t wanted) {
        return parts_.network->allows_ingress(account_, region_, now->security_group_ids, source,
                                              wanted);
    };
    return allowed(parts_.tls ? kPublicEncryptedPort : kPublicPort) || allowed(port);
}

std::shared_ptr<Node> Cluster::next_healthy() {
    const PictureRef now = picture();
    const uint64_t first = turn_.fetch_add(1, std::memory_order_relaxed);
    for (size_t i = 0; i < now->seats.size(); ++i) {
        const Seat& seat = now->seats[(first + i) % now->seats.size()];
        if (seat.healthy()) return seat.node;
    }
    return nullptr;
}

net::Task<void> Cluster::Discovery::serve(net::IoThread* thread, net::Socket socket) {
    // Held until the session is over, whatever becomes of the node.
    const std::shared_ptr<Node> node = cluster.next_healthy();
    if (node == nullptr) {
        thread->shared().connections.give_back(1);
        co_return;
    }
    co_await node->serve(thread, std::move(socket));
}

// ---- Listeners ----

Result<void> Cluster::listen(Listener& listener, net::Protocol& protocol) {
    net::ServerOptions options = server_options(parts_.listen, listener.port);
    options.threads = 1;
    options.tls = parts_.tls;
    options.body_bytes_max = kNodeBodyBytesMax;
    auto server = parts_.ports.listen(std::move(options), protocol, parts_.node.pool);
    if (!server) {
        if (listener.failure != server.error().message) {
            listener.failure = server.error().message;
            log::warn("dax cluster {}: {}", spec_.name, listener.failure);
        }
        listener.backoff = std::clamp<Duration>(listener.backoff * 2, kBackoffMin, kBackoffMax);
        listener.retry_at = parts_.node.clock.now() + listener.backoff;
        return server.error();
    }
    listener.server = std::move(*server);
    listener.port = listener.server->port();
    listener.incarnation = ++incarnations_;
    listener.failure.clear();
    listener.backoff = {};
    return {};
}

void Cluster::end(Listener& listener, std::vector<std::shared_ptr<Node>> nodes) {
    if (listener.server == nullptr) return;
    listener.server->stop(kGrace);
    retired_.push_back({std::move(nodes), std::move(listener.server)});
    sweep();
}

void Cluster::sweep() {
    std::erase_if(retired_, [](const Retired& retired) {
        return std::ranges::all_of(retired.nodes,
                                   [](const auto& node) { return node->calls() == 0; });
    });
}

std::vector<std::shared_ptr<Node>> Cluster::nodes() const {
    std::vector<std::shared_ptr<Node>> all;
    for (const auto& member : members_) {
        if (member->node != nullptr) all.push_back(member->node);
    }
    for (const Retired& retired : retired_)
        all.insert(all.end(), retired.nodes.begin(), retired.nodes.end());
    return all;
}

void Cluster::start_discovery() {
    (void)listen(discovery_, discovery_protocol_);  // it is tried again
}

// ---- Nodes ----

void Cluster::start(Member& member) {
    NodeOptions options;
    options.cluster = spec_.name;
    options.account = spec_.account;
    options.region = spec_.region;
    options.role_arn = spec_.role_arn;
    options.node_id = member.number;
    options.node_name = member.spec.node_id;
    options.availability_zone = member.spec.availability_zone;
    uint64_t memory = parts_.node_memory_bytes_max;
    if (spec_.memory_bytes_per_node != 0) memory = std::min(memory, spec_.memory_bytes_per_node);
    options.item_cache_bytes_max = options.query_cache_bytes_max = memory / 2;
    options.record_ttl = spec_.record_ttl;
    options.query_ttl = spec_.query_ttl;
    options.cache_shards = kCacheShards;
    auto node = std::make_shared<Node>(parts_.node, std::move(options));
    // Before anybody can make it read, so that no write between its reads and now is missed.
    replication_.join(node->items());
    if (!listen(member.listener, *node)) {
        replication_.leave(node->items());
        member.status = DaxNodeStatus::kFailed;
        return;
    }
    member.node = std::move(node);
    member.status = DaxNodeStatus::kAvailable;
    member.silences = 0;
    ensure_leader();
}

void Cluster::take_out(Member& member, DaxNodeStatus status) {
    member.status = status;
    ensure_leader();
    publish();
    if (member.node == nullptr) return;
    member.node->retire();
    end(member.listener, {member.node});
    replication_.leave(member.node->items());
    member.node = nullptr;
}

void Cluster::lead(const Member& member) {
    const std::shared_ptr<Node> before = leader_;
    Cache* const follower = before == nullptr || before->retired() ? nullptr : &before->items();
    // The first write at the new leader comes after everybody is told of it.
    leadership_.hand_over(member.node, [&]() MR_REQUIRES(admin_) {
        replication_.hand_over(follower, member.node->items());
        leader_ = member.node;
        leader_session_ = static_cast<int64_t>(parts_.node.rng.next_u64() >> kNumberShift);
        publish();
    });
}

void Cluster::ensure_leader() {
    const Member* first = nullptr;
    for (const auto& member : members_) {
        if (member->status != DaxNodeStatus::kAvailable) continue;
        if (member->node == leader_) return;
        if (first == nullptr) first = member.get();
    }
    if (first != nullptr) lead(*first);
}

// ---- The control plane ----

void Cluster::adjust(Member& member) {
    if (member.spec.port != 0 && member.spec.port != member.listener.port) {
        take_out(member, DaxNodeStatus::kStarting);
        parts_.ports.release(member.listener.port);
        member.listener.port = member.spec.port;
    }
    if (member.listener.server == nullptr) return start(member);
    member.node->set_role(spec_.role_arn);
    member.node->items().set_ttl(spec_.record_ttl);
    member.node->queries().set_ttl(spec_.query_ttl);
}

Result<void> Cluster::apply(const contracts::DaxClusterSpec& spec) {
    const MutexLock lock(admin_);
    if (stopped_) return errors::make("InvalidClusterStateFault", "The cluster is being deleted");
    spec_ = spec;
    std::vector<std::unique_ptr<Member>> before = std::move(members_);
    members_.clear();
    for (const contracts::DaxNodeSpec& wanted : spec.nodes) {
        const auto known = std::ranges::find_if(before, [&](const auto& member) {
            return member != nullptr && member->spec.node_id == wanted.node_id;
        });
        auto member = known == before.end() ? std::make_unique<Member>() : std::move(*known);
        member->spec = wanted;
        member->number = number_of(spec.arn, wanted.node_id);
        members_.push_back(std::move(member));
    }
    for (const auto& member : members_) adjust(*member);
    for (const auto& gone : before) {
        if (gone == nullptr) continue;
        take_out(*gone, DaxNodeStatus::kStarting);
        parts_.ports.release(gone->listener.port);
    }
    if (spec.discovery_port != 0 && spec.discovery_port != discovery_.port) {
        end(discovery_, nodes());
        parts_.ports.release(discovery_.port);
        discovery_.port = spec.discovery_port;
    }
    if (discovery_.server == nullptr) start_discovery();
    publish();
    for (const auto& member : members_) {
        if (member->status == DaxNodeStatus::kAvailable) return {};
    }
    return errors::make(
        "InsufficientClusterCapacityFault",
        members_.empty() ? "a cluster has at least one node" : members_.front()->listener.failure);
}

Result<void> Cluster::reboot(std::string_view node_id) {
    const MutexLock lock(admin_);
    const auto found = std::ranges::find_if(
        members_, [&](const auto& member) { return member->spec.node_id == node_id; });
    if (stopped_ || found == members_.end())
        return errors::make("NodeNotFoundFault", "The cluster has no such node");
    take_out(**found, DaxNodeStatus::kStarting);
    start(**found);
    publish();
    return {};
}

void Cluster::reload_certificates() {
    if (!parts_.tls) return;
    const MutexLock lock(admin_);
    const auto reload = [](const Listener& listener) {
        if (listener.server == nullptr) return;
        const Result<void> loaded = listener.server->reload_certificate();
        if (!loaded) log::error("the certificate stays as it was: {}", loaded.error().message);
    };
    for (const auto& member : members_) reload(member->listener);
    reload(discovery_);
}

void Cluster::stop() {
    const MutexLock lock(admin_);
    if (stopped_) return;
    stopped_ = true;
    // At once, so that none begins to lead because another is taken out.
    for (const auto& member : members_) member->status = DaxNodeStatus::kStarting;
    end(discovery_, nodes());
    parts_.ports.release(discovery_.port);
    for (const auto& member : members_) {
        take_out(*member, DaxNodeStatus::kStarting);
        parts_.ports.release(member->listener.port);
    }
    members_.clear();
    publish();
}

bool Cluster::over() {
    const MutexLock lock(admin_);
    sweep();
    return stopped_ && retired_.empty();
}

// ---- Supervision ----

void Cluster::judge(Member& member, Pulse pulse) {
    switch (pulse) {
        case Pulse::kAlive:
            member.silences = 0;
            member.status = DaxNodeStatus::kAvailable;
            return;
        case Pulse::kSilent:
            if (++member.silences < kSilencesMax) return;
            // Its thread may only be busy: it comes back when it answers.
            member.listener.failure = "the node does not answer";
            member.status = DaxNodeStatus::kFailed;
            return;
        case Pulse::kDead:
            member.listener.failure = "nobody listens on the node's port";
            log::warn("dax node {}: its listener is gone", member.spec.node_id);
            take_out(member, DaxNodeStatus::kFailed);
            start(member);
            return;
    }
}

void Cluster::check() {
    std::vector<uint64_t> incarnations;
    std::vector<uint16_t> ports;
    const auto ask = [&](const Listener& listener) {
        if (listener.server == nullptr) return;
        incarnations.push_back(listener.incarnation);
        ports.push_back(listener.port);
    };
    {
        const MutexLock lock(admin_);
        for (const auto& member : members_) ask(member->listener);
        ask(discovery_);
    }
    const std::vector<Pulse> pulses = feel_pulses(parts_.listen, ports, kPulsePatience);
    std::map<uint64_t, Pulse> felt;
    for (size_t i = 0; i < pulses.size(); ++i) felt[incarnations[i]] = pulses[i];

    const MutexLock lock(admin_);
    if (stopped_) return;
    const TimePoint now = parts_.node.clock.now();
    for (const auto& member : members_) {
        if (member->listener.server == nullptr) {
            if (member->listener.retry_at <= now) start(*member);
            continue;
        }
        // What was started meanwhile was not asked.
        const auto pulse = felt.find(member->listener.incarnation);
        if (pulse != felt.end()) judge(*member, pulse->second);
    }
    const auto pulse = felt.find(discovery_.incarnation);
    if (discovery_.server == nullptr) {
        if (discovery_.retry_at <= now) start_discovery();
    } else if (pulse != felt.end() && pulse->second == Pulse::kDead) {
        end(discovery_, nodes());
        start_discovery();
    }
    ensure_leader();
    publish();
    sweep();
}

}  // namespace millrace::dax
