#include "dax/node/node.h"

#include <fmt/format.h>

#include "dax/node/session.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

// A node of a cluster without a role of its own uses the tables of the account as its root does.
std::shared_ptr<const contracts::Caller> root_of(const std::string& account) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kRoot;
    caller->account_id = account;
    caller->arn = "arn:aws:iam::" + account + ":root";
    caller->user_id = account;
    return caller;
}

CacheOptions cache_options(uint64_t bytes_max, Duration ttl) {
    CacheOptions options;
    options.bytes_max = bytes_max;
    options.ttl = ttl;
    return options;
}

}  // namespace

Node::Node(NodeParts parts, NodeOptions options)
    : parts_(parts),
      options_(std::move(options)),
      role_(root_of(options_.account)),
      leader_session_(static_cast<int64_t>(parts_.rng.next_u64() >> 12)),
      items_(cache_options(options_.item_cache_bytes_max, options_.record_ttl), parts_.clock),
      queries_(cache_options(options_.query_cache_bytes_max, options_.query_ttl), parts_.clock),
      tables_(parts_.upstream),
      lists_(parts_.store) {}

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

Endpoint Node::endpoint(std::string address, uint16_t port) const {
    Endpoint endpoint;
    endpoint.node_id = options_.node_id;
    endpoint.host = options_.node_name;
    endpoint.address = std::move(address);
    endpoint.port = port;
    endpoint.availability_zone = options_.availability_zone;
    endpoint.leader_session = leader_session_;
    return endpoint;
}

}  // namespace millrace::dax
