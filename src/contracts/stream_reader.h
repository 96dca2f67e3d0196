// StreamReader: a table's stream as event source mappings see it. Implemented by services/streams.
// Thread-safety: safe from any thread; calls may block on the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/store.h"

namespace millrace::contracts {

struct StreamShard {
    std::string shard_id;   // "shardId-00000001769854830123-1a2b3c4d"
    std::string parent_id;  // empty: none
    bool closed = false;    // nothing more will be appended
    store::LogId log;
    std::string wake_key;  // WakeHub key signalled after records were appended
};

struct StreamRecord {
    store::Version version;
    std::string sequence_number;  // decimal, as clients see it
    TimePoint created;
    std::string event_json;  // the record of a Lambda event, eventSourceARN included
    std::string key_digest;  // equal for records of one item: the lane of ParallelizationFactor
};

struct StreamPage {
    std::vector<StreamRecord> records;
    // Where the next page begins; as asked for: there is nothing more at the moment. It may move
    // without records, over those that are too old.
    store::Version read_to;
};

class StreamReader {
public:
    virtual ~StreamReader() = default;
    // In lineage order, parents first. ResourceNotFoundException when there is no such stream.
    virtual Result<std::vector<StreamShard>> shards(std::string_view stream_arn) = 0;
    // Durable records behind `after`, at most `count_max` and about `bytes_max` bytes of JSON.
    virtual Result<StreamPage> read(std::string_view stream_arn, std::string_view shard_id,
                                    store::Version after, size_t count_max, size_t bytes_max) = 0;
    // The position from which only records appended from now on are read.
    virtual Result<store::Version> latest(std::string_view stream_arn,
                                          std::string_view shard_id) = 0;
};

}  // namespace millrace::contracts
