// Inbox: how other threads wake coroutines of an io thread. Everything set while the io thread is
// busy or being woken costs one wake-up of the thread together: a group commit that completes a
// hundred requests makes one, not a hundred.
// Event: one thing that a coroutine waits for, set once from any thread.
// Thread-safety: Event::set is safe from any thread; everything else belongs to the io thread.
// Ownership: an Event must live until it fired or its source can no longer set it.
#pragma once

#include <boost/asio/async_result.hpp>

#include <atomic>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "core/check.h"
#include "net/async.h"

namespace millrace::net {

class Event;

class Inbox {
public:
    explicit Inbox(asio::io_context& io) : io_(io) {}
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    // Destroys the coroutines that still wait, when no thread runs the io_context any more.
    void abandon();

private:
    friend class Event;
    void push(Event* event);
    void drain();
    asio::io_context& io_;
    std::atomic<Event*> head_{nullptr};
    Event* armed_ = nullptr;  // doubly linked list of events with a waiting coroutine
};

class Event {
public:
    explicit Event(Inbox& inbox) : inbox_(inbox) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event();

    // Once only. The event may be gone as soon as this was called.
    void set() { inbox_.push(this); }
    // Like set(), on the event's own io thread, at most once together with set().
    void set_here();
    bool fired() const { return fired_; }
    // Returns when set. At most one waiter.
    Task<void> wait();

private:
    friend class Inbox;
    template <class Handler>
    void arm(Handler handler) {
        static_assert(sizeof(Handler) <= sizeof(storage_) && alignof(Handler) <= alignof(void*));
        MR_ASSERT(invoke_ == nullptr);
        new (storage_) Handler(std::move(handler));
        invoke_ = [](void* storage, bool run) {
            auto* stored = static_cast<Handler*>(storage);
            Handler taken(std::move(*stored));
            stored->~Handler();
            if (run) std::move(taken)();
        };
        link();
    }
    void link();
    void unlink();
    void fire();
    void drop();

    Inbox& inbox_;
    Event* next_ = nullptr;  // in the inbox
    Event* armed_next_ = nullptr;
    Event* armed_previous_ = nullptr;
    bool fired_ = false;
    void (*invoke_)(void* storage, bool run) = nullptr;
    alignas(void*) std::byte storage_[4 * sizeof(void*)];
};

}  // namespace millrace::net
