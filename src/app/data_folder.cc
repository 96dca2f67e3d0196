#include "app/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "app/files.h"

namespace millrace::app {
namespace {

namespace fs = std::filesystem;

constexpr int kLockTries = 50;
constexpr int kLockPauseMs = 20;

Error failure(std::string message) {
    return Error{.code = "DataFolder", .http_status = 500, .message = std::move(message)};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
        return failure(fmt::format("cannot create the data folder {}: {}", path, error.message()));
    fs::permissions(path, fs::perms::owner_all, error);
    const std::string lock_path = path + "/lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return failure(fmt::format("cannot open {}: {}", lock_path, std::strerror(errno)));
    // Children of a killed server hold its lock for a moment, until they see that it is gone.
    bool locked = ::flock(lock, LOCK_EX | LOCK_NB) == 0;
    for (int i = 0; !locked && i < kLockTries; ++i) {
        ::poll(nullptr, 0, kLockPauseMs);
        locked = ::flock(lock, LOCK_EX | LOCK_NB) == 0;
    }
    if (!locked) {
        ::close(lock);
        return failure(
            fmt::format("the data folder {} is in use by another millrace; stop it or choose "
                        "another --data-dir",
                        path));
    }
    DataFolder folder(path, lock);
    const auto text = read_file(folder.path("format"));
    if (!text) {
        Result<void> written =
            write_file(folder.path("format"), fmt::format("{}\n", kFormat), 0600);
        if (!written) return std::move(written.error());
        return folder;
    }
    int format = 0;
    std::from_chars(text->data(), text->data() + text->size(), format);
    if (format > kFormat) {
        return failure(
            fmt::format("the data folder {} is from a newer version (format {}, this one knows "
                        "{}); use that version",
                        path, format, kFormat));
    }
    if (format < 1)
        return failure(fmt::format("{} is no format file of millrace", folder.path("format")));
    // Before the first release rows change without a way to carry them over.
    if (format < kFormat) {
        return failure(fmt::format(
            "the data folder {} is from an earlier version (format {}, this one knows {}); use "
            "that version, or begin a new folder",
            path, format, kFormat));
    }
    return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
    if (lock_ >= 0) ::close(lock_);
}

Result<std::string> DataFolder::seal_key(Rng& rng) {
    const std::string file = path("seal-key");
    if (auto key = read_file(file)) {
        if (key->size() == 32) return *key;
        return failure(fmt::format("{} is damaged: it must have 32 bytes", file));
    }
    std::string key(32, '\0');
    rng.fill({reinterpret_cast<uint8_t*>(key.data()), key.size()});
    MR_CHECK_OK(write_file(file, key, 0600));
    return key;
}

Result<void> DataFolder::keep_root_key(const RootKey& key) {
    return write_file(path("root-credentials"),
                      fmt::format("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
                                  key.access_key_id, key.secret_access_key),
                      0600);
}

Result<RootKey> DataFolder::root_key(Rng& rng) {
    if (const auto text = read_file(path("root-credentials"))) {
        RootKey key{value_of(*text, "AWS_ACCESS_KEY_ID"), value_of(*text, "AWS_SECRET_ACCESS_KEY")};
        if (!key.access_key_id.empty() && !key.secret_access_key.empty()) return key;
        return failure(
            fmt::format("{} is damaged: it must name AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                        path("root-credentials")));
    }
    RootKey key{"AKIA" + rng.upper_alnum(16), rng.base64_chars(40)};
    MR_CHECK_OK(keep_root_key(key));
    return key;
}

}  // namespace millrace::app
