// Writes response heads. Thread-safety: pure functions; DateCache is confined to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/http.h"

namespace millrace::net {

// "OK" for 200; "Unknown" for a status that we do not know.
std::string_view reason_of(int status);
// True when a response of that status has no body and no Content-Length (RFC 9110 section 8.6).
bool is_bodiless(int status);

// The Date header's value, formatted once a second.
class DateCache {
public:
    std::string_view now();

private:
    int64_t second_ = 0;
    std::string text_;
};

struct HeadOptions {
    bool keep_alive = true;
    bool http_1_0 = false;
    bool head_request = false;
    std::string_view date;
};

// Appends status line and headers with the blank line. Content-Length is the body's size; a HEAD
// answer without a body keeps a Content-Length header that it was given. Header values lose control
// characters, so that no value can end its line.
void append_head(std::string& out, const HttpResponse& response, const HeadOptions& options);

}  // namespace millrace::net
