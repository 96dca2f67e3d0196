// RuntimeReader: takes the requests of a function's runtime apart, whose bytes are not to be
// trusted. Thread-safety: confined to one thread.
// Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::sandbox {

struct RuntimeRequest {
    std::string method;
    std::string path;
    std::string error_type;  // Lambda-Runtime-Function-Error-Type
    bool streaming = false;  // Lambda-Runtime-Function-Response-Mode
    bool too_large = false;  // the body was longer than kBodyBytesMax, and is not kept
    std::string body;
};

// Holds a head, or a body and what was appended last. Cost: O(bytes), in whatever pieces they come.
class RuntimeReader {
public:
    enum class Status : uint8_t { kRequest, kMore, kBad };
    static constexpr size_t kHeadBytesMax = 64 * 1024;
    static constexpr size_t kBodyBytesMax = 6'291'556;
    // Of a chunk's size with its extensions, or of a trailer.
    static constexpr size_t kLineBytesMax = 1024;

    void append(std::string_view bytes) { received_ += bytes; }
    // The next whole request. kBad: nothing more can be understood.
    Status take(RuntimeRequest& request);
    void clear() { *this = {}; }

private:
    enum class State : uint8_t { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kTrailers };
    Status step();
    Status read_head();
    bool read_line(std::string_view& line, Status& status);
    bool read_body();

    State state_ = State::kHead;
    std::string received_;
    size_t at_ = 0;        // what comes before is done with
    size_t searched_ = 0;  // of the head
    uint64_t left_ = 0;    // of the body or the chunk
    RuntimeRequest request_;
};

using RuntimeHeaders = std::vector<std::pair<std::string_view, std::string>>;
std::string runtime_answer(int status, const RuntimeHeaders& headers, std::string_view body);

}  // namespace millrace::sandbox
