#include "codec/hmac_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>

#include "core/check.h"

namespace millrace::codec {
namespace {

constexpr size_t kBlockBytes = 64;

const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    MR_ASSERT(kSha256 != nullptr);
    return kSha256;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

EVP_MD_CTX* scratch() {
    thread_local const Context context(EVP_MD_CTX_new());
    return context.get();
}

Sha256Bytes finish(EVP_MD_CTX* context) {
    Sha256Bytes out;
    unsigned int size = 0;
    MR_ASSERT(EVP_DigestFinal_ex(context, out.data(), &size) == 1 && size == out.size());
    return out;
}

}  // namespace

Sha256Bytes sha256_bytes(std::string_view bytes) {
    EVP_MD_CTX* context = scratch();
    MR_ASSERT(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
    MR_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
    return finish(context);
}

void hex_of(const Sha256Bytes& digest, std::array<char, 64>& out) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (size_t i = 0; i < digest.size(); ++i) {
        out[2 * i] = kDigits[digest[i] >> 4];
        out[2 * i + 1] = kDigits[digest[i] & 15];
    }
}

void wipe(void* memory, size_t size_bytes) { OPENSSL_cleanse(memory, size_bytes); }

struct HmacKey::State {
    Context inner{EVP_MD_CTX_new()};
    Context outer{EVP_MD_CTX_new()};
};

HmacKey::HmacKey(std::string_view key) : state_(std::make_unique<State>()) {
    std::array<char, kBlockBytes> block{};
    if (key.size() > kBlockBytes) {
        const Sha256Bytes hashed = sha256_bytes(key);
        std::memcpy(block.data(), hashed.data(), hashed.size());
    } else if (!key.empty()) {
        std::memcpy(block.data(), key.data(), key.size());
    }
    for (char& c : block) c = static_cast<char>(c ^ 0x36);
    MR_ASSERT(EVP_DigestInit_ex2(state_->inner.get(), sha256_algorithm(), nullptr) == 1);
    MR_ASSERT(EVP_DigestUpdate(state_->inner.get(), block.data(), block.size()) == 1);
    for (char& c : block) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
    MR_ASSERT(EVP_DigestInit_ex2(state_->outer.get(), sha256_algorithm(), nullptr) == 1);
    MR_ASSERT(EVP_DigestUpdate(state_->outer.get(), block.data(), block.size()) == 1);
    wipe(block.data(), block.size());
}

HmacKey::~HmacKey() = default;
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;

Sha256Bytes HmacKey::sign(std::string_view bytes) const {
    EVP_MD_CTX* context = scratch();
    MR_ASSERT(EVP_MD_CTX_copy_ex(context, state_->inner.get()) == 1);
    MR_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
    const Sha256Bytes inner = finish(context);
    MR_ASSERT(EVP_MD_CTX_copy_ex(context, state_->outer.get()) == 1);
    MR_ASSERT(EVP_DigestUpdate(context, inner.data(), inner.size()) == 1);
    return finish(context);
}

}  // namespace millrace::codec
