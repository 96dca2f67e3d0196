#include "net/http_reader.h"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace millrace::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

// A chunk size of more digits is not believable, and would overflow.
constexpr size_t kChunkSizeDigitsMax = 15;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string_view view(BeastView v) { return {v.data(), v.size()}; }

// Only digits, so no sign, blank or list; 18 digits always fit.
bool parse_length(std::string_view text, uint64_t& out) {
    if (text.empty() || text.size() > 18) return false;
    out = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        out = out * 10 + static_cast<uint64_t>(c - '0');
    }
    return true;
}

}  // namespace

// Collects what Beast's parser finds. One per connection, the parser inside made anew per message.
struct HttpReader::Parser {
    class Callbacks final : public http::basic_parser<true> {
    public:
        explicit Callbacks(Head& head) : head_(head) {
            eager(false);
            header_limit(static_cast<uint32_t>(kHeadBytesMax) + 4);
            body_limit(std::numeric_limits<uint64_t>::max());
        }
        size_t fields = 0;

    private:
        void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                             error_code&) override {
            head_.request.method = view(method);
            head_.request.target = view(target);
            head_.http_1_0 = version == 10;
        }
        void on_response_impl(int, BeastView, int, error_code&) override {}
        void on_field_impl(http::field, BeastView name, BeastView value, error_code& ec) override {
            if (++fields > kHeaderCountMax) {
                ec = http::error::header_limit;
                return;
            }
            head_.request.headers.push_back({view(name), view(value)});
        }
        void on_header_impl(error_code&) override {}
        void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
        std::size_t on_body_impl(BeastView body, error_code&) override { return body.size(); }
        void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
        std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
            return body.size();
        }
        void on_finish_impl(error_code&) override {}
        Head& head_;
    };
    std::optional<Callbacks> callbacks;
};

HttpReader::HttpReader() : parser_(std::make_unique<Parser>()) {}
HttpReader::~HttpReader() = default;

HttpReader::Status HttpReader::read_head(std::string_view bytes, Head& head, size_t& consumed) {
    consumed = 0;
    // RFC 9112 2.2: an empty line before the request line is ignored; one of them.
    size_t start = 0;
    if (bytes.starts_with("\r\n")) start = 2;
    const size_t from = std::max(start, searched_ > 3 ? searched_ - 3 : 0);
    const size_t end = bytes.find("\r\n\r\n", from);
    if (end == std::string_view::npos) {
        searched_ = bytes.size();
        return bytes.size() >= kHeadBytesMax ? fail(431) : Status::kNeedMore;
    }
    searched_ = 0;
    const std::string_view head_bytes = bytes.substr(start, end + 4 - start);
    if (head_bytes.size() > kHeadBytesMax) return fail(431);

    head.request.headers.clear();
    parser_->callbacks.emplace(head);
    error_code ec;
    const size_t used = parser_->callbacks->put({head_bytes.data(), head_bytes.size()}, ec);
    if (ec) {
        if (ec == http::error::header_limit) return fail(431);
        if (ec == http::error::bad_version) return fail(505);
        return fail(400);
    }
    if (used != head_bytes.size() || !parser_->callbacks->is_header_done()) return fail(400);
    if (const int status = check_framing(head_bytes, head); status != 0) return fail(status);
    consumed = start + used;
    chunk_state_ = ChunkState::kSize;
    trailer_bytes_ = 0;
    return Status::kDone;
}

