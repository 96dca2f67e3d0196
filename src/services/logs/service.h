// LogsService: CloudWatch Logs: groups, streams, events. Also LogSink for functions' output.
// Thread-safety: safe from any thread. Ownership: store, clock and hub are the app's.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "contracts/log_sink.h"
#include "contracts/operation.h"
#include "contracts/wake_hub.h"
#include "contracts/worker.h"
#include "core/mutex.h"
#include "services/logs/keys.h"

namespace millrace::logs {

struct Event {
    int64_t at_ms = 0;
    int64_t ingested_ms = 0;
    std::string stream;
    std::string message;
    std::string id;  // time and order of ingestion: its place in its group, 16 bytes
};

class LogsService final : public contracts::LogSink {
public:
    // Lines that wait for the next flush, and their bytes; more drop the oldest.
    static constexpr size_t kBufferedLinesMax = 100'000;
    static constexpr size_t kBufferedBytesMax = 64 << 20;
    // Longer lines are cut.
    static constexpr size_t kLineBytesMax = 262'144 - 26;

    LogsService(store::Store& store, const Clock& clock, contracts::WakeHub& hub)
        : store_(store), clock_(clock), hub_(hub) {}
    contracts::ServiceEntry entry();
    // Writes buffered lines; deletes what retention periods and deleted groups leave.
    std::unique_ptr<contracts::Worker> make_flusher();

    void write(std::string_view account, std::string_view region, std::string_view group,
               std::string_view stream, std::vector<contracts::LogLine> lines) override;
    // Writes what is buffered; true when something is left.
    bool flush();

    std::optional<Group> find_group(store::Txn& txn, const GroupName& name);
    std::optional<Stream> find_stream(store::Txn& txn, const Group& group, std::string_view stream);
    void save_group(store::Txn& txn, const GroupName& name, const Group& group);
    Group create_group(store::Txn& txn, const GroupName& name, TimePoint now);
    Stream create_stream(store::Txn& txn, const Group& group, std::string_view stream,
                         TimePoint now);
    // The sweeper deletes the rows later.
    void remove_group(store::Txn& txn, const GroupName& name, const Group& group);
    // O(events of the group between the stream's first and last).
    void remove_stream(store::Txn& txn, const Group& group, std::string_view stream,
                       const Stream& row);
    // Times and messages, in the order of time; the stream's row follows.
    void append(store::Txn& txn, const Group& group, std::string_view stream, Stream row,
                const std::vector<std::pair<int64_t, std::string_view>>& events, TimePoint now);

    // Events whose ids are between the two (exclusive), in order, until `take` returns false.
    void read(store::Txn& txn, const Group& group, const std::string& after,
              const std::string& before, bool descending,
              const std::function<bool(const Event&)>& take);

    store::Store& store() { return store_; }

private:
    struct Pending {
        GroupName name;
        std::string stream;
        contracts::LogLine line;
    };
    using StreamKey = std::tuple<std::string, std::string, std::string, std::string>;

    uint64_t next_order(TimePoint now);
    void drop_oldest() MR_REQUIRES(mutex_);

    store::Store& store_;
    const Clock& clock_;
    contracts::WakeHub& hub_;
    Mutex mutex_;
    std::deque<Pending> pending_ MR_GUARDED_BY(mutex_);
    size_t pending_bytes_ MR_GUARDED_BY(mutex_) = 0;
    std::map<StreamKey, uint64_t> dropped_ MR_GUARDED_BY(mutex_);
    std::atomic<uint64_t> order_{0};
};

// The id of the place before all events of that time.
std::string place_before(int64_t at_ms);
// The earliest time that a group with this retention still shows.
int64_t retained_since_ms(const Group& group, TimePoint now);
// Signalled when lines wait to be written.
inline constexpr std::string_view kFlushKey = "logs/flush";

}  // namespace millrace::logs
