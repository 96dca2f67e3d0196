#include "services/lambda/function.h"

#include "codec/hex.h"
#include "core/bytes.h"
#include "core/check.h"

namespace millrace::lambda {
namespace {

constexpr uint8_t kFormat = 1;

}  // namespace

std::shared_ptr<const contracts::FunctionSpec> Function::spec() const {
    auto spec = std::make_shared<contracts::FunctionSpec>();
    spec->account_id = account;
    spec->region = region;
    spec->name = name;
    spec->arn = arn();
    spec->version = "$LATEST";
    spec->revision = revision;
    spec->runtime = runtime;
    spec->handler = handler;
    spec->role_arn = role;
    spec->code_blob_id = code_blob;
    spec->code_sha256 = codec::hex_encode(code_sha256);
    spec->memory_mb = memory_mb;
    spec->timeout_seconds = timeout_s;
    spec->ephemeral_storage_mb = ephemeral_mb;
    spec->environment = environment;
    spec->log_group = "/aws/lambda/" + name;
    return spec;
}

std::string encode(const Function& function) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text :
         {&function.account, &function.region, &function.name, &function.description,
          &function.runtime, &function.handler, &function.role, &function.code_blob,
          &function.code_sha256, &function.revision}) {
        append_bytes(out, *text);
    }
    for (const int64_t number :
         {function.code_bytes, function.modified_ms, int64_t{function.timeout_s},
          int64_t{function.memory_mb}, int64_t{function.ephemeral_mb}}) {
        append_u64(out, static_cast<uint64_t>(number));
    }
    append_map(out, function.environment);
    append_map(out, function.tags);
    return out;
}

Function decode_function(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Function function;
    for (std::string* text :
         {&function.account, &function.region, &function.name, &function.description,
          &function.runtime, &function.handler, &function.role, &function.code_blob,
          &function.code_sha256, &function.revision}) {
        *text = reader.bytes();
    }
    function.code_bytes = static_cast<int64_t>(reader.u64());
    function.modified_ms = static_cast<int64_t>(reader.u64());
    function.timeout_s = static_cast<int>(reader.u64());
    function.memory_mb = static_cast<int>(reader.u64());
    function.ephemeral_mb = static_cast<int>(reader.u64());
    function.environment = read_map(reader);
    function.tags = read_map(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return function;
}

std::string encode(const Mapping& mapping) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text :
         {&mapping.uuid, &mapping.account, &mapping.region, &mapping.function, &mapping.source_arn,
          &mapping.starting_position, &mapping.last_result}) {
        append_bytes(out, *text);
    }
    for (const int64_t number :
         {mapping.modified_ms, int64_t{mapping.batch_size}, int64_t{mapping.window_s},
          int64_t{mapping.retries_max}, int64_t{mapping.age_max_s}}) {
        append_u64(out, static_cast<uint64_t>(number));
    }
    for (const bool flag : {mapping.bisect, mapping.partial_failures, mapping.enabled})
        append_u8(out, flag ? 1 : 0);
    return out;
}

Mapping decode_mapping(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Mapping mapping;
    for (std::string* text :
         {&mapping.uuid, &mapping.account, &mapping.region, &mapping.function, &mapping.source_arn,
          &mapping.starting_position, &mapping.last_result}) {
        *text = reader.bytes();
    }
    mapping.modified_ms = static_cast<int64_t>(reader.u64());
    mapping.batch_size = static_cast<int>(reader.u64());
    mapping.window_s = static_cast<int>(reader.u64());
    mapping.retries_max = static_cast<int>(reader.u64());
    mapping.age_max_s = static_cast<int>(reader.u64());
    for (bool* flag : {&mapping.bisect, &mapping.partial_failures, &mapping.enabled})
        *flag = reader.u8() != 0;
    MR_ASSERT(reader.ok() && reader.at_end());
    return mapping;
}

store::Key function_key(std::string_view account, std::string_view region, std::string_view name) {
    return {store::Space::kFunctions, std::string(account) + "/" + std::string(region),
            std::string(name)};
}
store::Key mapping_key(std::string_view account, std::string_view region, std::string_view uuid) {
    return {store::Space::kMappings, "mapping/" + std::string(account) + "/" + std::string(region),
            std::string(uuid)};
}
store::Key position_key(std::string_view uuid, std::string_view shard_id) {
    return {store::Space::kMappings, "position", std::string(uuid) + "/" + std::string(shard_id)};
}

FunctionName parse_function_name(std::string_view text, std::string_view account) {
    FunctionName name{std::string(account), {}, {}};
    if (text.starts_with("arn:aws:lambda:")) {
        text.remove_prefix(15);
        text.remove_prefix(std::min(text.size(), text.find(':') + 1));
        name.account = text.substr(0, text.find(':'));
        text.remove_prefix(std::min(text.size(), text.find(':') + 1));
    } else if (text.size() > 13 && text.substr(12, 10) == ":function:") {
        name.account = text.substr(0, 12);
        text.remove_prefix(13);
    }
    if (text.starts_with("function:")) text.remove_prefix(9);
    const size_t colon = text.find(':');
    name.name = text.substr(0, colon);
    if (colon != std::string_view::npos) name.qualifier = text.substr(colon + 1);
    return name;
}

}  // namespace millrace::lambda
