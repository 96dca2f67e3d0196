// aws-chunked bodies (S3): the chunk signatures, and a decoder that takes the body in pieces of any
// size, checks every chunk and hands out the content. Used by the gateway while it pumps a body.
// Thread-safety: confined to one request. Cost: O(bytes); at most one header line is buffered.
// Source: S3 API Reference, "Signature calculations: transferring payload in multiple chunks" and
// "... including trailing headers".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/sigv4.h"
#include "codec/digest.h"
#include "codec/hmac_key.h"
#include "core/result.h"

namespace millrace::auth {

class ChunkVerifier {
public:
    // Continues the chain that the request's own signature began.
    explicit ChunkVerifier(const Verified& verified);
    // `data_sha256`: 32 raw bytes. False: refuse the body. The chain moves on only when true.
    bool check_chunk(std::string_view signature_hex, std::string_view data_sha256);
    // `canonical_trailers`: "name:value\n" for each, lower-case names, trimmed values, as sent.
    bool check_trailers(std::string_view signature_hex, std::string_view canonical_trailers);
    // What the next chunk's or the trailers' signature must be, hex; for clients and tests. Moves
    // on.
    std::string sign_chunk(std::string_view data_sha256);
    std::string sign_trailers(std::string_view canonical_trailers);

private:
    std::string chunk_signature(std::string_view data_sha256) const;
    std::string trailer_signature(std::string_view canonical_trailers) const;

    codec::HmacKey key_;
    std::string date_and_scope_;  // "20260131T102030Z\n20260131/us-east-1/s3/aws4_request\n"
    std::string previous_;
};

// Decodes an aws-chunked body. Which signatures it demands follows from verified.payload.
class AwsChunkedDecoder {
public:
    using Sink = std::function<Result<void>(std::string_view content)>;

    static constexpr size_t kHeaderLineBytesMax = 16 << 10;
    static constexpr size_t kTrailersMax = 16;
    // AWS refuses chunks below 8 KiB (except the last); we take them. Above this no client goes.
    static constexpr uint64_t kChunkBytesMax = uint64_t{5} << 30;

    // Does not keep `verified`.
    explicit AwsChunkedDecoder(const Verified& verified);

    // Content goes to `sink` as it comes, before its chunk's signature is known to be right: it may
    // only be used once finish() succeeded. Errors: SignatureDoesNotMatch, IncompleteBody,
    // InvalidRequest, or the sink's.
    Result<void> feed(std::string_view bytes, const Sink& sink);
    // After the last byte: an error if the body ended early or lacks a signature.
    Result<void> finish();

    uint64_t content_bytes() const { return content_bytes_; }
    // Lower-case names; complete after finish().
    const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

private:
    enum class State : uint8_t { kChunkHeader, kData, kDataEnd, kTrailers, kDone };

    Result<void> take_chunk_header(std::string_view line);
    Result<void> take_trailer(std::string_view line);
    Result<void> end_trailers();
    Result<void> end_chunk();

    ChunkVerifier verifier_;
    bool is_signed_;
    bool has_trailer_;
    State state_ = State::kChunkHeader;
    std::string line_;
    uint64_t chunk_left_ = 0;
    bool last_chunk_ = false;
    std::string chunk_signature_;
    std::string trailer_signature_;
    std::string canonical_trailers_;
    codec::Sha256 digest_;
    uint64_t content_bytes_ = 0;
    std::vector<std::pair<std::string, std::string>> trailers_;
};

}  // namespace millrace::auth
