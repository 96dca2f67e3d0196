// Signing keys derived per thread: (access key, date, region, service) -> HMAC state. Inside auth.
// Thread-safety: one cache a thread, never shared. Bounded: kSlots entries, a newer one takes the
// place of an older one with the same hash. Keys are wiped when they go.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "auth/sigv4.h"
#include "codec/hmac_key.h"

namespace millrace::auth {

struct DerivedKey {
    codec::HmacKey hmac;
    SigningKey raw{};

    DerivedKey(std::string_view secret, std::string_view date, std::string_view region,
               std::string_view service);
    ~DerivedKey() { codec::wipe(raw.data(), raw.size()); }
    DerivedKey(const DerivedKey&) = delete;
    DerivedKey& operator=(const DerivedKey&) = delete;

private:
    explicit DerivedKey(const SigningKey& key);
};

class SigningKeyCache {
public:
    static constexpr size_t kSlots = 256;

    // Valid until the next call on this thread. An entry whose secret differs is made anew.
    const DerivedKey& get(std::string_view access_key_id, std::string_view secret,
                          std::string_view date, std::string_view region, std::string_view service);
    static SigningKeyCache& of_this_thread();

    SigningKeyCache() = default;
    ~SigningKeyCache();
    SigningKeyCache(const SigningKeyCache&) = delete;
    SigningKeyCache& operator=(const SigningKeyCache&) = delete;

private:
    struct Slot {
        std::string access_key_id;
        std::string secret;
        std::string date;
        std::string region;
        std::string service;
        std::unique_ptr<const DerivedKey> key;
    };
    std::array<Slot, kSlots> slots_;
};

}  // namespace millrace::auth
