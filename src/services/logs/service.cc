#include "services/logs/service.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/check.h"
#include "core/log.h"
#include "services/logs/keys.h"

namespace millrace::logs {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kLinesPerFlush = 1000;
constexpr std::string_view kFlushKey = "logs/flush";

class Flusher final : public contracts::Worker {
public:
    explicit Flusher(LogsService& service) : service_(service) {}
    std::string name() const override { return "logs/flusher"; }
    std::string wake_key() const override { return std::string(kFlushKey); }
    TimePoint step(TimePoint now) override {
        return service_.flush() ? now : now + std::chrono::seconds(1);
    }

private:
    LogsService& service_;
};

}  // namespace

std::unique_ptr<contracts::Worker> LogsService::make_flusher() {
    return std::make_unique<Flusher>(*this);
}

void LogsService::write(std::string_view account, std::string_view region, std::string_view group,
                        std::string_view stream, std::vector<contracts::LogLine> lines) {
    {
        const MutexLock lock(mutex_);
        for (contracts::LogLine& line : lines) {
            if (pending_.size() >= kBufferedLinesMax) {
                pending_.pop_front();
                dropped_ += 1;
            }
            pending_.push_back({{std::string(account), std::string(region), std::string(group)},
                                std::string(stream),
                                std::move(line)});
        }
    }
    hub_.signal(kFlushKey);
}

bool LogsService::flush() {
    std::vector<Pending> batch;
    bool more = false;
    {
        const MutexLock lock(mutex_);
        while (!pending_.empty() && batch.size() < kLinesPerFlush) {
            batch.push_back(std::move(pending_.front()));
            pending_.pop_front();
        }
        more = !pending_.empty();
        if (dropped_ > 0)
            log::warn(
                "{} lines of functions' output were dropped: they came faster than they can be "
                "stored",
                dropped_);
        dropped_ = 0;
    }
    if (batch.empty()) return false;
    store_.run([&](store::Txn& txn) {
        const TimePoint now = clock_.now();
        for (const Pending& pending : batch) {
            if (!group_exists(txn, pending.name)) create_group(txn, pending.name, now);
            if (!stream_exists(txn, pending.name, pending.stream))
                create_stream(txn, pending.name, pending.stream, now);
            append(txn, pending.name, pending.stream,
                   {{epoch_ms(pending.line.at), pending.line.text}}, now);
        }
        return store::TxnDecision::kCommit;
    });
    return more;
}

bool LogsService::group_exists(store::Txn& txn, const GroupName& name) {
    return txn.get(group_key(name)).has_value();
}

bool LogsService::stream_exists(store::Txn& txn, const GroupName& name, std::string_view stream) {
    return txn.get(stream_key(name, stream)).has_value();
}

void LogsService::create_group(store::Txn& txn, const GroupName& name, TimePoint now) {
    std::string row;
    append_u8(row, kFormat);
    append_u64(row, static_cast<uint64_t>(epoch_ms(now)));
    txn.put(group_key(name), row);
}

void LogsService::create_stream(store::Txn& txn, const GroupName& name, std::string_view stream,
                                TimePoint now) {
    std::string row;
    append_u8(row, kFormat);
    append_u64(row, static_cast<uint64_t>(epoch_ms(now)));
    txn.put(stream_key(name, stream), row);
}

void LogsService::append(store::Txn& txn, const GroupName& name, std::string_view stream,
                         const std::vector<std::pair<int64_t, std::string_view>>& events,
                         TimePoint now) {
    for (const auto& [at_ms, message] : events) {
        // Time, then the order of ingestion: microseconds that are unique in this process.
        uint64_t last = sequence_.load();
        uint64_t next = 0;
        do {
            next = std::max(last + 1, static_cast<uint64_t>(now.time_since_epoch().count()));
        } while (!sequence_.compare_exchange_weak(last, next));
        std::string sort;
        append_u64(sort, static_cast<uint64_t>(at_ms));
        append_u64(sort, next);
        std::string row;
        append_u8(row, kFormat);
        append_u64(row, static_cast<uint64_t>(epoch_ms(now)));
        append_bytes(row, stream);
        append_bytes(row, message);
        txn.put({store::Space::kLogEvents, events_partition(name), sort}, row);
    }
}

void LogsService::read(store::Txn& txn, const GroupName& name, int64_t start_ms, int64_t end_ms,
                       const std::string& after, const std::function<bool(const Event&)>& take) {
    std::string from;
    append_u64(from, static_cast<uint64_t>(std::max<int64_t>(0, start_ms)));
    if (!after.empty() && after + '\0' > from) from = after + '\0';
    std::string to;
    append_u64(to, static_cast<uint64_t>(end_ms));
    const std::string partition = events_partition(name);
    txn.scan_space(store::Space::kLogEvents, partition, from, partition + '\0',
                   [&](std::string_view, std::string_view sort, std::string_view row) {
                       if (sort >= to) return false;
                       ByteReader key(sort);
                       ByteReader reader(row);
                       MR_ASSERT(reader.u8() == kFormat);
                       Event event;
                       event.at_ms = static_cast<int64_t>(key.u64());
                       event.ingested_ms = static_cast<int64_t>(reader.u64());
                       event.stream = reader.bytes();
                       event.message = reader.bytes();
                       event.id = sort;
                       return take(event);
                   });
}

}  // namespace millrace::logs
