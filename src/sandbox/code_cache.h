// CodeCache: functions' zips, unpacked once per content into a folder of their own, read-only. A
// folder stays while somebody holds it; of the others the most recently used are kept. Different
// zips are unpacked side by side.
// Thread-safety: safe from any thread. Source of the limits: Lambda quotas.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.h"
#include "core/result.h"

namespace millrace::sandbox {

inline constexpr uint64_t kUnzippedBytesMax = 262'144'000;
// Files and folders: each takes an inode and a block, however small. Lambda names no limit.
inline constexpr size_t kZipEntriesMax = 100'000;

// A folder of the cache stays while there is one.
using CodeLease = std::shared_ptr<const std::string>;

class CodeCache {
public:
    // Folders that nobody holds.
    static constexpr size_t kUnusedMax = 16;

    // Everything in `folder` is deleted: it is a cache.
    explicit CodeCache(std::string folder);
    // The folder with the unpacked code. `zip_path`: a file of the host.
    Result<CodeLease> unpack(std::string_view code_sha256_hex, const std::string& zip_path);

private:
    struct Entry {
        CodeLease folder;   // its path; null: it is being unpacked
        uint64_t used = 0;  // greater: later
    };
    Result<CodeLease> unpack_new(const std::string& name, const std::string& zip_path) const;
    // A folder to delete, which is in the cache no more; "": none. O(folders).
    std::string take_unused() MR_REQUIRES(mutex_);

    std::string folder_;
    Mutex mutex_;
    std::condition_variable unpacked_;
    std::unordered_map<std::string, Entry> entries_ MR_GUARDED_BY(mutex_);
    uint64_t uses_ MR_GUARDED_BY(mutex_) = 0;
};

// Whether it can be unpacked, found out by doing so, to nowhere: a zip with a directory, no path
// that leaves its folder, whole, small enough.
Result<void> check_zip(std::string_view zip);

}  // namespace millrace::sandbox
