// Relay: carries the connections that functions make to their AWS endpoint to this server's own
// port. One thread with poll; both directions, a bounded buffer each. A function whose connections
// are as many as it may have waits for one to end. Thread-safety: add() and remove() from any
// thread; stop() once. Ownership: owns the listening sockets it was given.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace millrace::sandbox {

class Relay {
public:
    static constexpr size_t kConnectionsMax = 2000;
    static constexpr size_t kConnectionsOfListenerMax = 128;

    explicit Relay(uint16_t target_port);
    ~Relay() { stop(); }
    void add(int listening_socket);
    // Closes it and the connections that came through it.
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
        int listener = -1;
        Pipe up;
        Pipe down;
    };
    using Connections = std::list<Connection>;
    void run();
    void take_changes();
    void accept_from(int listener);
    Connections::iterator close(Connections::iterator connection);
    // False: the connection is over.
    static bool pump(Pipe& pipe, short from_events);

    const uint16_t target_port_;
    const size_t connections_max_;
    int wake_[2] = {-1, -1};
    std::atomic<bool> stop_{false};
    Mutex mutex_;
    std::vector<int> added_ MR_GUARDED_BY(mutex_);
    std::vector<int> removed_ MR_GUARDED_BY(mutex_);
    std::map<int, size_t> listeners_;  // with how many connections came through each
    Connections connections_;
    bool no_more_files_ = false;  // until a connection ends, or for a second
    std::thread thread_;
};

}  // namespace millrace::sandbox
