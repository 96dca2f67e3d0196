// S3Body: takes an S3 request's body in pieces: removes aws-chunked framing and checks its
// signatures, computes the digests that operations want, and keeps the content in memory or writes
// it to a blob. Thread-safety: one thread at a time. Blocks on disk when it writes a blob: run it
// on the pool then. Ownership: owns the unfinished blob, which is deleted with it unless finish()
// succeeded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/aws_chunked.h"
#include "auth/sigv4.h"
#include "codec/digest.h"
#include "contracts/body_facts.h"
#include "core/body.h"
#include "core/http.h"
#include "core/result.h"
#include "store/blob_store.h"

namespace millrace::gateway {

// What is kept in memory and what goes to a blob.
inline constexpr uint64_t kInlineObjectBytesMax = 64 * 1024;
// Of one PUT (S3 User Guide, "Uploading objects": 5 GB).
inline constexpr uint64_t kObjectBytesMax = uint64_t{5} << 30;

class S3Body {
public:
    // `blobs` null: the content stays in memory, at most `bytes_max` of it. `verified` tells the
    // payload's form; for anonymous requests one made by anonymous_payload().
    S3Body(const HttpRequest& request, const auth::Verified& verified, store::BlobStore* blobs,
           uint64_t bytes_max);
    ~S3Body();

    Result<void> feed(std::string_view bytes);
    // After the last byte. Errors: IncompleteBody, XAmzContentSHA256Mismatch, chunk signatures.
    Result<void> finish();
    // After finish().
    Body take_body() { return std::move(body_); }
    const contracts::BodyFacts& facts() const { return facts_; }

private:
    Result<void> take(std::string_view content);

    store::BlobStore* blobs_;
    const uint64_t bytes_max_;
    std::optional<uint64_t> expected_length_;  // x-amz-decoded-content-length
    std::string expected_sha256_;              // hex; empty: none
    std::vector<std::string> expected_trailers_;
    std::optional<auth::AwsChunkedDecoder> chunked_;
    codec::Md5 md5_;
    std::optional<codec::Sha256> sha256_;
    std::optional<codec::Sha1> sha1_;
    bool crc32_wanted_ = false, crc32c_wanted_ = false, crc64_wanted_ = false;
    uint32_t crc32_ = 0;
    uint32_t crc32c_ = 0;
    uint64_t crc64_ = 0;
    std::unique_ptr<store::BlobWriter> writer_;
    Body body_;
    contracts::BodyFacts facts_;
};

// The payload form that an unsigned request's x-amz-content-sha256 header claims.
auth::Verified anonymous_payload(const HttpRequest& request);
// The number of content bytes that the headers announce: x-amz-decoded-content-length, else
// Content-Length; nullopt when neither does.
std::optional<uint64_t> announced_length(const HttpRequest& request);

}  // namespace millrace::gateway
