// x-amz-copy-source: naming and reading the source of CopyObject and UploadPartCopy.
// Thread-safety: as the transaction.
#pragma once

#include <optional>
#include <string>

#include "services/s3/conditions.h"
#include "services/s3/ops/object_read.h"

namespace millrace::s3 {

struct CopySource {
    std::string bucket;
    std::string key;
    std::optional<std::string> version_id;
};
// "[/]bucket/key[?versionId=id]", percent-encoded. Error: InvalidArgument.
Result<CopySource> parse_copy_source(std::string_view header);

struct OpenedSource {
    CopySource name;
    BucketRef bucket;
    ObjectRow row;
};
// Errors: NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, PreconditionFailed.
Result<OpenedSource> open_source(S3Service& service, contracts::OpContext& context,
                                 std::string_view header, const Preconditions& conditions);

template <class Input>
Preconditions source_conditions(const Input& input) {
    Preconditions conditions;
    conditions.if_match = input.copy_source_if_match;
    conditions.if_none_match = input.copy_source_if_none_match;
    conditions.if_modified_since = input.copy_source_if_modified_since;
    conditions.if_unmodified_since = input.copy_source_if_unmodified_since;
    return conditions;
}

// Asks for reading the source; with `tags`, for reading its tags when it has some.
Result<void> authorize_source(S3Service& service, contracts::OpContext& context,
                              const std::optional<std::string>& header,
                              const std::optional<std::string>& expected_owner, bool tags,
                              contracts::AuthzRequests& requests);

}  // namespace millrace::s3
