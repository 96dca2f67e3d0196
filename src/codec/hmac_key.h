// HmacKey: an HMAC-SHA-256 key whose inner and outer states are kept, for keys that are used many
// times (signing keys): about a quarter of the cost of a one-shot HMAC. And SHA-256 into an array.
// Thread-safety: sign() may be called from several threads at once; the rest is confined.
// Ownership: owns its states; they are wiped when freed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace millrace::codec {

using Sha256Bytes = std::array<uint8_t, 32>;

Sha256Bytes sha256_bytes(std::string_view bytes);
// 64 lower-case hexadecimal digits.
void hex_of(const Sha256Bytes& digest, std::array<char, 64>& out);
inline std::string_view view_of(const Sha256Bytes& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
// Overwrites memory that held a secret, in a way that the compiler keeps.
void wipe(void* memory, size_t size_bytes);

class HmacKey {
public:
    explicit HmacKey(std::string_view key);
    ~HmacKey();
    HmacKey(HmacKey&&) noexcept;
    HmacKey& operator=(HmacKey&&) noexcept;

    Sha256Bytes sign(std::string_view bytes) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace millrace::codec
