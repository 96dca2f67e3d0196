// SipHash-2-4 with 128 bits: the keyed hash of partition keys. Keyed, so that a client cannot
// choose keys that fall on one another; fast (about 1 ns a byte), since every item operation takes
// one. Thread-safety: a pure function. Source: Aumasson and Bernstein, "SipHash: a fast short-input
// PRF", with the 128-bit finalization of the reference description.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace millrace::dynamodb {

using HashKey = std::array<uint8_t, 16>;
using Hash16 = std::array<char, 16>;

Hash16 siphash128(const HashKey& key, std::string_view bytes);

}  // namespace millrace::dynamodb
