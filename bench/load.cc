#include "load.h"

#include <ctime>
#include <memory>
#include <vector>

namespace millrace::bench {

std::string amz_date() {
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return text;
}

std::string on_the_wire(const pinehead::SignedRequest& request) {
    std::string text = request.method + " " + request.path + " HTTP/1.1\r\n";
    for (const auto& [name, content] : request.headers) text += name + ": " + content + "\r\n";
    return text + "content-length: " + std::to_string(request.body.size()) + "\r\n\r\n" +
           request.body;
}

std::string signed_json(const Settings& settings, const std::string& service,
                        const std::string& target, std::string body) {
    pinehead::SignedRequest request{.method = "POST", .path = "/", .body = std::move(body)};
    request.headers["host"] = "127.0.0.1:" + std::to_string(settings.port);
    request.headers["content-type"] = "application/x-amz-json-1.0";
    request.headers["x-amz-target"] = target;
    sign(request, settings.credentials, "us-east-1", service, amz_date());
    return on_the_wire(request);
}

Workload pool_of(size_t n, const std::function<std::string(size_t)>& make) {
    auto pool = std::make_shared<std::vector<std::string>>();
    for (size_t i = 0; i < n; ++i) pool->push_back(make(i));
    return {[pool](int, const std::string&) { return (*pool)[random_engine()() % pool->size()]; }};
}

Workload cycle_of(size_t n, const std::function<std::string(size_t)>& make) {
    auto pool = std::make_shared<std::vector<std::string>>();
    for (size_t i = 0; i < n; ++i) pool->push_back(make(i));
    auto next = std::make_shared<size_t>(0);
    return {[pool, next](int, const std::string&) { return (*pool)[(*next)++ % pool->size()]; }};
}

std::mt19937_64& random_engine() {
    // Not the same numbers again in the next run: it would write what is there already.
    static std::mt19937_64 engine{std::random_device{}()};
    return engine;
}

}  // namespace millrace::bench
