// DaxProxy: a DAX node before a DynamoDB endpoint elsewhere: `millrace dax`.
// Thread-safety: made, started and stopped by the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/remote_calls.h"
#include "core/result.h"
#include "net/tls.h"

namespace millrace::app {

struct DaxProxyOptions {
    std::string upstream;              // "https://host:port"
    std::string upstream_authorities;  // PEM file; empty: the system's
    std::string region = "us-east-1";
    client::RemoteCredential credential;  // for the upstream
    std::string credentials_file;         // read instead of `credential` when it is not empty
    std::string account = "123456789012";
    std::string cluster = "default";
    std::string listen = "127.0.0.1";
    uint16_t port = 8111;   // 0: none
    uint16_t tls_port = 0;  // 0: none
    std::optional<net::TlsFiles> tls;
    std::string keys_file;     // whom we serve
    bool development = false;  // instead: the keys test/test
    std::string data_dir;      // empty, only in development: in memory
};

class DaxProxy {
public:
    // The error's message is one line for the operator.
    static Result<std::unique_ptr<DaxProxy>> start(DaxProxyOptions options);
    virtual ~DaxProxy() = default;
    virtual std::string authority_file() const = 0;
    virtual void reload_certificates() = 0;
    virtual void stop() = 0;
};

}  // namespace millrace::app
