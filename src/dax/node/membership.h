// Membership: what a node asks of the cluster that it belongs to. Implemented by dax/cluster; a
// node without one is a cluster by itself.
// Thread-safety: safe from any thread. Ownership: the cluster's; outlives the node.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dax/cache/cache.h"
#include "dax/wire/responses.h"

namespace millrace::dax {

class Node;

class Membership {
public:
    virtual ~Membership() = default;
    // All healthy nodes, for a client that dialled this address (raw bytes). From memory.
    virtual std::vector<Endpoint> endpoints(const std::string& address) const = 0;
    // May this source (text of an address) use what it reached at this port? From memory.
    virtual bool admits(std::string_view source, uint16_t port) const = 0;
    // The node that leads. Until end_write nobody else begins to lead; while the leadership changes
    // hands it waits, for as long as writes take.
    virtual std::shared_ptr<Node> begin_write() = 0;
    virtual void end_write() = 0;
    // What a write left in a node's item cache, as a WriteObserver.
    virtual void written(std::string_view key, const CachedBytes& bytes) = 0;
};

}  // namespace millrace::dax
