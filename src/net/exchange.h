// Exchange: one request as a handler sees it, and Handler: what a server calls for each request.
// Thread-safety: an Exchange belongs to its connection's io thread; a Handler is called from all io
// threads at once. Ownership: the Exchange lives until the handler's task has ended.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"
#include "net/async.h"
#include "net/inbox.h"

namespace millrace::net {

enum class BodyStatus : uint8_t {
    kOk,
    kPending,    // try_read_body only: not all of it is here yet
    kTooLarge,   // more than the limit; the connection will be closed after the answer
    kNoMemory,   // the server's budget for bodies is used up; the same
    kMalformed,  // the chunked framing is broken; the same
    kClosed,     // the client went away or was too slow: no answer will reach it
};

struct BodyPiece {
    BodyStatus status = BodyStatus::kOk;
    std::string_view bytes;  // valid until the next read; empty with kOk: the body's end
};

class Exchange {
public:
    virtual ~Exchange() = default;
    virtual const HttpRequest& request() const = 0;
    virtual bool has_body() const = 0;
    virtual bool chunked() const = 0;             // the length is not known
    virtual uint64_t content_length() const = 0;  // 0 when chunked or without a body

    // The whole body in memory. kOk: body() holds it. The first read of a body, of either kind,
    // is what a client that sent "Expect: 100-continue" waits for.
    virtual BodyStatus try_read_body(uint64_t bytes_max) = 0;  // never suspends
    virtual Task<BodyStatus> read_body(uint64_t bytes_max) = 0;
    // May be changed or moved from. Has 64 bytes of capacity to spare.
    virtual std::string& body() = 0;

    // The next part of the body, at least `bytes_min` (and at most about a megabyte) of it unless
    // the body ends before. Not together with read_body.
    virtual Task<BodyPiece> read_some(size_t bytes_min) = 0;

    // Where events for this request are to be waited for.
    virtual Inbox& inbox() = 0;
    // Calls back once, on the io thread, when the client goes away or the server stops. For a
    // request that waits for something. End it with unwatch() before answering.
    virtual void watch(std::function<void()> gone) = 0;
    virtual void unwatch() = 0;
    virtual asio::io_context& io() = 0;
};

class BodyReader {
public:
    virtual ~BodyReader() = default;
    // Fills `out` from `offset` of the source on; the number of bytes. May block: called on the
    // pool.
    virtual Result<size_t> read_at(uint64_t offset, std::span<char> out) = 0;
};

class Handler {
public:
    virtual ~Handler() = default;
    // The answer to one request. Must not throw.
    virtual Task<HttpResponse> handle(Exchange* exchange) = 0;
    // Opens the source of a response body that is not in memory. May block: called on the pool.
    virtual Result<std::unique_ptr<BodyReader>> open_body(const Body& body) = 0;
};

}  // namespace millrace::net
