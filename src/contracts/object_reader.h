// ObjectReader: an object's content for another service (function code). Implemented by
// services/s3. Thread-safety: safe from any thread; one call belongs to the context's thread and
// may block on the blob store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "contracts/operation.h"

namespace millrace::contracts {

class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    // The whole content, with the rights of the context's caller. Errors: S3's own (NoSuchBucket,
    // NoSuchKey, AccessDenied, ...); EntityTooLarge when there are more than `bytes_max` bytes.
    virtual Result<std::string> read_object(OpContext& context, const std::string& bucket,
                                            const std::string& key,
                                            const std::optional<std::string>& version_id,
                                            uint64_t bytes_max) = 0;
};

}  // namespace millrace::contracts
