// What tests of nodes share: a key, rights, held calls of an upstream, and requests as bytes.
// Thread-safety: OneKey and AllowAll as their interfaces; the rest are pure functions.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "auth/sigv4.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "contracts/authorization.h"
#include "contracts/credentials.h"
#include "contracts/operation.h"
#include "dax/wire/cbor.h"
#include "dax/wire/methods.h"
#include "net/loopback_client.h"

namespace millrace::dax::testing {

inline constexpr std::string_view kKey = "AKIATEST";
inline constexpr std::string_view kSecret = "SECRET";

class OneKey final : public contracts::CredentialSource {
public:
    OneKey() {
        auto caller = std::make_shared<contracts::Caller>();
        caller->arn = "arn:aws:iam::000000000000:user/u";
        auto credential = std::make_shared<contracts::Credential>();
        credential->access_key_id = kKey;
        credential->secret_access_key = kSecret;
        credential->caller = caller;
        credential_ = credential;
    }
    std::shared_ptr<const contracts::Credential> find(std::string_view key) override {
        return key == kKey && active ? credential_ : nullptr;
    }
    std::atomic<bool> active{true};

private:
    std::shared_ptr<const contracts::Credential> credential_;
};

class AllowAll final : public contracts::Authorizer {
public:
    contracts::Decision decide(const contracts::Caller&, const contracts::AuthzRequest& request,
                               const contracts::RequestFacts&) const override {
        return {request.action == denied ? contracts::DecisionKind::kImplicitDeny
                                         : contracts::DecisionKind::kAllow};
    }
    std::string denied;
};

template <class Input, class Output>
class HeldCall final : public contracts::OperationCall {
public:
    void* input() override { return &in; }
    Result<void> check() override { return {}; }
    Result<void> authorize(contracts::OpContext&, contracts::AuthzRequests&) override { return {}; }
    contracts::Outcome<std::monostate> run(contracts::OpContext&) override {
        return std::monostate{};
    }
    const void* output() const override { return &out; }
    void* mutable_output() override { return &out; }
    Input in;
    Output out;
};

inline std::string begin(Method method) {
    std::string out;
    cbor::append_int(out, kServiceId);
    cbor::append_int(out, static_cast<int64_t>(method));
    return out;
}

inline std::string handshake(int layering = 0) {
    std::string out;
    cbor::append_text(out, kMagic);
    cbor::append_int(out, layering);
    cbor::append_null(out);
    cbor::append_map(out, 0);
    cbor::append_int(out, 0);
    return out;
}

inline std::string get_item(std::string_view key) {
    std::string out = begin(Method::kGetItem);
    cbor::append_bytes(out, "T");
    cbor::append_bytes(out, key);
    cbor::append_null(out);
    return out;
}

inline std::string authorize(const Clock& clock, std::string_view secret = kSecret) {
    const std::string stamp = format_amz_date(clock.now());
    const std::string date = stamp.substr(0, 8);
    const std::string canonical = "POST\n/\n\nhost:dax.amazonaws.com\nx-amz-date:" + stamp +
                                  "\n\nhost;x-amz-date\n" + codec::sha256_hex("");
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + stamp + "\n" + date +
                                "/us-east-1/dax/aws4_request\n" + codec::sha256_hex(canonical);
    const auth::SigningKey key = auth::derive_signing_key(secret, date, "us-east-1", "dax");
    std::string out = begin(Method::kAuthorizeConnection);
    cbor::append_text(out, kKey);
    cbor::append_text(out, codec::hex_encode(codec::hmac_sha256(
                               {reinterpret_cast<const char*>(key.data()), key.size()}, to_sign)));
    cbor::append_bytes(out, to_sign);
    cbor::append_null(out);
    cbor::append_null(out);
    return out;
}

// One whole answer: `items` items.
inline std::string answer(net::LoopbackClient& client, size_t items) {
    std::string bytes;
    cbor::Scanner scanner;
    while (scanner.scan(bytes, items) == cbor::Scanner::Status::kNeedMore) {
        const std::string more = client.read(1);
        if (more.empty()) return "closed";
        bytes += more;
    }
    return bytes;
}

inline std::string ask(net::LoopbackClient& client, const std::string& request) {
    client.send(request);
    return codec::hex_encode(answer(client, 2));
}

}  // namespace millrace::dax::testing
