// RuntimeReader: takes the requests of a function's runtime apart, whose bytes are not to be
// trusted. Thread-safety: confined to one thread.
// Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
#pragma once

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
    std::string body;
};

class RuntimeReader {
public:
    enum class Status : uint8_t { kRequest, kMore, kBad };
    static constexpr size_t kHeadBytesMax = 64 * 1024;
    // Larger than what is allowed, so that the runtime is told so; beyond, it is ended.
    static constexpr size_t kBodyBytesMax = size_t{32} << 20;

    void append(std::string_view bytes) { received_ += bytes; }
    // The next whole request. kBad: nothing more can be understood.
    Status take(RuntimeRequest& request);
    void clear() { received_.clear(); }

private:
    Status take_chunked(size_t at, std::string& body, size_t& end) const;
    std::string received_;
};

using RuntimeHeaders = std::vector<std::pair<std::string_view, std::string>>;
std::string runtime_answer(int status, const RuntimeHeaders& headers, std::string_view body);

}  // namespace millrace::sandbox
