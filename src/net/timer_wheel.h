// TimerWheel: coarse deadlines of connections, one wheel per io thread. Moving a deadline later is
// one store, so every request may do it; firing is late by up to one tick.
// Thread-safety: confined to its io thread. Ownership: a Node is the owner's member and leaves the
// wheel when destroyed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace millrace::net {

class TimerWheel {
public:
    static constexpr std::chrono::milliseconds kTick{500};

    class Node {
    public:
        Node() = default;
        Node(const Node&) = delete;
        Node& operator=(const Node&) = delete;
        virtual ~Node() { unlink(); }

    protected:
        virtual void on_deadline() = 0;

    private:
        friend class TimerWheel;
        void unlink();
        Node* next_ = nullptr;
        Node* previous_ = nullptr;
        uint64_t due_tick_ = 0;     // when it shall fire
        uint64_t placed_tick_ = 0;  // when the wheel looks at it; 0: it is in no slot
        Node** slot_ = nullptr;
    };

    // Fires after `delay` or up to a tick later, unless armed again or disarmed before.
    void arm(Node& node, std::chrono::milliseconds delay);
    void disarm(Node& node) { node.due_tick_ = kNever; }
    // Called every kTick.
    void tick();

private:
    static constexpr size_t kSlots = 256;
    static constexpr uint64_t kNever = UINT64_MAX;
    void place(Node& node);
    uint64_t now_ = 1;
    std::array<Node*, kSlots> slots_{};
};

}  // namespace millrace::net
