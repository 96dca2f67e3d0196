// Content: reading stored bodies piece by piece: digests for copies, joining parts of a multipart
// upload into one blob. These read and write blobs inside the operation, which therefore runs on
// the gateway's pool (Cost::kStream). Thread-safety: as the transaction.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/body.h"
#include "core/result.h"
#include "services/s3/checksums.h"
#include "services/s3/service.h"

namespace millrace::s3 {

// Calls back with the body's bytes in order, at most 1 MiB at a time. Error: the blob cannot be
// read.
Result<void> read_body(S3Service& service, const Body& body,
                       const std::function<Result<void>(std::string_view)>& visit);

struct ContentDigests {
    std::string md5;       // raw
    std::string checksum;  // raw
};
Result<ContentDigests> digest_body(S3Service& service, const Body& body,
                                   ChecksumAlgorithm algorithm);

struct JoinedBody {
    Body body;
    std::string checksum;  // raw, of the whole
};
// One body of many: in memory when small, else a new blob.
Result<JoinedBody> join_bodies(S3Service& service, const std::vector<Body>& bodies,
                               ChecksumAlgorithm algorithm);

}  // namespace millrace::s3
