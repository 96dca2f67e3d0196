// Event source mappings as stored, and how far they have got.
// Thread-safety: plain values. Layout: docs/formats/lambda.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.h"
#include "store/store.h"

namespace millrace::lambda {

struct Mapping {
    std::string uuid;
    std::string account;
    std::string region;
    std::string function;   // name
    std::string qualifier;  // empty: none
    std::string source_arn;
    std::string starting_position;  // streams
    std::string on_failure;         // ARN of a queue; streams
    std::vector<std::string> filters;
    std::map<std::string, std::string> tags;
    // Grows with every change: lanes of an older one must not write any more.
    uint64_t generation = 0;
    int64_t modified_ms = 0;
    int batch_size = 10;
    int window_s = 0;
    int retries_max = -1;
    int age_max_s = -1;
    int parallelization = 1;  // streams
    int concurrency_max = 0;  // queues; 0: not set
    bool bisect = false;
    bool partial_failures = false;  // FunctionResponseTypes: ReportBatchItemFailures
    bool enabled = true;

    bool of_queue() const { return source_arn.starts_with("arn:aws:sqs:"); }
    bool of_fifo_queue() const { return of_queue() && source_arn.ends_with(".fifo"); }
    std::string arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":event-source-mapping:" + uuid;
    }
    std::string function_arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":function:" + function +
               (qualifier.empty() ? "" : ":" + qualifier);
    }
};

std::string encode(const Mapping& mapping);
Mapping decode_mapping(std::string_view bytes);
// The version of the last record that is done.
std::string encode_position(store::Version done);
store::Version decode_position(std::string_view bytes);

// Space::kMappings.
store::Key mapping_key(std::string_view account, std::string_view region, std::string_view uuid);
// Where a lane of a stream's shard has got to; one partition has all of a mapping.
std::string position_partition(const Mapping& mapping);
store::Key position_key(const Mapping& mapping, std::string_view shard_id, int lane, int lanes);
// LastProcessingResult of a stream's mapping.
store::Key result_key(const Mapping& mapping);

}  // namespace millrace::lambda
