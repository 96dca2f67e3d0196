// Relay: carries the connections that functions make to their AWS endpoint to this server's own
// port. One thread with poll; both directions, a bounded buffer each. Thread-safety: add() from any
// thread; stop() once. Ownership: owns the listening sockets it was given.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace millrace::sandbox {

class Relay {
public:
    static constexpr size_t kConnectionsMax = 2000;

    explicit Relay(uint16_t target_port);
    ~Relay() { stop(); }
    void add(int listening_socket);
    // Closes it; connections that came through it go on until they end.
    void remove(int listening_socket);
    void stop();

private:
    struct Pipe {
        int from = -1;
        int to = -1;
        std::vector<char> buffer;
        size_t done = 0;
        bool ended = false;
    };
    struct Connection {
        Pipe up;
        Pipe down;
    };
    void run();
    void accept_from(int listener);
    // False: the connection is over.
    static bool pump(Pipe& pipe, short from_events);

    const uint16_t target_port_;
    int wake_[2] = {-1, -1};
    std::atomic<bool> stop_{false};
    Mutex mutex_;
    std::vector<int> added_ MR_GUARDED_BY(mutex_);
    std::vector<int> removed_ MR_GUARDED_BY(mutex_);
    std::vector<int> listeners_;
    std::list<Connection> connections_;
    std::thread thread_;
};

}  // namespace millrace::sandbox