// What a proxy and we could understand differently. 0: fine; otherwise the status to answer.
int HttpReader::check_framing(std::string_view head_bytes, Head& head) {
    // No line may begin with a blank (obs-fold), no carriage return or line feed stand alone, no
    // NUL.
    for (size_t i = 0; i < head_bytes.size();) {
        const void* found = std::memchr(head_bytes.data() + i, '\n', head_bytes.size() - i);
        if (found == nullptr) break;
        i = static_cast<size_t>(static_cast<const char*>(found) - head_bytes.data());
        if (i == 0 || head_bytes[i - 1] != '\r') return 400;
        ++i;
        if (i < head_bytes.size() && (head_bytes[i] == ' ' || head_bytes[i] == '\t')) return 400;
    }
    HttpRequest& request = head.request;
    bool has_length = false;
    size_t encodings = 0;
    size_t hosts = 0;
    head.chunked = head.expects_continue = false;
    head.content_length = 0;
    for (const HttpHeader& header : request.headers) {
        for (const char c : header.value) {
            if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return 400;
        }
        switch (header.name.size()) {
            case 4:
                if (equals_ignore_case(header.name, "host")) ++hosts;
                break;
            case 6:
                if (equals_ignore_case(header.name, "expect")) {
                    if (!equals_ignore_case(header.value, "100-continue")) return 417;
                    head.expects_continue = !head.http_1_0;
                }
                break;
            case 14:
                if (equals_ignore_case(header.name, "content-length")) {
                    if (has_length || !parse_length(header.value, head.content_length)) return 400;
                    has_length = true;
                }
                break;
            case 17:
                if (equals_ignore_case(header.name, "transfer-encoding")) {
                    if (++encodings > 1) return 400;
                    if (!equals_ignore_case(header.value, "chunked")) return 501;
                    head.chunked = true;
                }
                break;
            default:
                break;
        }
    }
    if (head.chunked && (has_length || head.http_1_0)) return 400;
    if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return 400;
    head.keep_alive = parser_->callbacks->keep_alive();

    std::string_view target = request.target;
    if (target.starts_with("http://") || target.starts_with("https://")) {
        const size_t path = target.find_first_of("/?", target.find("//") + 2);
        target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
        if (target.front() == '?') return 400;
    }
    if (target != "*" && (target.empty() || target.front() != '/')) return 400;
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    return 0;
}

// Takes one line with its CRLF off `rest`. kDone: `line` is it, without CRLF. A line has no control
// characters but tabs.
HttpReader::Status HttpReader::take_line(std::string_view rest, std::string_view& line,
                                         size_t& consumed) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
        return rest.size() > kChunkLineBytesMax ? fail(400) : Status::kNeedMore;
    }
    if (end == 0 || rest[end - 1] != '\r' || end > kChunkLineBytesMax) return fail(400);
    line = rest.substr(0, end - 1);
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) return fail(400);
    }
    consumed += end + 1;
    return Status::kDone;
}

// Not with Beast: its parser asserts on an empty chunked body that comes in pieces ("0\r\n", "\r").
HttpReader::Status HttpReader::read_chunked(std::string_view bytes, std::string_view& piece,
                                            size_t& consumed) {
    piece = {};
    consumed = 0;
    for (;;) {
        const std::string_view rest = bytes.substr(consumed);
        std::string_view line;
        switch (chunk_state_) {
            case ChunkState::kSize: {
                const Status status = take_line(rest, line, consumed);
                if (status != Status::kDone) return status;
                size_t digits = 0;
                chunk_left_ = 0;
                for (; digits < line.size(); ++digits) {
                    const int digit = hex_value(line[digits]);
                    if (digit < 0) break;
                    if (digits == kChunkSizeDigitsMax) return fail(400);
                    chunk_left_ = chunk_left_ << 4 | static_cast<uint64_t>(digit);
                }
                if (digits == 0) return fail(400);
                if (digits < line.size() && line[digits] != ';') return fail(400);
                chunk_state_ = chunk_left_ == 0 ? ChunkState::kTrailer : ChunkState::kData;
                break;
            }
            case ChunkState::kData:
                if (rest.empty()) return Status::kNeedMore;
                piece = rest.substr(0, chunk_left_);
                chunk_left_ -= piece.size();
                consumed += piece.size();
                if (chunk_left_ == 0) chunk_state_ = ChunkState::kDataEnd;
                return Status::kNeedMore;
            case ChunkState::kDataEnd:
                if (!std::string_view("\r\n").starts_with(rest.substr(0, 2))) return fail(400);
                if (rest.size() < 2) return Status::kNeedMore;
                consumed += 2;
                chunk_state_ = ChunkState::kSize;
                break;
            case ChunkState::kTrailer: {
                const size_t before = consumed;
                const Status status = take_line(rest, line, consumed);
                if (status != Status::kDone) return status;
                if (line.empty()) {
                    chunk_state_ = ChunkState::kDone;
                    return Status::kDone;
                }
                trailer_bytes_ += consumed - before;
                const size_t colon = line.find(':');
                if (trailer_bytes_ > kChunkLineBytesMax || colon == std::string_view::npos ||
                    colon == 0 || line.find_first_of(" \t") < colon) {
                    return fail(400);
                }
                break;
            }
            case ChunkState::kDone:
                return Status::kDone;
        }
    }
}

}  // namespace millrace::net
