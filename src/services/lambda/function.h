// Functions, their versions and aliases as stored, and how requests name them.
// Thread-safety: plain values. Layout: docs/formats/lambda.md.
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

inline constexpr std::string_view kLatest = "$LATEST";

// $LATEST or a published version, which never changes again.
struct Function {
    std::string account;
    std::string region;
    std::string name;
    std::string version = std::string(kLatest);
    std::string description;
    std::string runtime;
    std::string handler;
    std::string role;
    std::string code_blob;
    std::string code_sha256;  // raw, 32 bytes
    std::string revision;
    std::string dead_letter_arn;  // an SQS queue; empty: none
    int64_t code_bytes = 0;
    int64_t modified_ms = 0;
    int timeout_s = 3;
    int memory_mb = 128;
    int ephemeral_mb = 512;
    // Of the function as a whole; only those of $LATEST count.
    int reserved_concurrency = -1;   // -1: none
    int64_t last_version = 0;        // the number published last
    std::string published_revision;  // of $LATEST when it was published last
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> tags;  // of $LATEST

    std::string arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
    }
    // With the version, but for $LATEST.
    std::string version_arn() const { return version == kLatest ? arn() : arn() + ":" + version; }
    std::shared_ptr<const contracts::FunctionSpec> spec() const;
};

struct Alias {
    std::string name;
    std::string version;
    std::string description;
    std::string revision;
    std::map<std::string, double> weights;  // at most one: another version and its share
};

// Where and how often asynchronous events go, and the queues and functions that hear of it.
struct EventInvokeConfig {
    int64_t modified_ms = 0;
    int retries_max = -1;  // -1: not set, so 2
    int age_max_s = -1;    // -1: not set, so 6 h
    std::string on_success;
    std::string on_failure;
};

std::string encode(const Function& function);
std::string encode(const Alias& alias);
std::string encode(const EventInvokeConfig& config);
Function decode_function(std::string_view bytes);
Alias decode_alias(std::string_view bytes);
EventInvokeConfig decode_event_invoke_config(std::string_view bytes);

// Space::kFunctions.
store::Key function_key(std::string_view account, std::string_view region, std::string_view name);
// `number` decimal; sorted as numbers.
store::Key version_key(const Function& function, std::string_view number);
store::Key alias_key(const Function& function, std::string_view alias);
// The policy (JSON) and the asynchronous configuration of a function ("$LATEST"), version or alias.
store::Key policy_key(std::string_view account, std::string_view region, std::string_view name,
                      std::string_view qualifier);
store::Key event_invoke_config_key(const Function& function, std::string_view qualifier);
// How many rows refer to a blob of code.
store::Key code_key(std::string_view blob_id);

// A function as a request names it: name, account:function:name, or ARN, each with a qualifier.
struct FunctionName {
    std::string account;
    std::string region;
    std::string name;
    std::string qualifier;  // empty: none

    std::string arn() const {
        return "arn:aws:lambda:" + region + ":" + account + ":function:" + name +
               (qualifier.empty() ? "" : ":" + qualifier);
    }
};
FunctionName parse_function_name(std::string_view text, std::string_view account,
                                 std::string_view region);
bool is_version_number(std::string_view qualifier);

}  // namespace millrace::lambda
