// StreamsService: reading the streams of DynamoDB tables. Records are written by services/dynamodb
// (contracts/stream_record.h); here they are only read and trimmed. Also StreamReader for event
// source mappings. Thread-safety: safe from any thread. Ownership: store, clock and rng are the
// app's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/operation.h"
#include "contracts/stream_reader.h"
#include "contracts/stream_record.h"
#include "contracts/worker.h"

namespace millrace::streams {

class StreamsService final : public contracts::StreamReader {
public:
    // `iterator_key`: 32 bytes that authenticate shard iterators.
    StreamsService(store::Store& store, const Clock& clock, std::string iterator_key)
        : store_(store), clock_(clock), iterator_key_(std::move(iterator_key)) {}

    contracts::ServiceEntry entry();
    // Drops records after 24 hours, then closed shards and disabled streams.
    std::unique_ptr<contracts::Worker> make_trimmer();

    // Nothing: no such stream, or no ARN of one.
    std::optional<contracts::StreamRow> find(store::Txn& txn, std::string_view arn);
    // What was dropped of a shard so far: its last version. Zero: nothing.
    static store::Version trimmed(store::Txn& txn, const store::LogId& log);
    // All records of the shard are behind this version.
    store::Version before_first(store::Txn& txn, const contracts::StreamRow& row,
                                const contracts::StreamShardRow& shard);
    // The version of the shard's last durable record; that of before_first() when it has none.
    store::Version last(store::Txn& txn, const contracts::StreamRow& row,
                        const contracts::StreamShardRow& shard);
    // True when the row says "closed" and that is durable: then every record of the shard is, too,
    // and an empty read means the end. Does not wait.
    bool is_closed_durably(std::string_view arn, std::string_view shard_id);
    store::Store& store() { return store_; }
    const std::string& iterator_key() const { return iterator_key_; }

    Result<std::vector<contracts::StreamShard>> shards(std::string_view stream_arn) override;
    Result<contracts::StreamPage> read(std::string_view stream_arn, std::string_view shard_id,
                                       store::Version after, size_t count_max,
                                       size_t bytes_max) override;
    Result<store::Version> latest(std::string_view stream_arn, std::string_view shard_id) override;

private:
    Result<contracts::StreamRow> row_of(std::string_view arn);
    store::Store& store_;
    const Clock& clock_;
    std::string iterator_key_;
};

}  // namespace millrace::streams
