#include "store/key_codec.h"

#include "core/check.h"

namespace millrace::store {
namespace {

void append_escaped(std::string& out, std::string_view partition) {
    for (;;) {
        const size_t zero = partition.find('\0');
        out.append(partition.substr(0, zero));
        if (zero == std::string_view::npos) return;
        out.append("\x00\xff", 2);
        partition.remove_prefix(zero + 1);
    }
}

}  // namespace

void append_key(std::string& out, KeyView key) {
    out.push_back(static_cast<char>(key.space));
    append_escaped(out, key.partition);
    out.append("\x00\x01", 2);
    out.append(key.sort);
}

std::string partition_end(Space space, std::string_view partition) {
    std::string out(1, static_cast<char>(space));
    append_escaped(out, partition);
    out.append("\x00\x02", 2);
    return out;
}

DecodedKey decode_key(std::string_view encoded) {
    DecodedKey key;
    MR_ASSERT(!encoded.empty());
    key.space = static_cast<Space>(encoded[0]);
    encoded.remove_prefix(1);
    for (;;) {
        const size_t zero = encoded.find('\0');
        MR_ASSERT(zero != std::string_view::npos && zero + 1 < encoded.size());
        key.partition.append(encoded.substr(0, zero));
        const char mark = encoded[zero + 1];
        encoded.remove_prefix(zero + 2);
        if (mark == '\x01') break;
        key.partition.push_back('\0');
    }
    key.sort = encoded;
    return key;
}

}  // namespace millrace::store
