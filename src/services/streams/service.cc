#include "services/streams/service.h"

#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json_writer.h"
#include "item/json.h"
#include "services/streams/errors.h"
#include "services/streams/position.h"

namespace millrace::streams {
namespace {

constexpr size_t kTrimRecords = 1000;
constexpr std::chrono::minutes kTrimPause{1};

// Space::kStreams, beside the descriptions: what was trimmed of a log. Format, major, minor.
constexpr std::string_view kTrimmed = "!trimmed";
constexpr uint8_t kTrimmedFormat = 1;
store::Key trimmed_key(const store::LogId& log) {
    return {store::Space::kStreams, std::string(kTrimmed), log.id};
}

std::string encode_trimmed(store::Version through) {
    std::string mark;
    append_u8(mark, kTrimmedFormat);
    append_u64(mark, through.major);
    append_u64(mark, through.minor);
    return mark;
}

// Takes an emptied shard out of its stream's row. Its children begin where it ended.
void drop_shard(store::Txn& txn, const contracts::StreamRow& seen,
                const contracts::StreamShardRow& shard) {
    const store::Key key =
        contracts::stream_key(seen.account, seen.region, seen.table_name, seen.label);
    const auto bytes = txn.get(key);
    auto row = bytes ? contracts::decode_stream_row(*bytes) : std::nullopt;
    if (!row || row->id != seen.id) return;
    const store::Key mark_key = trimmed_key(contracts::stream_log(row->id, shard.number));
    const auto mark = txn.get(mark_key);
    for (const auto& child : row->shards) {
        const store::Key child_key = trimmed_key(contracts::stream_log(row->id, child.number));
        if (mark && child.parent_id == shard.id && !txn.get(child_key)) txn.put(child_key, *mark);
    }
    std::erase_if(row->shards, [&](const auto& kept) { return kept.number == shard.number; });
    txn.erase(mark_key);
    txn.put(key, encode_stream_row(*row));
}

class Trimmer final : public contracts::Worker {
public:
    explicit Trimmer(store::Store& store) : store_(store) {}
    std::string name() const override { return "streams/trimmer"; }

    TimePoint step(TimePoint now) override {
        std::vector<contracts::StreamRow> rows;
        store_.run([&](store::Txn& txn) {
            rows.clear();
            // Descriptions' partitions begin with the account's digits.
            txn.scan_space(store::Space::kStreams, "0", "", ":",
                           [&](std::string_view, std::string_view, std::string_view bytes) {
                               if (auto row = contracts::decode_stream_row(bytes))
                                   rows.push_back(std::move(*row));
                               return true;
                           });
            return store::TxnDecision::kRollback;
        });
        bool more = false;
        const TimePoint expired = now - contracts::kStreamRetention;
        for (const auto& row : rows) {
            bool empty = true;
            for (const auto& shard : row.shards) {
                const store::LogId log = contracts::stream_log(row.id, shard.number);
                const auto records = store_.read_log(log, {}, kTrimRecords, 16 << 20);
                empty = empty && records.empty();
                if (row.enabled && records.empty() && shard.closed && *shard.closed < expired) {
                    store_.run([&](store::Txn& txn) {
                        drop_shard(txn, row, shard);
                        return store::TxnDecision::kCommit;
                    });
                    continue;
                }
                store::Version through;
                for (const auto& record : records) {
                    if (contracts::stream_record_created(record.bytes) > expired) break;
                    through = record.version;
                }
                if (through.major == 0) continue;
                store_.run([&](store::Txn& txn) {
                    txn.put(trimmed_key(log), encode_trimmed(through));
                    return store::TxnDecision::kCommit;
                });
                store_.trim_log(log, through);
                more = more || through == records.back().version;
            }
            if (!row.enabled && row.disabled < expired && empty) {
                store_.run([&](store::Txn& txn) {
                    for (const auto& shard : row.shards)
                        txn.erase(trimmed_key(contracts::stream_log(row.id, shard.number)));
                    txn.erase(
                        contracts::stream_key(row.account, row.region, row.table_name, row.label));
                    return store::TxnDecision::kCommit;
                });
            }
        }
        return more ? now : now + kTrimPause;
    }

private:
    store::Store& store_;
};

}  // namespace

std::unique_ptr<contracts::Worker> StreamsService::make_trimmer() {
    return std::make_unique<Trimmer>(store_);
}

std::optional<contracts::StreamRow> StreamsService::find(store::Txn& txn, std::string_view arn) {
    const auto key = contracts::stream_key_of_arn(arn);
    if (!key) return std::nullopt;
    const auto bytes = txn.get(*key);
    if (!bytes) return std::nullopt;
    return contracts::decode_stream_row(*bytes);
}

store::Version StreamsService::trimmed(store::Txn& txn, const store::LogId& log) {
    const auto mark = txn.get(trimmed_key(log));
    if (!mark) return {};
    ByteReader reader(*mark);
    MR_ASSERT(reader.u8() == kTrimmedFormat);
    const uint64_t major = reader.u64();
    return {major, reader.u64()};
}

store::Version StreamsService::before_first(store::Txn& txn, const contracts::StreamRow& row,
                                            const contracts::StreamShardRow& shard) {
    const store::Version dropped = trimmed(txn, contracts::stream_log(row.id, shard.number));
    if (dropped != store::Version{}) return dropped;
    const auto* parent = row.find_shard(shard.parent_id);
    return parent == nullptr ? store::Version{} : last(txn, row, *parent);
}

store::Version StreamsService::last(store::Txn& txn, const contracts::StreamRow& row,
                                    const contracts::StreamShardRow& shard) {
    const store::LogId log = contracts::stream_log(row.id, shard.number);
    return store_.read_log(log, {}, 1, 1).empty() ? before_first(txn, row, shard)
                                                  : store_.log_end(log);
}

bool StreamsService::is_closed_durably(std::string_view arn, std::string_view shard_id) {
    const auto key = contracts::stream_key_of_arn(arn);
    std::optional<std::string> bytes;
    store::Ticket ticket = 0;
    if (!key || store_.read(*key, bytes, ticket) != store::CommitStatus::kOk || !bytes ||
        !store_.is_durable(ticket)) {
        return false;
    }
    const auto row = contracts::decode_stream_row(*bytes);
    const auto* shard = row ? row->find_shard(shard_id) : nullptr;
    return shard != nullptr && shard->closed;
}

Result<contracts::StreamRow> StreamsService::row_of(std::string_view arn) {
    std::optional<contracts::StreamRow> row;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        row = find(txn, arn);
        return store::TxnDecision::kRollback;
    });
    // A shard that is seen as closed must have all its records durable, since only such are read.
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.ticket))
        return errors::internal("The stream cannot be read at the moment");
    if (!row) return errors::stream_not_found(arn);
    return *std::move(row);
}

