// Worker: background work of a service, done in bounded pieces by the host in src/workers.
// Thread-safety: step() is called by one thread at a time; different workers run in parallel.
#pragma once

#include <string>

#include "core/time.h"

namespace millrace::contracts {

class Worker {
public:
    virtual ~Worker() = default;
    // Unique in the process, for leases, logs and metrics: "dynamodb/ttl".
    virtual std::string name() const = 0;
    // WakeHub key that makes it run before its time; empty: none.
    virtual std::string wake_key() const { return {}; }
    // Does a bounded piece and returns when it wants to run next (now or earlier: at once).
    virtual TimePoint step(TimePoint now) = 0;
};

}  // namespace millrace::contracts
