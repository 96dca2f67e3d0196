// CodeCache: functions' zips, unpacked once per content into a folder of their own, read-only. A
// folder stays while somebody holds it; of the others the most recently used are kept.
// Thread-safety: safe from any thread. Source of the limits: Lambda quotas.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.h"
#include "core/result.h"

namespace millrace::sandbox {

inline constexpr uint64_t kUnzippedBytesMax = 262'144'000;

// A folder of the cache stays while there is one.
using CodeLease = std::shared_ptr<const std::string>;

class CodeCache {
public:
    // Folders that nobody holds.
    static constexpr size_t kUnusedMax = 16;

    // Everything in `folder` is deleted: it is a cache.
    explicit CodeCache(std::string folder);
    // The folder with the unpacked code. `zip_path`: a file of the host. `lease`, when given, gets
    // one on the folder.
    Result<std::string> unpack(std::string_view code_sha256_hex, const std::string& zip_path,
                               CodeLease* lease = nullptr);

private:
    struct Entry {
        CodeLease folder;   // its path
        uint64_t used = 0;  // greater: later
    };
    // O(folders), when there is one too many.
    void trim() MR_REQUIRES(mutex_);

    std::string folder_;
    Mutex mutex_;
    std::unordered_map<std::string, Entry> entries_ MR_GUARDED_BY(mutex_);
    uint64_t uses_ MR_GUARDED_BY(mutex_) = 0;
};

// Whether it can be unpacked: a zip, no path that leaves its folder, small enough.
Result<void> check_zip(std::string_view zip);

}  // namespace millrace::sandbox
