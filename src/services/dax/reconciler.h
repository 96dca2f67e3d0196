// Reconciler: the worker that makes running nodes follow the stored clusters and writes down what
// came of it. What shall be is stored before anything is done, and everything is done again until
// its outcome is stored: a crash in any place only repeats it.
// Thread-safety: as contracts::Worker says.
#pragma once

#include <map>
#include <string>

#include "services/dax/service.h"

namespace millrace::dax_control {

inline constexpr auto kEventsKept = std::chrono::hours(24 * 14);
// Per account and region; the oldest go first.
inline constexpr size_t kEventsMax = 10'000;

class Reconciler final : public contracts::Worker {
public:
    explicit Reconciler(DaxControlService& service) : service_(service) {}
    std::string name() const override { return "dax/clusters"; }
    std::string wake_key() const override { return std::string(kWakeKey); }
    TimePoint step(TimePoint now) override;

private:
    // When it wants to look at the cluster again.
    Duration follow(const Cluster& cluster, const ParameterGroup& parameters);
    Duration remove(const Cluster& cluster);
    Result<void> act(const Cluster& cluster, const ParameterGroup& parameters);
    // Writes down what became of that state of the cluster.
    Duration settle(const Cluster& seen, const Result<void>& acted);
    void sweep_events(TimePoint now);

    DaxControlService& service_;
    // Nodes that were rebooted, and for which generation of their cluster.
    std::map<std::string, uint64_t> rebooted_;
    TimePoint sweep_due_{};
};

}  // namespace millrace::dax_control
