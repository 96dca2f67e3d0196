// WriteTurn: one write, at the node that leads. Thread-safety: confined to the write's thread.
#pragma once

#include <memory>

#include "dax/node/node.h"

namespace millrace::dax {

class WriteTurn {
public:
    explicit WriteTurn(Node& asked) : cluster_(asked.parts().cluster) {
        if (cluster_ != nullptr) leader_ = cluster_->begin_write();
        node_ = leader_ != nullptr ? leader_.get() : &asked;
    }
    ~WriteTurn() {
        if (cluster_ != nullptr) cluster_->end_write();
    }
    WriteTurn(const WriteTurn&) = delete;
    WriteTurn& operator=(const WriteTurn&) = delete;
    Node& node() { return *node_; }

private:
    Membership* const cluster_;
    std::shared_ptr<Node> leader_;
    Node* node_;
};

}  // namespace millrace::dax
