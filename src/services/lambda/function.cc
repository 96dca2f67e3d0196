#include "services/lambda/function.h"

#include <algorithm>
#include <bit>

#include "codec/hex.h"
#include "core/bytes.h"
#include "core/check.h"

namespace millrace::lambda {
namespace {

constexpr uint8_t kFormat = 1;
// Version numbers are padded to it in keys.
constexpr size_t kNumberDigits = 19;

// Every text and number of a function, in the order in which they stand on disk.
template <class F, class Text, class Number>
void visit_fields(F& f, const Text& text, const Number& number) {
    for (auto* field : {&f.account, &f.region, &f.name, &f.version, &f.description, &f.runtime,
                        &f.handler, &f.role, &f.code_blob, &f.code_sha256, &f.revision,
                        &f.dead_letter_arn, &f.published_revision}) {
        text(*field);
    }
    for (auto* field : {&f.code_bytes, &f.modified_ms, &f.last_version}) number(*field);
    for (auto* field : {&f.timeout_s, &f.memory_mb, &f.ephemeral_mb, &f.reserved_concurrency})
        number(*field);
}

store::Key key_of(const char* kind, std::string_view account, std::string_view region,
                  std::string sort) {
    return {store::Space::kFunctions,
            std::string(kind) + "/" + std::string(account) + "/" + std::string(region),
            std::move(sort)};
}
std::string joined(std::string_view name, std::string_view rest) {
    return std::string(name) + "/" + std::string(rest);
}

}  // namespace

std::shared_ptr<const contracts::FunctionSpec> Function::spec() const {
    auto spec = std::make_shared<contracts::FunctionSpec>();
    spec->account_id = account;
    spec->region = region;
    spec->name = name;
    spec->arn = arn();
    spec->version = version;
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
    visit_fields(
        function, [&](const std::string& text) { append_bytes(out, text); },
        [&](int64_t number) { append_u64(out, static_cast<uint64_t>(number)); });
    append_map(out, function.environment);
    append_map(out, function.tags);
    return out;
}

Function decode_function(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Function function;
    visit_fields(
        function, [&](std::string& text) { text = reader.bytes(); },
        [&](auto& number) {
            number = static_cast<std::remove_reference_t<decltype(number)>>(reader.u64());
        });
    function.environment = read_map(reader);
    function.tags = read_map(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return function;
}

std::string encode(const Alias& alias) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text :
         {&alias.name, &alias.version, &alias.description, &alias.revision})
        append_bytes(out, *text);
    append_varint(out, alias.weights.size());
    for (const auto& [version, weight] : alias.weights) {
        append_bytes(out, version);
        append_u64(out, std::bit_cast<uint64_t>(weight));
    }
    return out;
}

Alias decode_alias(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Alias alias;
    for (std::string* text : {&alias.name, &alias.version, &alias.description, &alias.revision})
        *text = reader.bytes();
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        std::string version(reader.bytes());
        alias.weights[std::move(version)] = std::bit_cast<double>(reader.u64());
    }
    MR_ASSERT(reader.ok() && reader.at_end());
    return alias;
}

std::string encode(const EventInvokeConfig& config) {
    std::string out;
    append_u8(out, kFormat);
    append_u64(out, static_cast<uint64_t>(config.modified_ms));
    append_u64(out, static_cast<uint64_t>(int64_t{config.retries_max}));
    append_u64(out, static_cast<uint64_t>(int64_t{config.age_max_s}));
    append_bytes(out, config.on_success);
    append_bytes(out, config.on_failure);
    return out;
}

EventInvokeConfig decode_event_invoke_config(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    EventInvokeConfig config;
    config.modified_ms = static_cast<int64_t>(reader.u64());
    config.retries_max = static_cast<int>(reader.u64());
    config.age_max_s = static_cast<int>(reader.u64());
    config.on_success = reader.bytes();
    config.on_failure = reader.bytes();
    MR_ASSERT(reader.ok() && reader.at_end());
    return config;
}

store::Key function_key(std::string_view account, std::string_view region, std::string_view name) {
    return {store::Space::kFunctions, std::string(account) + "/" + std::string(region),
            std::string(name)};
}
store::Key version_key(const Function& function, std::string_view number) {
    std::string padded(kNumberDigits - std::min(kNumberDigits, number.size()), '0');
    return key_of("version", function.account, function.region,
                  joined(function.name, padded.append(number)));
}
store::Key alias_key(const Function& function, std::string_view alias) {
    return key_of("alias", function.account, function.region, joined(function.name, alias));
}
store::Key policy_key(std::string_view account, std::string_view region, std::string_view name,
                      std::string_view qualifier) {
    return key_of("policy", account, region, joined(name, qualifier.empty() ? kLatest : qualifier));
}
store::Key event_invoke_config_key(const Function& function, std::string_view qualifier) {
    return key_of("async", function.account, function.region,
                  joined(function.name, qualifier.empty() ? kLatest : qualifier));
}
store::Key code_key(std::string_view blob_id) {
    return {store::Space::kFunctions, "code", std::string(blob_id)};
}

FunctionName parse_function_name(std::string_view text, std::string_view account,
                                 std::string_view region) {
    FunctionName name{std::string(account), std::string(region), {}, {}};
    const auto cut = [&text] {
        const size_t colon = text.find(':');
        const std::string_view piece = text.substr(0, colon);
        text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
        return std::string(piece);
    };
    constexpr std::string_view kArn = "arn:aws:lambda:";
    if (text.starts_with(kArn)) {
        text.remove_prefix(kArn.size());
        name.region = cut();
        name.account = cut();
    } else if (text.size() > 12 && text[12] == ':' && is_version_number(text.substr(0, 12))) {
        name.account = cut();
    }
    if (text.starts_with("function:")) text.remove_prefix(9);
    name.name = cut();
    name.qualifier = text;
    return name;
}

bool is_version_number(std::string_view qualifier) {
    return !qualifier.empty() && std::all_of(qualifier.begin(), qualifier.end(),
                                             [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace millrace::lambda
