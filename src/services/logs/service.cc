#include "services/logs/service.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/check.h"
#include "core/log.h"
#include "services/logs/sweeper.h"

namespace millrace::logs {
namespace {

constexpr uint8_t kEventFormat = 1;
constexpr size_t kLinesPerFlush = 1000;
constexpr size_t kBytesPerFlush = 4 << 20;
constexpr size_t kEventIdBytes = 16;

class Flusher final : public contracts::Worker {
public:
    explicit Flusher(LogsService& service) : service_(service), sweeper_(service) {}
    std::string name() const override { return "logs/flusher"; }
    std::string wake_key() const override { return std::string(kFlushKey); }
    TimePoint step(TimePoint now) override {
        const bool more = service_.flush();
        return sweeper_.step(now) || more ? now : now + std::chrono::seconds(1);
    }

private:
    LogsService& service_;
    Sweeper sweeper_;
};

// Not in the middle of a character.
void cut(std::string& text) {
    if (text.size() <= LogsService::kLineBytesMax) return;
    size_t end = LogsService::kLineBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end -= 1;
    text.resize(end);
}

Event decode_event(std::string_view id, std::string_view row) {
    MR_ASSERT(id.size() == kEventIdBytes);
    ByteReader key(id);
    ByteReader reader(row);
    MR_ASSERT(reader.u8() == kEventFormat);
    Event event;
    event.at_ms = static_cast<int64_t>(key.u64());
    event.ingested_ms = static_cast<int64_t>(reader.u64());
    event.stream = reader.bytes();
    event.message = reader.bytes();
    event.id = id;
    MR_ASSERT(reader.ok());
    return event;
}

}  // namespace

std::string place_before(int64_t at_ms) {
    std::string id;
    append_u64(id, static_cast<uint64_t>(std::max<int64_t>(0, at_ms)));
    append_u64(id, 0);
    return id;
}

int64_t retained_since_ms(const Group& group, TimePoint now) {
    if (group.retention_days == 0) return 0;
    return epoch_ms(now) - int64_t{group.retention_days} * 86'400'000;
}

std::unique_ptr<contracts::Worker> LogsService::make_flusher() {
    return std::make_unique<Flusher>(*this);
}

void LogsService::drop_oldest() {
    const Pending& oldest = pending_.front();
    dropped_[{oldest.name.account, oldest.name.region, oldest.name.group, oldest.stream}] += 1;
    pending_bytes_ -= oldest.line.text.size();
    pending_.pop_front();
}

void LogsService::write(std::string_view account, std::string_view region, std::string_view group,
                        std::string_view stream, std::vector<contracts::LogLine> lines) {
    {
        const MutexLock lock(mutex_);
        for (contracts::LogLine& line : lines) {
            cut(line.text);
            pending_bytes_ += line.text.size();
            pending_.push_back({{std::string(account), std::string(region), std::string(group)},
                                std::string(stream),
                                std::move(line)});
            while (pending_.size() > kBufferedLinesMax || pending_bytes_ > kBufferedBytesMax)
                drop_oldest();
        }
    }
    hub_.signal(kFlushKey);
}

bool LogsService::flush() {
    // By stream, each in the order of writing.
    std::map<StreamKey, std::vector<contracts::LogLine>> batch;
    bool more = false;
    {
        const MutexLock lock(mutex_);
        size_t lines = 0;
        for (size_t bytes = 0;
             !pending_.empty() && lines < kLinesPerFlush && bytes < kBytesPerFlush; ++lines) {
            Pending& oldest = pending_.front();
            bytes += oldest.line.text.size();
            pending_bytes_ -= oldest.line.text.size();
            batch[{oldest.name.account, oldest.name.region, oldest.name.group, oldest.stream}]
                .push_back(std::move(oldest.line));
            pending_.pop_front();
        }
        more = !pending_.empty();
        for (const auto& [stream, count] : dropped_) {
            batch[stream].push_back(
                {clock_.now(), "Millrace dropped " + std::to_string(count) +
                                   " earlier lines of this stream: they came faster than they can "
                                   "be stored."});
        }
        dropped_.clear();
    }
    if (batch.empty()) return false;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        const TimePoint now = clock_.now();
        for (const auto& [key, lines] : batch) {
            const auto& [account, region, group_name, stream_name] = key;
            const GroupName name{account, region, group_name};
            auto group = find_group(txn, name);
            if (!group) group = create_group(txn, name, now);
            auto stream = find_stream(txn, *group, stream_name);
            if (!stream) stream = create_stream(txn, *group, stream_name, now);
            std::vector<std::pair<int64_t, std::string_view>> events;
            for (const contracts::LogLine& line : lines)
                events.emplace_back(epoch_ms(line.at), line.text);
            append(txn, *group, stream_name, *stream, events, now);
        }
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk) {
        log::warn("lines of functions' output are lost: the store does not take them");
        return false;
    }
    return more;
}

