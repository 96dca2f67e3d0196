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
#include "dax/node/tables.h"
#include "dax/wire/responses.h"
#include "net/io_thread.h"

namespace millrace::dax {

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
    AttributeLists& lists() { return lists_; }
    Metrics& metrics() { return metrics_; }
    std::string metrics_text() const {
        return metrics_.text(options_, items_.counters(), queries_.counters());
    }

    // As whom the tables are used: the cluster's role.
    const std::shared_ptr<const contracts::Caller>& role() const { return role_; }
    Result<void> allow(const contracts::Caller& caller, std::string_view action,
                       const contracts::RequestFacts& facts) const;
    // As seen by a client that dialled this address and port.
    Endpoint endpoint(std::string address, uint16_t port) const;

private:
    NodeParts parts_;
    NodeOptions options_;
    std::shared_ptr<const contracts::Caller> role_;
    const int64_t leader_session_;
    Cache items_;
    Cache queries_;
    Tables tables_;
    AttributeLists lists_;
    Metrics metrics_;
};

}  // namespace millrace::dax
