// ObjectStore: buckets as other services write to and read from them, in their own transactions.
// Implemented by services/s3. Rights are asked once, by the operation that a caller made; what it
// started works on behalf of that caller. Errors are S3's. Thread-safety: safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contracts/operation.h"
#include "core/body.h"

namespace millrace::contracts {

struct StoredObject {
    std::string key;
    std::string etag;  // without quotes
    Body body;         // readable for some minutes after the transaction
};

// Content that is durable, but in no bucket yet. Left alone it is swept in time.
struct NewObject {
    Body body;
    std::string md5;  // raw
    std::string content_type;
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;
    // What the caller must be allowed: "s3:PutObject" on a key, or an action on the bucket when
    // `key` is empty.
    virtual AuthzRequest ask(OpContext& context, std::string_view action, std::string_view bucket,
                             std::string_view key) = 0;
    // NoSuchBucket; AccessDenied when `owner` is given and another's.
    virtual Result<void> check_bucket(OpContext& context, std::string_view bucket,
                                      std::string_view owner) = 0;
    // Outside of a transaction: writes and syncs a file when the content is large.
    virtual Result<NewObject> prepare(std::string content, std::string_view content_type) = 0;
    virtual Result<void> put(OpContext& context, std::string_view bucket, std::string_view key,
                             const NewObject& object) = 0;
    // The first object with the prefix behind the key `after`. Its key is empty: there is none.
    virtual Result<StoredObject> next(OpContext& context, std::string_view bucket,
                                      std::string_view prefix, std::string_view after) = 0;
    // NoSuchKey.
    virtual Result<StoredObject> find(OpContext& context, std::string_view bucket,
                                      std::string_view key) = 0;
    // At most `bytes_max` bytes of the body; empty behind its end.
    virtual Result<std::string> read(const Body& body, uint64_t offset, size_t bytes_max) = 0;
};

}  // namespace millrace::contracts
