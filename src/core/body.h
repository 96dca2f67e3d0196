// Body: a request's or response's bytes, either in memory or as a slice of a blob on disk, so that
// a large object never sits in memory. Thread-safety: a plain value.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

struct Body {
    std::string bytes;    // the content, when blob_id is empty
    std::string blob_id;  // store/blob_store.h: the blob that holds the content
    uint64_t offset = 0;  // of the slice in the blob
    uint64_t length = 0;  // of the slice in the blob

    bool in_memory() const { return blob_id.empty(); }
    uint64_t size() const { return in_memory() ? bytes.size() : length; }
    friend bool operator==(const Body&, const Body&) = default;
};

}  // namespace millrace
