// HttpClient: POST requests to one origin over a bounded pool of kept connections, by libcurl.
// Thread-safety: safe from any thread; post() blocks. Ownership: owns its connections.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"

namespace millrace::client {

struct HttpClientOptions {
    std::string url;               // "https://host:port/", "http://..."
    std::string authorities_file;  // PEM of whom to trust; empty: the system's
    size_t connections_max = 64;
    std::chrono::milliseconds connect_timeout{10'000};  // also for a free connection
    std::chrono::milliseconds answer_timeout{60'000};   // of the whole exchange
};

struct HttpAnswer {
    int status = 0;
    std::string body;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

class HttpClient {
public:
    static constexpr size_t kAnswerBytesMax = 32U << 20;

    explicit HttpClient(HttpClientOptions options);
    ~HttpClient();
    // Any answer is a value. Errors: NoAnswer (the request may have been carried out).
    Result<HttpAnswer> post(const HttpHeaders& headers, std::string_view body);
    size_t connections() const;

private:
    struct Handle;
    std::unique_ptr<Handle> take();
    void give_back(std::unique_ptr<Handle> handle);

    const HttpClientOptions options_;
    mutable Mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Handle>> idle_ MR_GUARDED_BY(mutex_);
    size_t made_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::client
