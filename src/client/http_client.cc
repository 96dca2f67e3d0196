#include "client/http_client.h"

#include <curl/curl.h>

namespace millrace::client {
namespace {

Error no_answer(std::string why) {
    return Error{.code = "NoAnswer", .http_status = 500, .message = std::move(why)};
}

size_t append_body(char* data, size_t size, size_t count, void* body) {
    auto& out = *static_cast<std::string*>(body);
    if (out.size() + size * count > HttpClient::kAnswerBytesMax) return 0;
    out.append(data, size * count);
    return size * count;
}

void start_curl() {
    static const CURLcode kStarted = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    MR_ASSERT(kStarted == CURLE_OK);
}

}  // namespace

// A connection: libcurl keeps it open between requests of one handle.
struct HttpClient::Handle {
    explicit Handle(const HttpClientOptions& options) : curl(::curl_easy_init()) {
        MR_ASSERT(curl != nullptr);
        const auto set = [this](CURLoption option, auto value) {
            MR_ASSERT(::curl_easy_setopt(curl, option, value) == CURLE_OK);
        };
        set(CURLOPT_URL, options.url.c_str());
        set(CURLOPT_POST, 1L);
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.answer_timeout.count()));
        set(CURLOPT_MAXCONNECTS, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_WRITEFUNCTION, &append_body);
        if (!options.authorities_file.empty())
            set(CURLOPT_CAINFO, options.authorities_file.c_str());
    }
    ~Handle() { ::curl_easy_cleanup(curl); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    CURL* curl;
};

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) { start_curl(); }
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::take() {
    const auto end = std::chrono::steady_clock::now() + options_.connect_timeout;
    MutexLock lock(mutex_);
    while (idle_.empty() && made_ >= options_.connections_max) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left.count() <= 0) return nullptr;
        lock.wait_for(freed_, left);
    }
    if (idle_.empty()) {
        ++made_;
        return std::make_unique<Handle>(options_);
    }
    // The one used last: the others may close in the meantime.
    std::unique_ptr<Handle> handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
}

void HttpClient::give_back(std::unique_ptr<Handle> handle) {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(handle));
    freed_.notify_one();
}

size_t HttpClient::connections() const {
    const MutexLock lock(mutex_);
    return made_;
}

Result<HttpAnswer> HttpClient::post(const HttpHeaders& headers, std::string_view body) {
    std::unique_ptr<Handle> handle = take();
    if (handle == nullptr) return no_answer("all connections are in use");
    curl_slist* list = nullptr;
    for (const auto& [name, value] : headers)
        list = ::curl_slist_append(list, (name + ": " + value).c_str());
    list = ::curl_slist_append(list, "Expect:");
    HttpAnswer answer;
    CURL* curl = handle->curl;
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    const CURLcode done = ::curl_easy_perform(curl);
    long status = 0;
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
    ::curl_slist_free_all(list);
    give_back(std::move(handle));
    if (done != CURLE_OK) return no_answer(::curl_easy_strerror(done));
    answer.status = static_cast<int>(status);
    return answer;
}

}  // namespace millrace::client
