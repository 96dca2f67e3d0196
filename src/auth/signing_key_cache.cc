#include "auth/signing_key_cache.h"

#include <functional>

#include "codec/digest.h"

namespace millrace::auth {

SigningKey derive_signing_key(std::string_view secret_access_key, std::string_view date_yyyymmdd,
                              std::string_view region, std::string_view service) {
    std::string secret = "AWS4";
    secret += secret_access_key;
    codec::Sha256Bytes key = codec::HmacKey(secret).sign(date_yyyymmdd);
    codec::wipe(secret.data(), secret.size());
    for (const std::string_view part : {region, service, std::string_view("aws4_request")}) {
        key = codec::HmacKey(codec::view_of(key)).sign(part);
    }
    return key;
}

DerivedKey::DerivedKey(const SigningKey& key) : hmac(codec::view_of(key)), raw(key) {}

DerivedKey::DerivedKey(std::string_view secret, std::string_view date, std::string_view region,
                       std::string_view service)
    : DerivedKey(derive_signing_key(secret, date, region, service)) {}

SigningKeyCache& SigningKeyCache::of_this_thread() {
    thread_local SigningKeyCache cache;
    return cache;
}

SigningKeyCache::~SigningKeyCache() {
    for (Slot& slot : slots_) codec::wipe(slot.secret.data(), slot.secret.size());
}

const DerivedKey& SigningKeyCache::get(std::string_view access_key_id, std::string_view secret,
                                       std::string_view date, std::string_view region,
                                       std::string_view service) {
    const std::hash<std::string_view> hash;
    const size_t mixed =
        hash(access_key_id) ^ hash(region) * 31 ^ hash(service) * 131 ^ hash(date) * 1031;
    Slot& slot = slots_[mixed % kSlots];
    const bool same = slot.key != nullptr && slot.access_key_id == access_key_id &&
                      slot.date == date && slot.region == region && slot.service == service &&
                      codec::constant_time_equal(slot.secret, secret);
    if (same) return *slot.key;
    codec::wipe(slot.secret.data(), slot.secret.size());
    slot.access_key_id = access_key_id;
    slot.secret = secret;
    slot.date = date;
    slot.region = region;
    slot.service = service;
    slot.key = std::make_unique<const DerivedKey>(secret, date, region, service);
    return *slot.key;
}

}  // namespace millrace::auth
