// Reading and writing the binary formats on disk: big-endian integers (so that byte order is
// numeric order), varints and length-prefixed strings. Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

inline void append_u8(std::string& out, uint8_t v) { out.push_back(static_cast<char>(v)); }
inline void append_u16(std::string& out, uint16_t v) {
    out.push_back(static_cast<char>(v >> 8));
    out.push_back(static_cast<char>(v));
}
inline void append_u32(std::string& out, uint32_t v) {
    append_u16(out, static_cast<uint16_t>(v >> 16));
    append_u16(out, static_cast<uint16_t>(v));
}
inline void append_u64(std::string& out, uint64_t v) {
    append_u32(out, static_cast<uint32_t>(v >> 32));
    append_u32(out, static_cast<uint32_t>(v));
}
inline void append_varint(std::string& out, uint64_t v) {
    while (v >= 0x80) {
        out.push_back(static_cast<char>(v | 0x80));
        v >>= 7;
    }
    out.push_back(static_cast<char>(v));
}
// varint length, then the bytes.
inline void append_bytes(std::string& out, std::string_view bytes) {
    append_varint(out, bytes.size());
    out.append(bytes);
}

// Reads what the functions above wrote. After a read past the end ok() is false and every further
// read gives zero or an empty view: check once, at the end.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }
    uint64_t varint() {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const uint8_t byte = u8();
            value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        ok_ = false;
        return 0;
    }
    std::string_view take(uint64_t n) {
        if (n > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return taken;
    }
    std::string_view bytes() { return take(varint()); }

private:
    uint64_t number(int n) {
        const std::string_view raw = take(static_cast<uint64_t>(n));
        uint64_t value = 0;
        for (const char c : raw) value = value << 8 | static_cast<uint8_t>(c);
        return value;
    }
    std::string_view rest_;
    bool ok_ = true;
};

// varint count, then each key and value as bytes, in key order.
inline void append_map(std::string& out, const std::map<std::string, std::string>& map) {
    append_varint(out, map.size());
    for (const auto& [key, value] : map) {
        append_bytes(out, key);
        append_bytes(out, value);
    }
}
inline std::map<std::string, std::string> read_map(ByteReader& reader) {
    std::map<std::string, std::string> map;
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        std::string key(reader.bytes());
        map[std::move(key)] = reader.bytes();
    }
    return map;
}

}  // namespace millrace
