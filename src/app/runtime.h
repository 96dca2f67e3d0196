// Runtime: a whole server, wired. The only place that knows every concrete type.
// Thread-safety: made, started and stopped by the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "net/tls.h"

namespace millrace::app {

struct RuntimeOptions {
    std::optional<std::string> data_dir;  // nothing: in memory
    std::string listen = "127.0.0.1";
    uint16_t port = 4566;
    std::string account = "123456789012";
    std::string region = "us-east-1";
    double stream_shard_rate = 1000;  // records a second above which a stream's shard is split
    bool development = false;         // keys test/test
    // Of a DAX node; 0: none. In development, where it is taken by somebody: none.
    uint16_t dax_port = 0;
    // As whom that node uses the tables; empty: as the account's root.
    std::string dax_role;
    // Where nodes of clusters listen that DAX's control plane makes.
    uint16_t dax_ports_first = 8200;
    uint16_t dax_ports_last = 8299;
    // Of a DAX node's items and queries together.
    uint64_t dax_node_memory_bytes = uint64_t{512} << 20;
    // The same over TLS; 0: none.
    uint16_t tls_port = 0;
    uint16_t dax_tls_port = 0;
    std::string tls_listen;  // empty: as `listen`
    // The operator's certificate; nothing: one of our own authority, kept in the data folder.
    std::optional<net::TlsFiles> tls;
    // The root key of a fresh folder, if the environment names it.
    std::string root_access_key_id;
    std::string root_secret_access_key;
};

class Runtime {
public:
    // Opens, recovers, listens. The error's message is one line for the operator.
    static Result<std::unique_ptr<Runtime>> start(RuntimeOptions options);
    virtual ~Runtime() = default;
    virtual uint16_t port() const = 0;
    // Of the DAX node; 0: there is none.
    virtual uint16_t dax_port() const = 0;
    // The certificate of the authority that clients must trust; empty: the operator's own is used,
    // or no TLS at all.
    virtual std::string authority_file() const = 0;
    // Reads certificates again that were changed on disk.
    virtual void reload_certificates() = 0;
    // Lets requests in flight end, makes everything durable, ends all threads.
    virtual void stop() = 0;
    // Operations that are served, and those that the models have beside them, one a line.
    virtual std::string print_operations() const = 0;
};

}  // namespace millrace::app
