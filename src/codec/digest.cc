#include "codec/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>
#include <cstring>

#include "codec/hex.h"
#include "core/bytes.h"
#include "core/check.h"

namespace millrace::codec {
namespace {

// Fetching an algorithm costs more than a short digest: once per process, never freed.
const EVP_MD* algorithm(Digest::Algorithm which) {
    static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    static const EVP_MD* const kSha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    static const EVP_MD* const kMd5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
    const EVP_MD* md = which == Digest::Algorithm::kSha256 ? kSha256
                       : which == Digest::Algorithm::kSha1 ? kSha1
                                                           : kMd5;
    MR_ASSERT(md != nullptr);
    return md;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

std::string finish_digest(EVP_MD_CTX* context) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;
    MR_ASSERT(EVP_DigestFinal_ex(context, bytes.data(), &size) == 1);
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string one_shot(Digest::Algorithm which, std::string_view bytes) {
    thread_local const Context context(EVP_MD_CTX_new());
    MR_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm(which), nullptr) == 1);
    MR_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    return finish_digest(context.get());
}

// RFC 2104 over the fast one-shot contexts: OpenSSL 3's HMAC fetches anew for each call.
std::string hmac(Digest::Algorithm which, std::string_view key, std::string_view bytes) {
    constexpr size_t kBlock = 64;  // of SHA-1 and SHA-256
    thread_local const Context context(EVP_MD_CTX_new());
    std::array<char, kBlock> block{};
    std::string short_key;
    if (key.size() > kBlock) {
        short_key = one_shot(which, key);
        key = short_key;
    }
    if (!key.empty()) std::memcpy(block.data(), key.data(), key.size());
    for (char& c : block) c = static_cast<char>(c ^ 0x36);
    MR_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm(which), nullptr) == 1);
    EVP_DigestUpdate(context.get(), block.data(), kBlock);
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
    const std::string inner = finish_digest(context.get());
    for (char& c : block) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
    MR_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm(which), nullptr) == 1);
    EVP_DigestUpdate(context.get(), block.data(), kBlock);
    EVP_DigestUpdate(context.get(), inner.data(), inner.size());
    std::string result = finish_digest(context.get());
    OPENSSL_cleanse(block.data(), block.size());
    return result;
}

// Slicing-by-8 tables of a reflected polynomial.
template <class Word>
struct CrcTables {
    std::array<std::array<Word, 256>, 8> slices{};
    constexpr explicit CrcTables(Word polynomial) {
        for (unsigned i = 0; i < 256; ++i) {
            Word crc = static_cast<Word>(i);
            for (int bit = 0; bit < 8; ++bit)
                crc = (crc & 1) != 0 ? static_cast<Word>(crc >> 1 ^ polynomial) : crc >> 1;
            slices[0][i] = crc;
        }
        for (size_t s = 1; s < 8; ++s) {
            for (size_t i = 0; i < 256; ++i) {
                const Word before = slices[s - 1][i];
                slices[s][i] = static_cast<Word>(before >> 8 ^ slices[0][before & 0xff]);
            }
        }
    }
};
constexpr CrcTables<uint32_t> kCrc32c(0x82f63b78U);               // Castagnoli, reflected
constexpr CrcTables<uint64_t> kCrc64Nvme(0x9a6c9329ac4bc9b5ULL);  // NVMe, reflected

template <class Word>
Word crc(const CrcTables<Word>& tables, std::string_view bytes, Word previous) {
    Word value = static_cast<Word>(~previous);
    const char* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, at, 8);  // little-endian machines only, as every target of ours
        word ^= value;
        value = 0;
        for (size_t i = 0; i < 8; ++i) value ^= tables.slices[7 - i][word >> (8 * i) & 0xff];
    }
    for (; left > 0; --left, ++at) {
        value = static_cast<Word>(value >> 8 ^
                                  tables.slices[0][(value ^ static_cast<uint8_t>(*at)) & 0xff]);
    }
    return static_cast<Word>(~value);
}

}  // namespace

std::string sha256(std::string_view bytes) { return one_shot(Digest::Algorithm::kSha256, bytes); }
std::string sha1(std::string_view bytes) { return one_shot(Digest::Algorithm::kSha1, bytes); }
std::string md5(std::string_view bytes) { return one_shot(Digest::Algorithm::kMd5, bytes); }
std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }
std::string md5_hex(std::string_view bytes) { return hex_encode(md5(bytes)); }
std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    return hmac(Digest::Algorithm::kSha256, key, bytes);
}
std::string hmac_sha1(std::string_view key, std::string_view bytes) {
    return hmac(Digest::Algorithm::kSha1, key, bytes);
}

uint32_t crc32(std::string_view bytes, uint32_t previous) {
    return static_cast<uint32_t>(
        ::crc32_z(previous, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}
uint32_t crc32c(std::string_view bytes, uint32_t previous) { return crc(kCrc32c, bytes, previous); }
uint64_t crc64nvme(std::string_view bytes, uint64_t previous) {
    return crc(kCrc64Nvme, bytes, previous);
}
std::string checksum_bytes(uint32_t value) {
    std::string out;
    append_u32(out, value);
    return out;
}
std::string checksum_bytes(uint64_t value) {
    std::string out;
    append_u64(out, value);
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Digest::State {
    Algorithm which;
    Context context{EVP_MD_CTX_new()};
    void begin() const {
        MR_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm(which), nullptr) == 1);
    }
};

Digest::Digest(Algorithm which) : state_(std::make_unique<State>(which)) { state_->begin(); }
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
void Digest::update(std::string_view bytes) {
    MR_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}
std::string Digest::finish() {
    std::string result = finish_digest(state_->context.get());
    state_->begin();
    return result;
}

}  // namespace millrace::codec
