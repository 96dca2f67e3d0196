#include "gateway/s3_body.h"

#include <algorithm>
#include <utility>

#include "codec/hex.h"
#include "gateway/errors.h"

namespace millrace::gateway {
namespace {

std::optional<uint64_t> parse_number(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return value;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

bool is_streaming(auth::PayloadMode mode) {
    return mode == auth::PayloadMode::kStreamingSigned ||
           mode == auth::PayloadMode::kStreamingSignedTrailer ||
           mode == auth::PayloadMode::kStreamingUnsignedTrailer;
}

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 && codec::hex_decode(text).has_value();
}

}  // namespace

auth::Verified anonymous_payload(const HttpRequest& request) {
    auth::Verified verified;
    const std::string_view claimed = request.header("x-amz-content-sha256");
    verified.payload = auth::PayloadMode::kUnsigned;
    if (claimed == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
        verified.payload = auth::PayloadMode::kStreamingUnsignedTrailer;
    } else if (is_sha256_hex(claimed)) {
        verified.payload = auth::PayloadMode::kSigned;
        verified.payload_sha256 = lower(claimed);
    }
    return verified;
}

std::optional<uint64_t> announced_length(const HttpRequest& request) {
    if (const auto decoded = parse_number(request.header("x-amz-decoded-content-length"))) {
        return decoded;
    }
    return parse_number(request.header("content-length"));
}

S3Body::S3Body(const HttpRequest& request, const auth::Verified& verified, store::BlobStore* blobs,
               uint64_t bytes_max)
    : blobs_(blobs), bytes_max_(bytes_max) {
    const bool streaming = is_streaming(verified.payload);
    facts_.aws_chunked = streaming;
    if (streaming) {
        chunked_.emplace(verified);
        expected_length_ = parse_number(request.header("x-amz-decoded-content-length"));
    }
    if (verified.payload == auth::PayloadMode::kSigned) {
        expected_sha256_ = verified.payload_sha256;
    }
    bool named = false;
    const auto want = [&](std::string_view algorithm) {
        if (equals_ignore_case(algorithm, "crc32")) {
            crc32_wanted_ = true;
        } else if (equals_ignore_case(algorithm, "crc32c")) {
            crc32c_wanted_ = true;
        } else if (equals_ignore_case(algorithm, "crc64nvme")) {
            crc64_wanted_ = true;
        } else if (equals_ignore_case(algorithm, "sha1")) {
            if (!sha1_) sha1_.emplace();
        } else if (equals_ignore_case(algorithm, "sha256")) {
            if (!sha256_) sha256_.emplace();
        } else {
            return;
        }
        named = true;
    };
    constexpr std::string_view kChecksum = "x-amz-checksum-";
    for (const HttpHeader& header : request.headers) {
        if (header.name.size() <= 10) continue;
        const std::string name = lower(header.name);
        if (name.starts_with(kChecksum)) {
            want(std::string_view(name).substr(kChecksum.size()));
        } else if (name == "x-amz-sdk-checksum-algorithm") {
            want(header.value);
        } else if (name == "x-amz-trailer") {
            std::string_view rest = header.value;
            while (!rest.empty()) {
                const size_t comma = rest.find(',');
                std::string trailer = lower(rest.substr(0, comma));
                rest =
                    comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
                std::erase(trailer, ' ');
                if (trailer.empty()) continue;
                if (trailer.starts_with(kChecksum)) {
                    want(std::string_view(trailer).substr(kChecksum.size()));
                }
                expected_trailers_.push_back(std::move(trailer));
            }
        }
    }
    if (!named) crc64_wanted_ = true;
    if (!expected_sha256_.empty() && !sha256_) sha256_.emplace();
}

S3Body::~S3Body() = default;

Result<void> S3Body::take(std::string_view content) {
    if (content.empty()) return {};
    facts_.length += content.size();
    if (facts_.length > bytes_max_) return too_large_error(model::Protocol::kRestXml);
    md5_.update(content);
    if (sha256_) sha256_->update(content);
    if (sha1_) sha1_->update(content);
    if (crc32_wanted_) crc32_ = codec::crc32(content, crc32_);
    if (crc32c_wanted_) crc32c_ = codec::crc32c(content, crc32c_);
    if (crc64_wanted_) crc64_ = codec::crc64nvme(content, crc64_);
    if (blobs_ == nullptr) {
        body_.bytes.append(content);
        return {};
    }
    if (writer_ == nullptr) {
        MR_TRY(writer_, blobs_->create());
    }
    return writer_->write(content);
}

Result<void> S3Body::feed(std::string_view bytes) {
    if (!chunked_) return take(bytes);
    return chunked_->feed(bytes, [this](std::string_view content) { return take(content); });
}

Result<void> S3Body::finish() {
    if (chunked_) {
        MR_CHECK_OK(chunked_->finish());
        facts_.trailers = chunked_->trailers();
        for (const std::string& name : expected_trailers_) {
            const bool came =
                std::any_of(facts_.trailers.begin(), facts_.trailers.end(),
                            [&](const auto& trailer) { return trailer.first == name; });
            if (!came) return missing_trailer_error();
        }
    }
    if (expected_length_ && *expected_length_ != facts_.length) return incomplete_body_error();
    facts_.md5 = md5_.finish();
    if (sha256_) {
        facts_.sha256 = sha256_->finish();
        if (!expected_sha256_.empty()) {
            const std::string computed = codec::hex_encode(facts_.sha256);
            if (computed != expected_sha256_) {
                return auth::payload_mismatch(expected_sha256_, computed);
            }
        }
    }
    if (sha1_) facts_.sha1 = sha1_->finish();
    if (crc32_wanted_) facts_.crc32 = codec::checksum_bytes(crc32_);
    if (crc32c_wanted_) facts_.crc32c = codec::checksum_bytes(crc32c_);
    if (crc64_wanted_) facts_.crc64nvme = codec::checksum_bytes(crc64_);
    if (writer_ != nullptr) {
        MR_TRY(body_.blob_id, writer_->finish());
        body_.length = facts_.length;
        writer_.reset();
    }
    return {};
}

}  // namespace millrace::gateway
