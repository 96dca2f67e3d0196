// CodeCache: functions' zips, unpacked once per content into a folder of their own, read-only.
// Thread-safety: safe from any thread. Source of the limits: Lambda quotas.
#pragma once

#include <string>
#include <string_view>

#include "core/mutex.h"
#include "core/result.h"

namespace millrace::sandbox {

inline constexpr uint64_t kUnzippedBytesMax = 262'144'000;

class CodeCache {
public:
    // Everything in `folder` is deleted: it is a cache.
    explicit CodeCache(std::string folder);
    // The folder with the unpacked code. `zip_path`: a file of the host.
    Result<std::string> unpack(std::string_view code_sha256_hex, const std::string& zip_path);

private:
    std::string folder_;
    Mutex mutex_;
};

// Whether it can be unpacked: a zip, no path that leaves its folder, small enough.
Result<void> check_zip(std::string_view zip);

}  // namespace millrace::sandbox
