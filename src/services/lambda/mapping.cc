#include "services/lambda/mapping.h"

#include "core/bytes.h"
#include "core/check.h"

namespace millrace::lambda {
namespace {

constexpr uint8_t kFormat = 1;

// Texts, numbers and flags in the order in which they stand on disk.
template <class M, class Text, class Number, class Flag>
void visit_fields(M& m, const Text& text, const Number& number, const Flag& flag) {
    for (auto* field : {&m.uuid, &m.account, &m.region, &m.function, &m.qualifier, &m.source_arn,
                        &m.starting_position, &m.on_failure}) {
        text(*field);
    }
    for (auto* field : {&m.batch_size, &m.window_s, &m.retries_max, &m.age_max_s,
                        &m.parallelization, &m.concurrency_max}) {
        number(*field);
    }
    for (auto* field : {&m.bisect, &m.partial_failures, &m.enabled}) flag(*field);
}

}  // namespace

std::string encode(const Mapping& mapping) {
    std::string out;
    append_u8(out, kFormat);
    append_u64(out, mapping.generation);
    append_u64(out, static_cast<uint64_t>(mapping.modified_ms));
    visit_fields(
        mapping, [&](const std::string& text) { append_bytes(out, text); },
        [&](int number) { append_u64(out, static_cast<uint64_t>(int64_t{number})); },
        [&](bool flag) { append_u8(out, flag ? 1 : 0); });
    append_varint(out, mapping.filters.size());
    for (const std::string& filter : mapping.filters) append_bytes(out, filter);
    append_map(out, mapping.tags);
    return out;
}

Mapping decode_mapping(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    Mapping mapping;
    mapping.generation = reader.u64();
    mapping.modified_ms = static_cast<int64_t>(reader.u64());
    visit_fields(
        mapping, [&](std::string& text) { text = reader.bytes(); },
        [&](int& number) { number = static_cast<int>(reader.u64()); },
        [&](bool& flag) { flag = reader.u8() != 0; });
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n)
        mapping.filters.emplace_back(reader.bytes());
    mapping.tags = read_map(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return mapping;
}

std::string encode_position(store::Version done) {
    std::string out;
    append_u8(out, kFormat);
    append_u64(out, done.major);
    append_u64(out, done.minor);
    return out;
}

store::Version decode_position(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    const uint64_t major = reader.u64();
    return {major, reader.u64()};
}

store::Key mapping_key(std::string_view account, std::string_view region, std::string_view uuid) {
    return {store::Space::kMappings, "mapping/" + std::string(account) + "/" + std::string(region),
            std::string(uuid)};
}
std::string position_partition(const Mapping& mapping) { return "position/" + mapping.uuid; }
store::Key position_key(const Mapping& mapping, std::string_view shard_id, int lane, int lanes) {
    return {store::Space::kMappings, position_partition(mapping),
            std::string(shard_id) + "/" + std::to_string(lanes) + "." + std::to_string(lane)};
}
store::Key result_key(const Mapping& mapping) {
    return {store::Space::kMappings, "result", mapping.uuid};
}

}  // namespace millrace::lambda
