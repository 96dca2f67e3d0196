#include "codec/gzip.h"

#include <zlib.h>

#include "core/check.h"

namespace millrace::codec {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 16 more means a gzip frame
constexpr size_t kStepBytes = 64 * 1024;

Bytef* input(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

struct GzipReader::State {
    z_stream stream{};
    bool ready = false;
    bool whole = true;     // a stream's end was the last that was seen, or nothing yet
    bool pending = false;  // zlib holds content that had no room
};

GzipReader::GzipReader() : state_(std::make_unique<State>()) {
    state_->ready = inflateInit2(&state_->stream, kGzipWindow) == Z_OK;
}
GzipReader::~GzipReader() {
    if (state_ && state_->ready) inflateEnd(&state_->stream);
}
GzipReader::GzipReader(GzipReader&&) noexcept = default;
GzipReader& GzipReader::operator=(GzipReader&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

bool GzipReader::read(std::string_view& bytes, std::string& out, size_t room) {
    if (!state_->ready) return false;
    z_stream& stream = state_->stream;
    const size_t enough = out.size() + room;
    while ((!bytes.empty() || state_->pending) && out.size() < enough) {
        if (state_->whole) inflateReset(&stream);
        state_->whole = false;
        const size_t before = out.size();
        out.resize(before + kStepBytes);
        stream.next_in = input(bytes);
        stream.avail_in = static_cast<uInt>(bytes.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream.avail_out = kStepBytes;
        const int status = inflate(&stream, Z_NO_FLUSH);
        out.resize(before + kStepBytes - stream.avail_out);
        bytes.remove_prefix(bytes.size() - stream.avail_in);
        state_->whole = status == Z_STREAM_END;
        state_->pending = status == Z_OK && stream.avail_out == 0;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return false;
        if (status == Z_BUF_ERROR) break;
    }
    return true;
}

bool GzipReader::at_end() const { return state_->whole; }

std::optional<std::string> gunzip(std::string_view bytes, size_t bytes_max, bool& too_large) {
    too_large = false;
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) return std::nullopt;
    stream.next_in = input(bytes);
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
    stream.next_in = input(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    MR_ASSERT(status == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace millrace::codec
