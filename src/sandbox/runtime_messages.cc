#include "sandbox/runtime_messages.h"

#include <charconv>
#include <utility>

#include "core/http.h"

namespace millrace::sandbox {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool parse(std::string_view text, uint64_t& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size();
}

std::string_view status_text(int status) {
    return status == 200 ? "OK" : status == 202 ? "Accepted" : "Error";
}

}  // namespace

RuntimeReader::Status RuntimeReader::take(RuntimeRequest& request) {
    const Status status = step();
    if (status == Status::kRequest) {
        request = std::exchange(request_, {});
    } else if (status == Status::kMore) {
        received_.erase(0, at_);
        at_ = 0;
    }
    return status;
}

RuntimeReader::Status RuntimeReader::step() {
    Status status = Status::kMore;
    std::string_view line;
    for (;;) {
        switch (state_) {
            case State::kHead:
                if (status = read_head(); status != Status::kRequest) return status;
                break;
            case State::kBody:
                if (!read_body()) return Status::kMore;
                state_ = State::kHead;
                return Status::kRequest;
            case State::kChunkSize:
                if (!read_line(line, status)) return status;
                if (!parse(line.substr(0, line.find(';')), left_, 16)) return Status::kBad;
                state_ = left_ == 0 ? State::kTrailers : State::kChunk;
                break;
            case State::kChunk:
                if (!read_body()) return Status::kMore;
                state_ = State::kChunkEnd;
                break;
            case State::kChunkEnd:
                if (!read_line(line, status)) return status;
                if (!line.empty()) return Status::kBad;
                state_ = State::kChunkSize;
                break;
            case State::kTrailers:
                if (!read_line(line, status)) return status;
                if (!line.empty()) break;
                state_ = State::kHead;
                return Status::kRequest;
        }
    }
}

// False: `status` says whether more is needed.
bool RuntimeReader::read_line(std::string_view& line, Status& status) {
    const std::string_view rest =
        std::string_view(received_).substr(at_, kLineBytesMax + kLineEnd.size());
    const size_t end = rest.find(kLineEnd);
    if (end == std::string_view::npos) {
        status = rest.size() <= kLineBytesMax ? Status::kMore : Status::kBad;
        return false;
    }
    line = rest.substr(0, end);
    at_ += end + kLineEnd.size();
    return true;
}

// Whether all of `left_` was there.
bool RuntimeReader::read_body() {
    const std::string_view piece = std::string_view(received_).substr(at_, left_);
    if (request_.too_large || piece.size() > kBodyBytesMax - request_.body.size()) {
        request_.too_large = true;
        request_.body = {};
    } else {
        request_.body += piece;
    }
    at_ += piece.size();
    left_ -= piece.size();
    return left_ == 0;
}

RuntimeReader::Status RuntimeReader::read_head() {
    const std::string_view all = std::string_view(received_).substr(at_);
    const size_t head_end = all.substr(0, kHeadBytesMax).find("\r\n\r\n", searched_);
    if (head_end == std::string_view::npos) {
        // The last three may be the beginning of the end.
        searched_ = all.size() < 3 ? 0 : all.size() - 3;
        return all.size() < kHeadBytesMax ? Status::kMore : Status::kBad;
    }
    searched_ = 0;
    request_ = {};
    left_ = 0;
    state_ = State::kBody;
    size_t at = all.find(kLineEnd);
    const std::string_view first = all.substr(0, at);
    while (at < head_end) {
        const size_t start = at + kLineEnd.size();
        at = all.find(kLineEnd, start);
        const std::string_view line = all.substr(start, at - start);
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        while (value.ends_with(' ')) value.remove_suffix(1);
        const std::string_view name = line.substr(0, colon);
        if (equals_ignore_case(name, "content-length")) {
            if (!parse(value, left_, 10)) return Status::kBad;
        } else if (equals_ignore_case(name, "transfer-encoding")) {
            if (equals_ignore_case(value, "chunked")) state_ = State::kChunkSize;
        } else if (equals_ignore_case(name, "lambda-runtime-function-error-type")) {
            request_.error_type = value;
        } else if (equals_ignore_case(name, "lambda-runtime-function-response-mode")) {
            request_.streaming = equals_ignore_case(value, "streaming");
        }
    }
    const size_t space = first.find(' ');
    const size_t last = first.rfind(' ');
    if (space == std::string_view::npos || last <= space) return Status::kBad;
    request_.method = first.substr(0, space);
    request_.path = first.substr(space + 1, last - space - 1);
    at_ += head_end + 4;
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
