// Digests, HMAC and checksums. Digest results are raw bytes in a string: hex_encode or
// base64_encode them. Thread-safety: functions are safe from any thread (contexts are per thread);
// a streaming object is confined to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::codec {

std::string sha256(std::string_view bytes);  // 32 bytes
std::string sha1(std::string_view bytes);    // 20 bytes
std::string md5(std::string_view bytes);     // 16 bytes
std::string sha256_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
std::string hmac_sha1(std::string_view key, std::string_view bytes);    // 20 bytes

// Checksums: pass the previous result to go on; begin with 0. Append big-endian to compare with
// S3's base64 texts: checksum_bytes.
uint32_t crc32(std::string_view bytes, uint32_t previous = 0);
uint32_t crc32c(std::string_view bytes, uint32_t previous = 0);
uint64_t crc64nvme(std::string_view bytes, uint64_t previous = 0);
std::string checksum_bytes(uint32_t crc);  // 4 bytes, big-endian
std::string checksum_bytes(uint64_t crc);  // 8 bytes, big-endian

// Equal without telling by its time where they differ.
bool constant_time_equal(std::string_view a, std::string_view b);

// A digest of bytes that come in pieces.
class Digest {
public:
    enum class Algorithm : uint8_t { kSha256, kSha1, kMd5 };
    explicit Digest(Algorithm algorithm);
    ~Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    void update(std::string_view bytes);
    // The digest; the object begins anew.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};
class Sha256 : public Digest {
public:
    Sha256() : Digest(Algorithm::kSha256) {}
};
class Sha1 : public Digest {
public:
    Sha1() : Digest(Algorithm::kSha1) {}
};
class Md5 : public Digest {
public:
    Md5() : Digest(Algorithm::kMd5) {}
};

}  // namespace millrace::codec