Result<std::vector<contracts::StreamShard>> StreamsService::shards(std::string_view stream_arn) {
    MR_TRY(const contracts::StreamRow row, row_of(stream_arn));
    std::vector<contracts::StreamShard> shards;
    for (const auto& shard : row.shards) {
        shards.push_back({shard.id, shard.parent_id, shard.closed.has_value(),
                          contracts::stream_log(row.id, shard.number),
                          contracts::stream_wake_key(row.id, shard.number)});
    }
    return shards;
}

Result<contracts::StreamPage> StreamsService::read(std::string_view stream_arn,
                                                   std::string_view shard_id, store::Version after,
                                                   size_t count_max, size_t bytes_max) {
    MR_TRY(const contracts::StreamRow row, row_of(stream_arn));
    const contracts::StreamShardRow* shard = row.find_shard(shard_id);
    if (shard == nullptr) return errors::shard_not_found(stream_arn, shard_id);
    contracts::StreamPage page{{}, after};
    const TimePoint expired = clock_.now() - contracts::kStreamRetention;
    for (const store::LogRecord& stored : store_.read_log(
             contracts::stream_log(row.id, shard->number), after, count_max, bytes_max)) {
        page.read_to = stored.version;
        const auto record = contracts::decode_stream_record(stored.bytes);
        if (!record || record->created < expired) continue;
        contracts::StreamRecord out;
        out.version = stored.version;
        out.sequence_number = sequence_number(stored.version);
        out.created = record->created;
        out.key_digest = codec::sha256(record->keys.bytes()).substr(0, 16);
        codec::JsonWriter json(out.event_json);
        json.begin_object();
        json.member("eventID",
                    codec::hex_encode(codec::md5(std::to_string(row.id) + out.sequence_number)));
        json.member("eventName", contracts::stream_event_name(record->event));
        json.member("eventVersion", "1.1");
        json.member("eventSource", "aws:dynamodb");
        json.member("awsRegion", row.region);
        json.key("dynamodb");
        json.begin_object();
        json.member("ApproximateCreationDateTime", epoch_seconds(record->created));
        json.key("Keys");
        json.raw(item::to_json(record->keys));
        if (record->new_image) {
            json.key("NewImage");
            json.raw(item::to_json(*record->new_image));
        }
        if (record->old_image) {
            json.key("OldImage");
            json.raw(item::to_json(*record->old_image));
        }
        json.member("SequenceNumber", out.sequence_number);
        json.member("SizeBytes", static_cast<int64_t>(record->size_bytes));
        json.member("StreamViewType", contracts::stream_view_type_name(record->view_type));
        json.end_object();
        if (record->by_ttl) {
            json.key("userIdentity");
            json.raw(R"({"type":"Service","principalId":"dynamodb.amazonaws.com"})");
        }
        json.member("eventSourceARN", stream_arn);
        json.end_object();
        page.records.push_back(std::move(out));
    }
    return page;
}

Result<store::Version> StreamsService::latest(std::string_view stream_arn,
                                              std::string_view shard_id) {
    MR_TRY(const contracts::StreamRow row, row_of(stream_arn));
    const contracts::StreamShardRow* shard = row.find_shard(shard_id);
    if (shard == nullptr) return errors::shard_not_found(stream_arn, shard_id);
    return store_.log_end(contracts::stream_log(row.id, shard->number));
}

}  // namespace millrace::streams
