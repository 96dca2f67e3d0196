#include "sandbox/runtime_messages.h"

#include <algorithm>
#include <charconv>

#include "core/http.h"

namespace millrace::sandbox {
namespace {

bool parse(std::string_view text, size_t& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size();
}

std::string_view status_text(int status) {
    return status == 200 ? "OK" : status == 202 ? "Accepted" : "Error";
}

}  // namespace

RuntimeReader::Status RuntimeReader::take(RuntimeRequest& request) {
    const std::string_view all = received_;
    const size_t head_end = all.substr(0, kHeadBytesMax).find("\r\n\r\n");
    if (head_end == std::string_view::npos)
        return all.size() < kHeadBytesMax ? Status::kMore : Status::kBad;
    request = {};
    size_t length = 0;
    bool chunked = false;
    size_t at = all.find("\r\n");
    const std::string_view first = all.substr(0, at);
    while (at < head_end) {
        const size_t start = at + 2;
        at = all.find("\r\n", start);
        const std::string_view line = all.substr(start, at - start);
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        while (value.ends_with(' ')) value.remove_suffix(1);
        const std::string_view name = line.substr(0, colon);
        if (equals_ignore_case(name, "content-length")) {
            if (!parse(value, length, 10) || length > kBodyBytesMax) return Status::kBad;
        } else if (equals_ignore_case(name, "transfer-encoding")) {
            chunked = equals_ignore_case(value, "chunked");
        } else if (equals_ignore_case(name, "lambda-runtime-function-error-type")) {
            request.error_type = value;
        } else if (equals_ignore_case(name, "lambda-runtime-function-response-mode")) {
            request.streaming = equals_ignore_case(value, "streaming");
        }
    }
    const size_t space = first.find(' ');
    const size_t last = first.rfind(' ');
    if (space == std::string_view::npos || last <= space) return Status::kBad;
    size_t end = head_end + 4;
    if (chunked) {
        const Status status = take_chunked(end, request.body, end);
        if (status != Status::kRequest) return status;
    } else {
        if (all.size() - end < length) return Status::kMore;
        request.body = all.substr(end, length);
        end += length;
    }
    request.method = first.substr(0, space);
    request.path = first.substr(space + 1, last - space - 1);
    received_.erase(0, end);
    return Status::kRequest;
}

RuntimeReader::Status RuntimeReader::take_chunked(size_t at, std::string& body, size_t& end) const {
    const std::string_view all = received_;
    for (;;) {
        const size_t line_end = all.find("\r\n", at);
        if (line_end == std::string_view::npos)
            return all.size() - at < kHeadBytesMax ? Status::kMore : Status::kBad;
        const std::string_view line = all.substr(at, line_end - at);
        if (at = line_end + 2; line.empty()) return Status::kBad;
        size_t size = 0;
        if (!parse(line.substr(0, line.find(';')), size, 16) ||
            size > kBodyBytesMax - body.size()) {
            return Status::kBad;
        }
        if (size == 0) break;
        if (all.size() - at < size + 2) return Status::kMore;
        body += all.substr(at, size);
        at += size + 2;
    }
    // Trailers, and the empty line that ends them.
    for (;;) {
        const size_t line_end = all.find("\r\n", at);
        if (line_end == std::string_view::npos)
            return all.size() - at < kHeadBytesMax ? Status::kMore : Status::kBad;
        const bool empty = line_end == at;
        at = line_end + 2;
        if (empty) break;
    }
    end = at;
    return Status::kRequest;
}

std::string runtime_answer(int status, const RuntimeHeaders& headers, std::string_view body) {
    std::string out = "HTTP/1.1 ";
    out.reserve(512 + body.size());
    out += std::to_string(status);
    out += ' ';
    out += status_text(status);
    out += "\r\nContent-Type: application/json\r\nContent-Length: ";
    out += std::to_string(body.size());
    for (const auto& [name, value] : headers) {
        out += "\r\n";
        out += name;
        out += ": ";
        // Nothing that a caller sends may end a header.
        for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    out += "\r\n\r\n";
    out += body;
    return out;
}

}  // namespace millrace::sandbox
