#include "net/response_writer.h"

#include <charconv>
#include <ctime>

#include "core/time.h"

namespace millrace::net {
namespace {

void append_number(std::string& out, uint64_t value) {
    char buffer[24];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, end);
}

void append_clean(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 0x20 && byte != 0x7f) || c == '\t') out.push_back(c);
    }
}

bool is_clean(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
    }
    return true;
}

}  // namespace

std::string_view reason_of(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Unknown";
    }
}

bool is_bodiless(int status) { return status == 204 || status == 304 || status / 100 == 1; }

std::string_view DateCache::now() {
    const auto second = static_cast<int64_t>(std::time(nullptr));
    if (second != second_) {
        second_ = second;
        text_ = format_http_date(from_epoch_ms(second * 1000));
    }
    return text_;
}

void append_head(std::string& out, const HttpResponse& response, const HeadOptions& options) {
    if (response.status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
    } else {
        out += "HTTP/1.1 ";
        append_number(out, static_cast<uint64_t>(response.status));
        out += ' ';
        out += reason_of(response.status);
        out += "\r\n";
    }
    std::string_view given_length;
    for (const auto& [name, value] : response.headers) {
        if (name.size() == 14 && equals_ignore_case(name, "content-length")) {
            given_length = value;
            continue;
        }
        out += name;
        out += ": ";
        if (is_clean(value)) {
            out += value;
        } else {
            append_clean(out, value);
        }
        out += "\r\n";
    }
    if (!options.date.empty()) {
        out += "Date: ";
        out += options.date;
        out += "\r\n";
    }
    if (!is_bodiless(response.status)) {
        out += "Content-Length: ";
        if (options.head_request && response.body.size() == 0 && !given_length.empty() &&
            is_clean(given_length)) {
            out += given_length;
        } else {
            append_number(out, response.body.size());
        }
        out += "\r\n";
    }
    if (!options.keep_alive) {
        out += "Connection: close\r\n";
    } else if (options.http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

}  // namespace millrace::net
