#include "dax/node/node.h"

#include <fmt/format.h>

#include "dax/node/session.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

// Clients keep idle connections: one of them for as long as it lives.
constexpr std::chrono::minutes kIdleTimeout{15};
constexpr std::chrono::seconds kHandshakeTimeout{30};

CacheOptions cache_options(uint64_t bytes_max, Duration ttl, size_t shards,
                           WriteObserver written = {}) {
    CacheOptions options;
    options.bytes_max = bytes_max;
    options.ttl = ttl;
    options.shards = shards;
    options.written = std::move(written);
    return options;
}

WriteObserver observer(Membership* cluster) {
    if (cluster == nullptr) return {};
    return
        [cluster](std::string_view key, const CachedBytes& bytes) { cluster->written(key, bytes); };
}

}  // namespace

net::ServerOptions server_options(std::string address, uint16_t port) {
    net::ServerOptions options;
    options.address = std::move(address);
    options.port = port;
    options.head_timeout = kHandshakeTimeout;
    options.idle_timeout = kIdleTimeout;
    return options;
}

Node::Node(NodeParts parts, NodeOptions options)
    : parts_(parts),
      options_(std::move(options)),
      user_(parts_.roles, options_.account, options_.role_arn),
      leader_session_(static_cast<int64_t>(parts_.rng.next_u64() >> 12)),
      items_(cache_options(options_.item_cache_bytes_max, options_.record_ttl,
                           options_.cache_shards, observer(parts_.cluster)),
             parts_.clock),
      queries_(
          cache_options(options_.query_cache_bytes_max, options_.query_ttl, options_.cache_shards),
          parts_.clock),
      tables_(parts_.upstream) {}

net::Task<void> Node::serve(net::IoThread* thread, net::Socket socket) {
    Session session(*this, *thread, std::move(socket));
    co_await session.run();
}

Result<void> Node::allow(const contracts::Caller& caller, std::string_view action,
                         const contracts::RequestFacts& facts) const {
    contracts::AuthzRequest request;
    request.action = "dax:" + std::string(action);
    request.resource = options_.cluster_arn();
    request.resource_account = options_.account;
    if (parts_.authorizer.decide(caller, request, facts).allowed()) return {};
    return errors::access_denied(
        fmt::format("User: {} is not authorized to perform: {} on resource: {}", caller.arn,
                    request.action, request.resource));
}

std::vector<Endpoint> Node::endpoints(std::string address, uint16_t port) const {
    if (parts_.cluster != nullptr) return parts_.cluster->endpoints(address);
    Endpoint endpoint;
    endpoint.node_id = options_.node_id;
    endpoint.host = options_.node_name;
    endpoint.address = std::move(address);
    endpoint.port = port;
    endpoint.availability_zone = options_.availability_zone;
    endpoint.leader_session = leader_session_;
    return {std::move(endpoint)};
}

bool Node::admits(std::string_view source, uint16_t port) const {
    return parts_.cluster == nullptr || parts_.cluster->admits(source, port);
}

bool Node::submit(std::function<void()> job) {
    ++calls_;
    // After the count, so that whoever retires the node and then finds none will not find any.
    const bool taken = !retired_ && parts_.pool.submit([this, job = std::move(job)] {
        job();
        --calls_;
    });
    if (!taken) --calls_;
    return taken;
}

void Node::retire() {
    retired_ = true;
    items_.clear();
    queries_.clear();
}

}  // namespace millrace::dax
