// HTTP messages as values, free of any HTTP library. Filled by net, read by gateway, auth and
// model. Thread-safety: plain values; a request's views point into its connection's buffer and live
// as long as the request is being answered.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/body.h"

namespace millrace {

struct HttpHeader {
    std::string_view name;  // as sent
    std::string_view value;
};

struct HttpRequest {
    std::string_view method;  // "GET"
    std::string_view target;  // path and query as sent, never decoded
    std::string_view path;    // target up to '?', still percent-encoded
    std::string_view query;   // behind '?', without it; empty if none
    std::vector<HttpHeader> headers;
    std::string_view source_ip;  // of the peer, "127.0.0.1"
    bool secure = false;         // came over TLS

    // The first header of that name (case ignored), or an empty view.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;
};

struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>>
        headers;  // without Content-Length and Connection
    Body body;

    void add_header(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
    }
};

// ASCII case ignored.
bool equals_ignore_case(std::string_view a, std::string_view b);

}  // namespace millrace
