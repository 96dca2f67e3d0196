// Seal: encryption of secrets at rest, AES-256-GCM with a random 12-byte nonce.
// Format (docs/formats): version byte 1, nonce (12), ciphertext, tag (16). `context` is bound to
// the text, not stored: a sealed value moved to another row does not open. Thread-safety: safe from
// any thread. Ownership: keeps the key, wiped when destroyed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/random.h"

namespace millrace::codec {

class Seal {
public:
    // `key`: 32 bytes (an assertion fails otherwise).
    explicit Seal(std::string_view key);
    ~Seal();
    Seal(const Seal&) = delete;
    Seal& operator=(const Seal&) = delete;

    std::string close(std::string_view plain, std::string_view context, Rng& rng) const;
    // Nothing: another key, another context, or altered bytes.
    std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

private:
    std::array<uint8_t, 32> key_{};
};

}  // namespace millrace::codec
