#include "net/timer_wheel.h"

#include <algorithm>

namespace millrace::net {

void TimerWheel::Node::unlink() {
    if (placed_tick_ == 0) return;
    if (previous_ != nullptr) previous_->next_ = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
    if (*slot_ == this) *slot_ = next_;
    next_ = previous_ = nullptr;
    placed_tick_ = 0;
}

void TimerWheel::place(Node& node) {
    node.placed_tick_ = std::min(node.due_tick_, now_ + kSlots - 1);
    node.slot_ = &slots_[node.placed_tick_ % kSlots];
    node.previous_ = nullptr;
    node.next_ = *node.slot_;
    if (node.next_ != nullptr) node.next_->previous_ = &node;
    *node.slot_ = &node;
}

void TimerWheel::arm(Node& node, std::chrono::milliseconds delay) {
    node.due_tick_ = now_ + static_cast<uint64_t>(delay / kTick) + 1;
    // A later deadline needs no move: the wheel looks at the old place and moves it on then.
    if (node.placed_tick_ != 0 && node.placed_tick_ <= node.due_tick_) return;
    node.unlink();
    place(node);
}

void TimerWheel::tick() {
    now_ += 1;
    Node*& slot = slots_[now_ % kSlots];
    while (slot != nullptr) {
        Node& node = *slot;
        node.unlink();
        if (node.due_tick_ == kNever) continue;
        if (node.due_tick_ > now_) {
            place(node);
        } else {
            node.due_tick_ = kNever;
            node.on_deadline();
        }
    }
}

}  // namespace millrace::net
