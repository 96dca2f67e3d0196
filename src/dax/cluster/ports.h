// Ports: where the nodes of this process listen. Thread-safety: safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "net/io_thread.h"
#include "net/server.h"

namespace millrace::dax {

struct PortRange {
    uint16_t first = 8200;
    uint16_t last = 8299;
};

class Ports {
public:
    explicit Ports(PortRange range) : range_(range) {}

    // Listens on the options' port or, where that is 0, on the lowest of the range that nobody has.
    // The port stays taken until it is released, whether somebody listens or not. The error says
    // why not.
    Result<std::unique_ptr<net::Server>> listen(net::ServerOptions options, net::Protocol& protocol,
                                                net::ThreadPool& pool);
    void release(uint16_t port);

private:
    const PortRange range_;
    // Held while listening: servers of one process could share a port unnoticed.
    Mutex mutex_;
    std::set<uint16_t> taken_ MR_GUARDED_BY(mutex_);
};

enum class Pulse : uint8_t {
    kAlive,   // it took the connection and closed it, since what was sent is not the protocol
    kSilent,  // it took the connection and did nothing in time
    kDead,    // nobody listens
};
// One pulse for each port, asked all at once; takes at most `patience`.
std::vector<Pulse> feel_pulses(const std::string& address, const std::vector<uint16_t>& ports,
                               std::chrono::milliseconds patience);
// Where a client on this machine reaches what listens on the address: for 0.0.0.0 the loopback.
std::string reachable_address(const std::string& listen);

}  // namespace millrace::dax
