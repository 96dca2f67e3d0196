#include "services/streams/position.h"

#include <fmt/format.h>

#include <charconv>

#include "codec/base64.h"
#include "codec/digest.h"
#include "core/bytes.h"

namespace millrace::streams {
namespace {

constexpr uint8_t kIteratorFormat = 1;
constexpr size_t kMacBytes = 16;
constexpr uint64_t kPlacesMax = 1'000'000;

}  // namespace

std::string sequence_number(store::Version version) {
    return fmt::format("1{:014}{:06}", version.major, version.minor % kPlacesMax);
}

std::optional<store::Version> parse_sequence_number(std::string_view text) {
    if (text.size() < 21 || text.size() > 40 || text[0] != '1') return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<uint64_t> {
        uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    };
    const auto major = number(text.substr(1, text.size() - 7));
    const auto minor = number(text.substr(text.size() - 6));
    if (!major || !minor) return std::nullopt;
    return store::Version{*major, *minor};
}

std::string make_iterator(const Iterator& iterator, std::string_view key) {
    std::string bytes;
    append_u8(bytes, kIteratorFormat);
    append_bytes(bytes, iterator.stream_arn);
    append_bytes(bytes, iterator.shard_id);
    append_u64(bytes, iterator.after.major);
    append_u64(bytes, iterator.after.minor);
    append_u64(bytes, static_cast<uint64_t>(iterator.made_ms));
    bytes += codec::hmac_sha256(key, bytes).substr(0, kMacBytes);
    return codec::base64_encode(bytes);
}

std::optional<Iterator> parse_iterator(std::string_view text, std::string_view key) {
    const auto bytes = codec::base64_decode(text);
    if (!bytes || bytes->size() < kMacBytes) return std::nullopt;
    const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kMacBytes);
    if (!codec::constant_time_equal(codec::hmac_sha256(key, body).substr(0, kMacBytes),
                                    std::string_view(*bytes).substr(body.size()))) {
        return std::nullopt;
    }
    ByteReader reader(body);
    if (reader.u8() != kIteratorFormat) return std::nullopt;
    Iterator iterator;
    iterator.stream_arn = reader.bytes();
    iterator.shard_id = reader.bytes();
    iterator.after.major = reader.u64();
    iterator.after.minor = reader.u64();
    iterator.made_ms = static_cast<int64_t>(reader.u64());
    if (!reader.ok()) return std::nullopt;
    return iterator;
}

}  // namespace millrace::streams
