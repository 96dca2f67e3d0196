// LogsService: CloudWatch Logs: groups, streams, events. Also LogSink for functions' output.
// Thread-safety: safe from any thread. Ownership: store, clock and rng are the app's.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contracts/log_sink.h"
#include "contracts/operation.h"
#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "core/mutex.h"

namespace millrace::logs {

struct Event {
    int64_t at_ms = 0;
    int64_t ingested_ms = 0;
    std::string stream;
    std::string message;
    std::string id;  // position in its group: orders events of equal time
};

// Rows, docs/formats/logs.md. A group lives in one partition: groups/<account>/<region>, sort:
// name; streams in streams/<account>/<region>/<hash of the group>, events in events/... by time.
struct GroupName {
    std::string account;
    std::string region;
    std::string group;
};

class LogsService final : public contracts::LogSink {
public:
    // Lines that wait for the next flush; more drop the oldest.
    static constexpr size_t kBufferedLinesMax = 100'000;

    LogsService(store::Store& store, const Clock& clock, contracts::WakeHub& hub)
        : store_(store), clock_(clock), hub_(hub) {}
    contracts::ServiceEntry entry();
    // Writes buffered lines.
    std::unique_ptr<contracts::Worker> make_flusher();

    void write(std::string_view account, std::string_view region, std::string_view group,
               std::string_view stream, std::vector<contracts::LogLine> lines) override;
    // Writes what is buffered; true when something is left.
    bool flush();

    bool group_exists(store::Txn& txn, const GroupName& name);
    bool stream_exists(store::Txn& txn, const GroupName& name, std::string_view stream);
    void create_group(store::Txn& txn, const GroupName& name, TimePoint now);
    void create_stream(store::Txn& txn, const GroupName& name, std::string_view stream,
                       TimePoint now);
    void append(store::Txn& txn, const GroupName& name, std::string_view stream,
                const std::vector<std::pair<int64_t, std::string_view>>& events, TimePoint now);
    // Events of a group with start_ms <= time < end_ms, by time, behind `after` (an event's id),
    // until `take` returns false.
    void read(store::Txn& txn, const GroupName& name, int64_t start_ms, int64_t end_ms,
              const std::string& after, const std::function<bool(const Event&)>& take);

private:
    struct Pending {
        GroupName name;
        std::string stream;
        contracts::LogLine line;
    };
    store::Store& store_;
    const Clock& clock_;
    contracts::WakeHub& hub_;
    Mutex mutex_;
    std::deque<Pending> pending_ MR_GUARDED_BY(mutex_);
    uint64_t dropped_ MR_GUARDED_BY(mutex_) = 0;
    std::atomic<uint64_t> sequence_{0};
};

}  // namespace millrace::logs
