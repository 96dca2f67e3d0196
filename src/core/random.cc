#include "core/random.h"

#include <sys/random.h>

#include <array>
#include <cstring>

#include "core/check.h"

namespace millrace {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Draws n characters of an alphabet of at most 64 letters without bias, by rejection.
std::string draw(Rng& rng, int n, std::string_view alphabet) {
    std::string out;
    out.reserve(static_cast<size_t>(n));
    std::array<uint8_t, 64> bytes;
    while (out.size() < static_cast<size_t>(n)) {
        rng.fill(bytes);
        for (const uint8_t byte : bytes) {
            const size_t index = byte & 63;
            if (index < alphabet.size() && out.size() < static_cast<size_t>(n))
                out += alphabet[index];
        }
    }
    return out;
}

}  // namespace

uint64_t Rng::next_u64() {
    std::array<uint8_t, 8> bytes;
    fill(bytes);
    uint64_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::string Rng::hex(int n) {
    MR_ASSERT(n % 2 == 0);
    std::string bytes(static_cast<size_t>(n / 2), '\0');
    fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    std::string out;
    out.reserve(static_cast<size_t>(n));
    for (const char c : bytes) {
        const auto byte = static_cast<uint8_t>(c);
        out += kHexDigits[byte >> 4];
        out += kHexDigits[byte & 15];
    }
    return out;
}

std::string Rng::uuid() {
    std::string digits = hex(32);
    digits[12] = '4';
    const char variant = digits[16];
    const int value = variant <= '9' ? variant - '0' : variant - 'a' + 10;
    digits[16] = kHexDigits[8 | (value & 3)];
    return digits.substr(0, 8) + '-' + digits.substr(8, 4) + '-' + digits.substr(12, 4) + '-' +
           digits.substr(16, 4) + '-' + digits.substr(20);
}

std::string Rng::upper_alnum(int n) {
    return draw(*this, n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

std::string Rng::base64_chars(int n) {
    return draw(*this, n, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

void SystemRng::fill(std::span<uint8_t> bytes) {
    struct Buffer {
        std::array<uint8_t, 4096> bytes;
        size_t used = sizeof bytes;
    };
    thread_local Buffer buffer;
    while (!bytes.empty()) {
        if (buffer.used == buffer.bytes.size()) {
            size_t got = 0;
            while (got < buffer.bytes.size()) {
                const ssize_t n =
                    getrandom(buffer.bytes.data() + got, buffer.bytes.size() - got, 0);
                MR_ASSERT(n > 0 || errno == EINTR);
                if (n > 0) got += static_cast<size_t>(n);
            }
            buffer.used = 0;
        }
        const size_t n = std::min(bytes.size(), buffer.bytes.size() - buffer.used);
        std::memcpy(bytes.data(), buffer.bytes.data() + buffer.used, n);
        // What was handed out (it may become a secret key) does not stay in memory here.
        std::memset(buffer.bytes.data() + buffer.used, 0, n);
        buffer.used += n;
        bytes = bytes.subspan(n);
    }
}

void SeededRng::fill(std::span<uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine_());
}

}  // namespace millrace
