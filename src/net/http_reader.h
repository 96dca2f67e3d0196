// HttpReader: HTTP/1.1 request heads and chunked bodies from bytes, strictly: whatever two parsers
// could read differently is refused (RFC 9112 sections 2.2, 5.2, 6.1-6.3, 7.1, 11.2). Beast's
// parser does the grammar of heads; the rules of framing, and chunks, are here. No I/O: fuzzed as a
// pure function. Thread-safety: confined to one connection. Ownership: a Head's views point into
// the bytes given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/http.h"

namespace millrace::net {

inline constexpr size_t kHeadBytesMax = 16 * 1024;
inline constexpr size_t kHeaderCountMax = 100;
// A chunk's size line with its extensions, and all trailer fields together.
inline constexpr size_t kChunkLineBytesMax = 4 * 1024;

struct Head {
    HttpRequest request;  // source_ip and secure are the connection's to fill in
    bool keep_alive = true;
    bool http_1_0 = false;
    bool expects_continue = false;
    bool chunked = false;
    uint64_t content_length = 0;  // 0 also when there is none
};

class HttpReader {
public:
    enum class Status : uint8_t { kNeedMore, kDone, kError };

    HttpReader();
    ~HttpReader();

    // Looks for a whole head at the front of `bytes` and reads it. kDone: `consumed` bytes belong
    // to it. kError: error_status() is the HTTP status to answer before closing. After kNeedMore
    // call again with the same bytes and more. `head` keeps its vector's memory between calls.
    Status read_head(std::string_view bytes, Head& head, size_t& consumed);
    // 400, 413, 431, 501 or 505.
    int error_status() const { return error_status_; }

    // The body of a head with `chunked`: the next piece of content. kDone: the body ended,
    // `consumed` included the last chunk and the trailer fields (which are dropped). kNeedMore with
    // an empty piece: more bytes are needed. Bytes not consumed must be given again.
    Status read_chunked(std::string_view bytes, std::string_view& piece, size_t& consumed);

private:
    struct Parser;
    Status fail(int status) {
        error_status_ = status;
        return Status::kError;
    }
    Status take_line(std::string_view rest, std::string_view& line, size_t& consumed);
    int check_framing(std::string_view head_bytes, Head& head);
    std::unique_ptr<Parser> parser_;
    enum class ChunkState : uint8_t { kSize, kData, kDataEnd, kTrailer, kDone };
    ChunkState chunk_state_ = ChunkState::kSize;
    uint64_t chunk_left_ = 0;
    size_t trailer_bytes_ = 0;
    size_t searched_ = 0;  // bytes of the head already searched for its end
    int error_status_ = 400;
};

}  // namespace millrace::net
