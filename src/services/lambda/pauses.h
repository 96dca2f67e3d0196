// Pauses: how lanes wait. Tests give one of their own that moves the clock instead.
// Thread-safety: safe from any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "contracts/wake_hub.h"
#include "core/time.h"

namespace millrace::lambda {

// WakeHub keys with the epochs that were seen before looking.
using WatchedKeys = std::vector<std::pair<std::string, uint64_t>>;

class Pauses {
public:
    virtual ~Pauses() = default;
    // Until one of the keys is signalled or `until` is reached.
    virtual void wait(const WatchedKeys& keys, TimePoint until) = 0;
};

class HubPauses final : public Pauses {
public:
    HubPauses(contracts::WakeHub& hub, const Clock& clock) : hub_(hub), clock_(clock) {}
    void wait(const WatchedKeys& keys, TimePoint until) override;

private:
    contracts::WakeHub& hub_;
    const Clock& clock_;
};

}  // namespace millrace::lambda
