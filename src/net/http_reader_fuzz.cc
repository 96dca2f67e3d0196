// HttpReader on arbitrary bytes: no crash, views inside the input, and the same result whether the
// bytes come at once or one by one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_reader.h"

namespace {

using millrace::net::Head;
using millrace::net::HttpReader;
using Status = HttpReader::Status;

void require(bool condition) {
    if (!condition) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

// What a reader makes of `bytes` that come `step` at a time.
std::string digest(std::string_view bytes, size_t step) {
    HttpReader reader;
    Head head;
    size_t consumed = 0;
    size_t given = 0;
    Status status = Status::kNeedMore;
    while (status == Status::kNeedMore && given < bytes.size()) {
        given = std::min(given + step, bytes.size());
        status = reader.read_head(bytes.substr(0, given), head, consumed);
    }
    if (status == Status::kNeedMore) return "more";
    // Which of several reasons to refuse is seen first may depend on the pieces.
    if (status == Status::kError) return "refused";
    require(consumed <= given);
    std::string out(head.request.method);
    out += '\n';
    out += head.request.target;
    require(inside(head.request.path, bytes) || head.request.path == "/");
    for (const auto& header : head.request.headers) {
        require(inside(header.name, bytes) && inside(header.value, bytes));
        require(header.value.find_first_of(std::string_view("\r\n\0", 3)) ==
                std::string_view::npos);
        out += '\n';
        out += header.name;
        out += ':';
        out += header.value;
    }
    if (!head.chunked) return out + '#' + std::to_string(head.content_length);
    size_t begin = consumed;
    for (size_t end = std::min(begin + step, bytes.size());;) {
        std::string_view piece;
        const Status body = reader.read_chunked(bytes.substr(begin, end - begin), piece, consumed);
        require(consumed <= end - begin);
        out += piece;
        begin += consumed;
        if (body == Status::kError) return out + "#refused";
        if (body == Status::kDone) return out + "#done";
        if (!piece.empty()) continue;
        if (end == bytes.size()) return out + "#more";
        end = std::min(end + step, bytes.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::string whole = digest(bytes, bytes.size() + 1);
    const std::string pieces = digest(bytes, 1);
    // A body that is cut short or broken may be reported at another place, never as another body.
    if (whole.ends_with("#done") || !whole.ends_with("#refused")) require(whole == pieces);
    return 0;
}
