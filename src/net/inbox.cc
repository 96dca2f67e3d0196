#include "net/inbox.h"

#include <boost/asio/post.hpp>

namespace millrace::net {

void Inbox::push(Event* event) {
    Event* head = head_.load(std::memory_order_relaxed);
    do {
        event->next_ = head;
    } while (!head_.compare_exchange_weak(head, event, std::memory_order_release,
                                          std::memory_order_relaxed));
    // Whoever finds the list empty wakes the thread for all that follow until it drains.
    if (head == nullptr) asio::post(io_, [this] { drain(); });
}

void Inbox::drain() {
    Event* list = head_.exchange(nullptr, std::memory_order_acquire);
    Event* in_order = nullptr;
    while (list != nullptr) {
        Event* next = list->next_;
        list->next_ = in_order;
        in_order = list;
        list = next;
    }
    while (in_order != nullptr) {
        Event* next = in_order->next_;  // the event may be gone after fire()
        in_order->fire();
        in_order = next;
    }
}

void Inbox::abandon() {
    head_.store(nullptr, std::memory_order_relaxed);
    while (armed_ != nullptr) armed_->drop();
}

Event::~Event() {
    if (invoke_ != nullptr) unlink();
}

void Event::set_here() { fire(); }

void Event::link() {
    armed_next_ = inbox_.armed_;
    if (armed_next_ != nullptr) armed_next_->armed_previous_ = this;
    inbox_.armed_ = this;
}

void Event::unlink() {
    if (armed_previous_ != nullptr) armed_previous_->armed_next_ = armed_next_;
    if (inbox_.armed_ == this) inbox_.armed_ = armed_next_;
    if (armed_next_ != nullptr) armed_next_->armed_previous_ = armed_previous_;
    armed_next_ = armed_previous_ = nullptr;
}

void Event::fire() {
    fired_ = true;
    if (invoke_ == nullptr) return;
    unlink();
    const auto invoke = std::exchange(invoke_, nullptr);
    invoke(storage_, true);
}

void Event::drop() {
    unlink();
    const auto invoke = std::exchange(invoke_, nullptr);
    invoke(storage_, false);  // destroys the coroutine, and with it usually this event
}

Task<void> Event::wait() {
    if (fired_) co_return;
    constexpr asio::use_awaitable_t<Executor> kToken{};
    auto initiation = [this](auto handler) { arm(std::move(handler)); };
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(initiation,
                                                                                 kToken);
}

}  // namespace millrace::net
