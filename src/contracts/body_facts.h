// BodyFacts: what the gateway learnt of an S3 request's body while it came in, so that no operation
// reads the bytes again. Reachable as RequestInfo::body; null for other services and internal
// calls.
//
// Already checked when an operation sees it: chunk and trailer signatures, the digest of
// x-amz-content-sha256, x-amz-decoded-content-length, and that every header promised by
// x-amz-trailer came. Left to the operation: comparing Content-MD5 and x-amz-checksum-* (header or
// trailer) with what is here, since the error texts differ by operation. Thread-safety: immutable
// while the operation runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::contracts {

struct BodyFacts {
    uint64_t length = 0;  // of the content, without aws-chunked framing
    bool aws_chunked = false;
    // Raw digests (big-endian); an empty string: not computed. md5 always is. Of the checksums
    // those are computed whose algorithm the request names: an x-amz-checksum-<algorithm> header,
    // x-amz-trailer, x-amz-sdk-checksum-algorithm; when it names none, crc64nvme, as S3 itself
    // does.
    std::string md5;        // 16 bytes
    std::string sha256;     // 32
    std::string sha1;       // 20
    std::string crc32;      // 4
    std::string crc32c;     // 4
    std::string crc64nvme;  // 8
    // Trailing headers of an aws-chunked body, names in lower case, e.g. {"x-amz-checksum-crc32",
    // "sOO8/Q=="}.
    std::vector<std::pair<std::string, std::string>> trailers;

    // The trailer's value or an empty view.
    std::string_view trailer(std::string_view name) const {
        for (const auto& [key, value] : trailers) {
            if (key == name) return value;
        }
        return {};
    }
};

}  // namespace millrace::contracts
