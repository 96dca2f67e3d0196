// BlobStore: immutable byte strings too large for a row (objects, function code), each in a file
// beside the store. A blob is durable when finish() returns; only then may a transaction refer to
// it. Blobs that no row refers to (a crash between the two) are swept by their service.
// Thread-safety: BlobStore is safe from any thread; a writer or reader belongs to one thread at a
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace millrace::store {

class BlobWriter {
public:
    virtual ~BlobWriter() = default;  // an unfinished blob is deleted
    virtual Result<void> write(std::string_view bytes) = 0;
    // fsyncs the file and its folder. The id: 32 hexadecimal digits.
    virtual Result<std::string> finish() = 0;
};

class BlobReader {
public:
    virtual ~BlobReader() = default;
    virtual uint64_t size() const = 0;
    // Fills as much of `out` as the blob has from offset on; returns the number of bytes.
    virtual Result<size_t> read_at(uint64_t offset, std::span<char> out) const = 0;
    // A file of the host that holds the blob, for unpacking function code; empty if there is none.
    virtual std::string path() const = 0;
};

class BlobStore {
public:
    virtual ~BlobStore() = default;
    virtual Result<std::unique_ptr<BlobWriter>> create() = 0;
    virtual Result<std::unique_ptr<BlobReader>> open(std::string_view id) = 0;
    // Deleting what is not there is no error.
    virtual void remove(std::string_view id) = 0;
    // Every finished blob with the time it was made.
    virtual void list(const std::function<void(std::string_view id, TimePoint made)>& visit) = 0;
};

}  // namespace millrace::store
