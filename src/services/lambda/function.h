// Functions and event source mappings as stored. Thread-safety: plain values.
// Layout: docs/formats/lambda.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contracts/function_runner.h"
#include "store/key.h"

namespace millrace::lambda {

struct Function {
    std::string account;
    std::string region;
    std::string name;
    std::string description;
    std::string runtime;
    std::string handler;
    std::string role;
    std::string code_blob;
    std::string code_sha256;  // raw, 32 bytes
    std::string revision;
    int64_t code_bytes = 0;
    int64_t modified_ms = 0;
    int timeout_s = 3;
    int memory_mb = 128;
    int ephemeral_mb = 512;
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> tags;

    std::string arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
    }
    std::shared_ptr<const contracts::FunctionSpec> spec() const;
};

struct Mapping {
    std::string uuid;
    std::string account;
    std::string region;
    std::string function;  // name
    std::string source_arn;
    std::string starting_position;  // streams
    std::string last_result;        // streams
    int64_t modified_ms = 0;
    int batch_size = 10;
    int window_s = 0;
    int retries_max = -1;
    int age_max_s = -1;
    bool bisect = false;
    bool partial_failures = false;  // FunctionResponseTypes: ReportBatchItemFailures
    bool enabled = true;

    bool of_queue() const { return source_arn.starts_with("arn:aws:sqs:"); }
    std::string function_arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":function:" + function;
    }
};

std::string encode(const Function& function);
std::string encode(const Mapping& mapping);
Function decode_function(std::string_view bytes);
Mapping decode_mapping(std::string_view bytes);

store::Key function_key(std::string_view account, std::string_view region, std::string_view name);
store::Key mapping_key(std::string_view account, std::string_view region, std::string_view uuid);
// Where a stream's mapping has got to: the version of the last record that is done.
store::Key position_key(std::string_view uuid, std::string_view shard_id);

// A function as a request names it: name, account:function:name, or ARN, each with a qualifier.
struct FunctionName {
    std::string account;
    std::string name;
    std::string qualifier;
};
FunctionName parse_function_name(std::string_view text, std::string_view account);

}  // namespace millrace::lambda
