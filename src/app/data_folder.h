// DataFolder: the folder that a server keeps everything in. One server at a time, of a version that
// knows its format. Thread-safety: used by the main thread only.
// Files: `format` (a number), `lock`, `seal-key` (32 bytes, 0600), `root-credentials` (0600),
// `db/`, `blobs/`.
#pragma once

#include <string>

#include "core/random.h"
#include "core/result.h"

namespace millrace::app {

struct RootKey {
    std::string access_key_id;
    std::string secret_access_key;
};

class DataFolder {
public:
    static constexpr int kFormat = 3;

    // Makes the folder if needed, locks it, checks its format. Errors are one line for the
    // operator.
    static Result<DataFolder> open(const std::string& path);
    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&&) = delete;
    ~DataFolder();

    std::string path(const std::string& name) const { return path_ + "/" + name; }
    // The key that seals secrets at rest, made once.
    Result<std::string> seal_key(Rng& rng);
    // The kept root key; made and kept when there is none.
    Result<RootKey> root_key(Rng& rng);
    // Keeps the root key that the environment named, for tools that read the file.
    Result<void> keep_root_key(const RootKey& key);

private:
    DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_;
};

}  // namespace millrace::app
