#include "codec/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>
#include <memory>

#include "core/check.h"

namespace millrace::codec {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Seal::Seal(std::string_view key) {
    MR_ASSERT(key.size() == key_.size());
    std::memcpy(key_.data(), key.data(), key_.size());
}

Seal::~Seal() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::string Seal::close(std::string_view plain, std::string_view context, Rng& rng) const {
    std::string out(1 + kNonceBytes + plain.size() + kTagBytes, '\0');
    out[0] = kVersion;
    auto* nonce = reinterpret_cast<unsigned char*>(out.data() + 1);
    rng.fill({nonce, kNonceBytes});
    const Cipher cipher(EVP_CIPHER_CTX_new());
    MR_ASSERT(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) ==
              1);
    int length = 0;
    MR_ASSERT(EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(context),
                                static_cast<int>(context.size())) == 1);
    unsigned char* at = nonce + kNonceBytes;
    MR_ASSERT(EVP_EncryptUpdate(cipher.get(), at, &length, bytes_of(plain),
                                static_cast<int>(plain.size())) == 1);
    int tail = 0;
    MR_ASSERT(EVP_EncryptFinal_ex(cipher.get(), at + length, &tail) == 1);
    MR_ASSERT(static_cast<size_t>(length + tail) == plain.size());
    MR_ASSERT(
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, at + plain.size()) == 1);
    return out;
}

std::optional<std::string> Seal::open(std::string_view sealed, std::string_view context) const {
    if (sealed.size() < 1 + kNonceBytes + kTagBytes || sealed[0] != kVersion) return std::nullopt;
    const std::string_view nonce = sealed.substr(1, kNonceBytes);
    const std::string_view text =
        sealed.substr(1 + kNonceBytes, sealed.size() - 1 - kNonceBytes - kTagBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    const Cipher cipher(EVP_CIPHER_CTX_new());
    MR_ASSERT(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(),
                                 bytes_of(nonce)) == 1);
    int length = 0;
    MR_ASSERT(EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(context),
                                static_cast<int>(context.size())) == 1);
    std::string plain(text.size(), '\0');
    auto* at = reinterpret_cast<unsigned char*>(plain.data());
    MR_ASSERT(EVP_DecryptUpdate(cipher.get(), at, &length, bytes_of(text),
                                static_cast<int>(text.size())) == 1);
    MR_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
    int tail = 0;
    if (EVP_DecryptFinal_ex(cipher.get(), at + length, &tail) != 1) return std::nullopt;
    return plain;
}

}  // namespace millrace::codec
