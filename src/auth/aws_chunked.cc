#include "auth/aws_chunked.h"

#include <algorithm>
#include <charconv>

#include "auth/pattern.h"
#include "codec/hex.h"

namespace millrace::auth {
namespace {

constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Error bad_signature() {
    return {.code = "SignatureDoesNotMatch",
            .http_status = 403,
            .message =
                "The request signature we calculated does not match the signature you provided. "
                "Check your key "
                "and signing method."};
}
Error incomplete_body() {
    return {.code = "IncompleteBody",
            .http_status = 400,
            .message = "The request body terminated unexpectedly"};
}
Error malformed_chunk() {
    return {.code = "InvalidRequest",
            .http_status = 400,
            .message = "The aws-chunked body is malformed."};
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

ChunkVerifier::ChunkVerifier(const Verified& verified)
    : key_(codec::view_of(verified.key)),
      date_and_scope_(verified.amz_date + "\n" + verified.scope + "\n"),
      previous_(verified.signature) {}

std::string ChunkVerifier::chunk_signature(std::string_view data_sha256) const {
    std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n";
    text.append(date_and_scope_).append(previous_).append("\n").append(kEmptySha256).append("\n");
    text += codec::hex_encode(data_sha256);
    return codec::hex_encode(codec::view_of(key_.sign(text)));
}

std::string ChunkVerifier::trailer_signature(std::string_view canonical_trailers) const {
    std::string text = "AWS4-HMAC-SHA256-TRAILER\n";
    text.append(date_and_scope_)
        .append(previous_)
        .append("\n")
        .append(codec::sha256_hex(canonical_trailers));
    return codec::hex_encode(codec::view_of(key_.sign(text)));
}

std::string ChunkVerifier::sign_chunk(std::string_view data_sha256) {
    return previous_ = chunk_signature(data_sha256);
}
std::string ChunkVerifier::sign_trailers(std::string_view canonical_trailers) {
    return previous_ = trailer_signature(canonical_trailers);
}

bool ChunkVerifier::check_chunk(std::string_view signature_hex, std::string_view data_sha256) {
    std::string expected = chunk_signature(data_sha256);
    if (!codec::constant_time_equal(expected, signature_hex)) return false;
    previous_ = std::move(expected);
    return true;
}

bool ChunkVerifier::check_trailers(std::string_view signature_hex,
                                   std::string_view canonical_trailers) {
    std::string expected = trailer_signature(canonical_trailers);
    if (!codec::constant_time_equal(expected, signature_hex)) return false;
    previous_ = std::move(expected);
    return true;
}

AwsChunkedDecoder::AwsChunkedDecoder(const Verified& verified)
    : verifier_(verified),
      is_signed_(verified.payload == PayloadMode::kStreamingSigned ||
                 verified.payload == PayloadMode::kStreamingSignedTrailer),
      has_trailer_(verified.payload != PayloadMode::kStreamingSigned) {}

Result<void> AwsChunkedDecoder::feed(std::string_view bytes, const Sink& sink) {
    while (!bytes.empty()) {
        if (state_ == State::kDone) return malformed_chunk();
        if (state_ == State::kData) {
            const std::string_view data =
                bytes.substr(0, std::min<uint64_t>(bytes.size(), chunk_left_));
            bytes.remove_prefix(data.size());
            chunk_left_ -= data.size();
            content_bytes_ += data.size();
            if (is_signed_) digest_.update(data);
            MR_CHECK_OK(sink(data));
            if (chunk_left_ == 0) state_ = State::kDataEnd;
            continue;
        }
        // Everything else is lines.
        const size_t end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        if (line_.size() + piece.size() > kHeaderLineBytesMax) return malformed_chunk();
        line_ += piece;
        if (end == std::string_view::npos) return {};
        bytes.remove_prefix(end + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        const std::string line = std::move(line_);
        line_.clear();
        if (state_ == State::kChunkHeader) {
            MR_CHECK_OK(take_chunk_header(line));
        } else if (state_ == State::kDataEnd) {
            if (!line.empty()) return malformed_chunk();
            MR_CHECK_OK(end_chunk());
            state_ = State::kChunkHeader;
        } else {
            MR_CHECK_OK(take_trailer(line));
        }
    }
    return {};
}

// "1000;chunk-signature=<64 hex digits>"
Result<void> AwsChunkedDecoder::take_chunk_header(std::string_view line) {
    const size_t semicolon = line.find(';');
    const std::string_view size_text = trim(line.substr(0, semicolon));
    uint64_t size = 0;
    const auto [end, status] =
        std::from_chars(size_text.data(), size_text.data() + size_text.size(), size, 16);
    if (size_text.empty() || status != std::errc() || end != size_text.data() + size_text.size()) {
        return malformed_chunk();
    }
    if (size > kChunkBytesMax) return malformed_chunk();
    chunk_signature_.clear();
    if (semicolon != std::string_view::npos) {
        const std::string_view extension = trim(line.substr(semicolon + 1));
        constexpr std::string_view kName = "chunk-signature=";
        if (extension.starts_with(kName)) chunk_signature_ = extension.substr(kName.size());
    }
    if (is_signed_ && chunk_signature_.empty()) return bad_signature();
    if (size > 0) {
        chunk_left_ = size;
        state_ = State::kData;
        return {};
    }
    last_chunk_ = true;
    MR_CHECK_OK(end_chunk());
    state_ = State::kTrailers;
    return {};
}

Result<void> AwsChunkedDecoder::end_chunk() {
    if (!is_signed_) return {};
    if (!verifier_.check_chunk(chunk_signature_, digest_.finish())) return bad_signature();
    return {};
}

Result<void> AwsChunkedDecoder::take_trailer(std::string_view line) {
    if (line.empty()) {
        // Some clients put a blank line between the trailing headers and their signature.
        if (is_signed_ && has_trailer_ && trailer_signature_.empty()) return {};
        return end_trailers();
    }
    if (!has_trailer_) return malformed_chunk();
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return malformed_chunk();
    const std::string name = to_lower(trim(line.substr(0, colon)));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "x-amz-trailer-signature") {
        trailer_signature_ = value;
        return {};
    }
    if (trailers_.size() == kTrailersMax) return malformed_chunk();
    canonical_trailers_.append(name).append(":").append(value).append("\n");
    trailers_.emplace_back(name, value);
    return {};
}

Result<void> AwsChunkedDecoder::end_trailers() {
    if (is_signed_ && has_trailer_ &&
        !verifier_.check_trailers(trailer_signature_, canonical_trailers_)) {
        return bad_signature();
    }
    state_ = State::kDone;
    return {};
}

Result<void> AwsChunkedDecoder::finish() {
    if (state_ == State::kDone) return {};
    // Some clients leave out the last blank line.
    if (state_ == State::kTrailers && last_chunk_) {
        if (!line_.empty()) {
            if (line_.ends_with('\r')) line_.pop_back();
            const std::string line = std::move(line_);
            line_.clear();
            if (!line.empty()) MR_CHECK_OK(take_trailer(line));
        }
        if (state_ == State::kTrailers) MR_CHECK_OK(end_trailers());
        return {};
    }
    return incomplete_body();
}

}  // namespace millrace::auth
