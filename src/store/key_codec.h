// Keys as one byte string whose order is that of (space, partition, sort):
//   space (1 byte), partition with 00 written as 00 FF, terminator 00 01, sort as it is.
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "store/key.h"

namespace millrace::store {

void append_key(std::string& out, KeyView key);
inline std::string encode_key(KeyView key) {
    std::string out;
    out.reserve(key.partition.size() + key.sort.size() + 8);
    append_key(out, key);
    return out;
}
// The first key behind every key of the partition.
std::string partition_end(Space space, std::string_view partition);

struct DecodedKey {
    Space space = Space::kSystem;
    std::string partition;
    std::string_view sort;  // into the encoded key
};
DecodedKey decode_key(std::string_view encoded);

}  // namespace millrace::store
