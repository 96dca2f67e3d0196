#include "services/dynamodb/siphash.h"

#include <bit>

namespace millrace::dynamodb {
namespace {

uint64_t load_le64(const void* from) {
    const auto* bytes = static_cast<const uint8_t*>(from);
    uint64_t value = 0;
    for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
    return value;
}

struct State {
    uint64_t v0, v1, v2, v3;
    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13);
        v1 ^= v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16);
        v3 ^= v2;
        v0 += v3;
        v3 = std::rotl(v3, 21);
        v3 ^= v0;
        v2 += v1;
        v1 = std::rotl(v1, 17);
        v1 ^= v2;
        v2 = std::rotl(v2, 32);
    }
    void absorb(uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
    uint64_t squeeze() {
        for (int i = 0; i < 4; ++i) round();
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

}  // namespace

Hash16 siphash128(const HashKey& key, std::string_view bytes) {
    const uint64_t k0 = load_le64(key.data());
    const uint64_t k1 = load_le64(key.data() + 8);
    State state{0x736f6d6570736575 ^ k0, 0x646f72616e646f6d ^ k1, 0x6c7967656e657261 ^ k0,
                0x7465646279746573 ^ k1};
    state.v1 ^= 0xee;
    const uint64_t size = bytes.size();
    while (bytes.size() >= 8) {
        state.absorb(load_le64(bytes.data()));
        bytes.remove_prefix(8);
    }
    uint64_t last = size << 56;
    for (size_t i = 0; i < bytes.size(); ++i) {
        last |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    }
    state.absorb(last);
    state.v2 ^= 0xee;
    const uint64_t low = state.squeeze();
    state.v1 ^= 0xdd;
    const uint64_t high = state.squeeze();
    Hash16 out;
    for (size_t i = 0; i < 8; ++i) {
        out[i] = static_cast<char>(low >> (8 * i));
        out[8 + i] = static_cast<char>(high >> (8 * i));
    }
    return out;
}

}  // namespace millrace::dynamodb
