// Rng: the only source of randomness for services; seeded in tests. Ids that clients see.
// Thread-safety: SystemRng and SeededRng are safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>

namespace millrace {

class Rng {
public:
    virtual ~Rng() = default;
    virtual void fill(std::span<uint8_t> bytes) = 0;

    uint64_t next_u64();
    // n lower-case hexadecimal digits (n even).
    std::string hex(int n);
    // A random UUID, lower case, version 4.
    std::string uuid();
    // n characters of A-Z 0-9 (uniform), e.g. request ids and the tail of access key ids.
    std::string upper_alnum(int n);
    // n characters of A-Z a-z 0-9 + / (uniform), e.g. secret keys.
    std::string base64_chars(int n);
};

// Cryptographically secure (getrandom), buffered per thread.
class SystemRng final : public Rng {
public:
    void fill(std::span<uint8_t> bytes) override;
};

class SeededRng final : public Rng {
public:
    explicit SeededRng(uint64_t seed) : engine_(seed) {}
    void fill(std::span<uint8_t> bytes) override;

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

}  // namespace millrace
