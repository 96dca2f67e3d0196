#include "gateway/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "core/http.h"

namespace millrace::gateway {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 16 more means a gzip frame
constexpr size_t kStepBytes = 64 * 1024;

}  // namespace

std::optional<std::string> gunzip(std::string_view bytes, size_t bytes_max, bool& too_large) {
    too_large = false;
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) return std::nullopt;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int status = Z_OK;
    while (status == Z_OK) {
        const size_t before = out.size();
        out.resize(before + kStepBytes);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream.avail_out = kStepBytes;
        status = inflate(&stream, Z_NO_FLUSH);
        const size_t made = kStepBytes - stream.avail_out;
        out.resize(before + made);
        if (out.size() > bytes_max) {
            too_large = true;
            break;
        }
        if (status == Z_OK && made == 0 && stream.avail_in == 0) break;  // cut short
    }
    const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (!whole || too_large) return std::nullopt;
    return out;
}

std::string gzip(std::string_view bytes) {
    z_stream stream{};
    const int ready =
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
    MR_ASSERT(ready == Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    MR_ASSERT(status == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

bool accepts_gzip(std::string_view header) {
    while (!header.empty()) {
        const size_t comma = header.find(',');
        std::string_view item = header.substr(0, comma);
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        const auto trim = [](std::string_view text) {
            while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
                text.remove_prefix(1);
            while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
                text.remove_suffix(1);
            return text;
        };
        const size_t semicolon = item.find(';');
        const std::string_view name = trim(item.substr(0, semicolon));
        if (!equals_ignore_case(name, "gzip")) continue;
        if (semicolon == std::string_view::npos) return true;
        const std::string_view weight = trim(item.substr(semicolon + 1));
        // "q=0", "q=0.0", "q=0.000" refuse it.
        const bool zero = weight.starts_with("q=0") &&
                          weight.find_first_not_of("0.", 2) == std::string_view::npos;
        return !zero;
    }
    return false;
}

}  // namespace millrace::gateway
