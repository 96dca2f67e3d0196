// Node: one node of a DAX cluster: its caches and what it speaks on its sockets.
// Thread-safety: safe from any thread. Ownership: the parts must outlive it, and it the server that
// serves it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "dax/cache/cache.h"
#include "dax/node/attribute_lists.h"
#include "dax/node/metrics.h"
#include "dax/node/parts.h"
#include "dax/node/table_user.h"
#include "dax/node/tables.h"
#include "dax/wire/responses.h"
#include "net/io_thread.h"
#include "net/server.h"

namespace millrace::dax {

// Of a server whose protocol is a node.
net::ServerOptions server_options(std::string address, uint16_t port);

class Node final : public net::Protocol {
public:
    Node(NodeParts parts, NodeOptions options);

    net::Task<void> serve(net::IoThread* thread, net::Socket socket) override;
    std::string_view refusal() const override { return {}; }

    const NodeParts& parts() const { return parts_; }
    const NodeOptions& options() const { return options_; }
    Cache& items() { return items_; }
    Cache& queries() { return queries_; }
    Tables& tables() { return tables_; }
    AttributeLists& lists() { return parts_.lists; }
    Metrics& metrics() { return metrics_; }
    NodeFigures figures() const {
        return metrics_.figures(options_, items_.counters(), queries_.counters());
    }

    // As whom the tables are used. AccessDeniedException. May block on the store.
    Result<std::shared_ptr<const contracts::Caller>> role() {
        return user_.get(parts_.clock.now());
    }
    void set_role(const std::string& arn) { user_.set_role(arn); }
    Result<void> allow(const contracts::Caller& caller, std::string_view action,
                       const contracts::RequestFacts& facts) const;
    // As seen by a client that dialled this address (raw bytes) and port.
    std::vector<Endpoint> endpoints(std::string address, uint16_t port) const;
    // May this source use what it reached at this port?
    bool admits(std::string_view source, uint16_t port) const;

    // Runs it on the pool. False: no room, or retired; it was not taken.
    [[nodiscard]] bool submit(std::function<void()> job);
    // For good: nothing is submitted any more, sessions end with their next request, the caches are
    // empty. Once calls() is 0 nobody sets an event of its sessions, and their server may go.
    void retire();
    bool retired() const { return retired_; }
    int64_t calls() const { return calls_; }

private:
    NodeParts parts_;
    NodeOptions options_;
    TableUser user_;
    const int64_t leader_session_;
    std::atomic<bool> retired_{false};
    std::atomic<int64_t> calls_{0};  // submitted and not over
    Cache items_;
    Cache queries_;
    Tables tables_;
    Metrics metrics_;
};

}  // namespace millrace::dax