std::optional<Group> LogsService::find_group(store::Txn& txn, const GroupName& name) {
    const auto row = txn.get(group_key(name));
    if (!row) return std::nullopt;
    return decode_group(*row, name);
}

std::optional<Stream> LogsService::find_stream(store::Txn& txn, const Group& group,
                                               std::string_view stream) {
    const auto row = txn.get(stream_key(group, stream));
    if (!row) return std::nullopt;
    return decode_stream(*row);
}

void LogsService::save_group(store::Txn& txn, const GroupName& name, const Group& group) {
    txn.put(group_key(name), encode_group(group));
}

Group LogsService::create_group(store::Txn& txn, const GroupName& name, TimePoint now) {
    Group group;
    group.id = new_group_id(name, next_order(now));
    group.created_ms = epoch_ms(now);
    save_group(txn, name, group);
    return group;
}

Stream LogsService::create_stream(store::Txn& txn, const Group& group, std::string_view stream,
                                  TimePoint now) {
    Stream row;
    row.created_ms = epoch_ms(now);
    txn.put(stream_key(group, stream), encode_stream(row));
    return row;
}

void LogsService::remove_group(store::Txn& txn, const GroupName& name, const Group& group) {
    txn.erase(group_key(name));
    std::string row;
    append_u8(row, 1);
    txn.put({store::Space::kLogGroups, kDoomedPartition, group.id}, row);
}

void LogsService::remove_stream(store::Txn& txn, const Group& group, std::string_view stream,
                                const Stream& row) {
    std::vector<std::string> ids;
    if (row.last_event_ms > 0) {
        read(txn, group, place_before(row.first_event_ms), place_before(row.last_event_ms + 1),
             false, [&](const Event& event) {
                 if (event.stream == stream) ids.push_back(event.id);
                 return true;
             });
    }
    const std::string partition = events_partition(group);
    for (const std::string& id : ids) txn.erase({store::Space::kLogEvents, partition, id});
    txn.erase(stream_key(group, stream));
}

// Microseconds that are unique in this process: the order of ingestion.
uint64_t LogsService::next_order(TimePoint now) {
    uint64_t last = order_.load();
    uint64_t next = 0;
    do {
        next = std::max(last + 1, static_cast<uint64_t>(now.time_since_epoch().count()));
    } while (!order_.compare_exchange_weak(last, next));
    return next;
}

void LogsService::append(store::Txn& txn, const Group& group, std::string_view stream, Stream row,
                         const std::vector<std::pair<int64_t, std::string_view>>& events,
                         TimePoint now) {
    if (events.empty()) return;
    const std::string partition = events_partition(group);
    for (const auto& [at_ms, message] : events) {
        std::string sort;
        append_u64(sort, static_cast<uint64_t>(at_ms));
        append_u64(sort, next_order(now));
        std::string value;
        append_u8(value, kEventFormat);
        append_u64(value, static_cast<uint64_t>(epoch_ms(now)));
        append_bytes(value, stream);
        append_bytes(value, message);
        txn.put({store::Space::kLogEvents, partition, sort}, value);
        row.first_event_ms = row.last_event_ms == 0 ? at_ms : std::min(row.first_event_ms, at_ms);
        row.last_event_ms = std::max(row.last_event_ms, at_ms);
    }
    row.last_ingestion_ms = epoch_ms(now);
    txn.put(stream_key(group, stream), encode_stream(row));
}

void LogsService::read(store::Txn& txn, const Group& group, const std::string& after,
                       const std::string& before, bool descending,
                       const std::function<bool(const Event&)>& take) {
    const std::string from = after + '\0';
    if (from >= before) return;
    txn.scan(
        {store::Space::kLogEvents, events_partition(group), from, before, descending},
        [&](std::string_view sort, std::string_view row) { return take(decode_event(sort, row)); });
}

}  // namespace millrace::logs
