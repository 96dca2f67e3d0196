// Checksums of bodies: which one a request names, whether it is right, and computing them over
// stored content. Thread-safety: pure functions.
// Source: Amazon S3 User Guide, "Checking object integrity".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "core/body.h"
#include "core/result.h"
#include "services/s3/object_row.h"

namespace millrace::s3 {

// "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256".
std::string_view algorithm_name(ChecksumAlgorithm algorithm);
// kNone: another name.
ChecksumAlgorithm parse_algorithm(std::string_view name);
// "x-amz-checksum-crc32"
std::string_view checksum_header(ChecksumAlgorithm algorithm);
std::string_view type_name(ChecksumType type);
size_t digest_size(ChecksumAlgorithm algorithm);

// A digest over bytes that come in pieces.
class Hasher {
public:
    explicit Hasher(ChecksumAlgorithm algorithm);
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    void update(std::string_view bytes);
    // Raw bytes; empty for kNone.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};
std::string hash(ChecksumAlgorithm algorithm, std::string_view bytes);

struct BodyDigests {
    std::string md5;    // raw
    Checksum checksum;  // FULL_OBJECT; the client's algorithm, or CRC64NVME as S3 itself adds
    bool client_sent_checksum = false;
};

// Checks Content-MD5 and x-amz-checksum-* (headers or trailers) against the body. `required`: one
// of them must be there. `body`: for calls that do not come over HTTP. Errors: InvalidDigest,
// BadDigest, InvalidRequest.
Result<BodyDigests> check_body(const contracts::OpContext& context, std::string_view body,
                               bool required);

}  // namespace millrace::s3
