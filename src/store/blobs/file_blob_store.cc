#include "store/blobs/file_blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/random.h"
#include "store/sync_folder.h"

namespace millrace::store {
namespace {

namespace fs = std::filesystem;

Error io_error(const char* what, const fs::path& path) {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    return Error{.code = full ? "NoSpace" : "InternalError",
                 .http_status = full ? 507 : 500,
                 .message = std::string(what) + " " + path.string() + ": " + std::strerror(errno)};
}

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&&) = delete;
    int fd() const { return fd_; }
    bool ok() const { return fd_ >= 0; }

private:
    int fd_;
};

bool is_blob_id(std::string_view id) {
    return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class FileBlobWriter final : public BlobWriter {
public:
    FileBlobWriter(File file, fs::path temporary, fs::path final_path, bool durable)
        : file_(std::move(file)),
          temporary_(std::move(temporary)),
          final_(std::move(final_path)),
          durable_(durable) {}
    ~FileBlobWriter() override {
        if (!finished_) ::unlink(temporary_.c_str());
    }

    Result<void> write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t n = ::write(file_.fd(), bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return io_error("writing", temporary_);
            bytes.remove_prefix(static_cast<size_t>(n));
        }
        return {};
    }

    Result<std::string> finish() override {
        if (durable_ && ::fdatasync(file_.fd()) != 0) return io_error("syncing", temporary_);
        if (::rename(temporary_.c_str(), final_.c_str()) != 0)
            return io_error("renaming", temporary_);
        finished_ = true;
        if (durable_ && !sync_folder(final_.parent_path()))
            return io_error("syncing the folder of", final_);
        return final_.filename().string();
    }

private:
    File file_;
    fs::path temporary_;
    fs::path final_;
    bool durable_;
    bool finished_ = false;
};

class FileBlobReader final : public BlobReader {
public:
    FileBlobReader(File file, fs::path path, uint64_t size)
        : file_(std::move(file)), path_(std::move(path)), size_(size) {}
    uint64_t size() const override { return size_; }
    Result<size_t> read_at(uint64_t offset, std::span<char> out) const override {
        size_t done = 0;
        while (done < out.size()) {
            const ssize_t n = ::pread(file_.fd(), out.data() + done, out.size() - done,
                                      static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return io_error("reading", path_);
            if (n == 0) break;
            done += static_cast<size_t>(n);
        }
        return done;
    }
    std::string path() const override { return path_.string(); }

private:
    File file_;
    fs::path path_;
    uint64_t size_;
};

class FileBlobStore final : public BlobStore {
public:
    FileBlobStore(fs::path dir, bool durable) : dir_(std::move(dir)), durable_(durable) {}

    Result<std::unique_ptr<BlobWriter>> create() override {
        const std::string id = rng_.hex(32);
        fs::path temporary = dir_ / "tmp" / id;
        File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.ok()) return io_error("creating", temporary);
        return std::unique_ptr<BlobWriter>(std::make_unique<FileBlobWriter>(
            std::move(file), std::move(temporary), path_of(id), durable_));
    }

    Result<std::unique_ptr<BlobReader>> open(std::string_view id) override {
        if (!is_blob_id(id))
            return Error{.code = "InternalError", .http_status = 500, .message = "not a blob id"};
        fs::path path = path_of(id);
        File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status{};
        if (!file.ok() || ::fstat(file.fd(), &status) != 0) return io_error("opening", path);
        return std::unique_ptr<BlobReader>(std::make_unique<FileBlobReader>(
            std::move(file), std::move(path), static_cast<uint64_t>(status.st_size)));
    }

    void remove(std::string_view id) override {
        if (is_blob_id(id)) ::unlink(path_of(id).c_str());
    }

    void list(const std::function<void(std::string_view, TimePoint)>& visit) override {
        std::error_code error;
        for (const auto& folder : fs::directory_iterator(dir_, error)) {
            if (!folder.is_directory(error) || folder.path().filename() == "tmp") continue;
            for (const auto& entry : fs::directory_iterator(folder.path(), error)) {
                struct stat status{};
                if (::stat(entry.path().c_str(), &status) != 0) continue;
                visit(entry.path().filename().string(),
                      from_epoch_ms(int64_t{status.st_mtim.tv_sec} * 1000));
            }
        }
    }

private:
    fs::path path_of(std::string_view id) const { return dir_ / id.substr(0, 2) / id; }

    fs::path dir_;
    bool durable_;
    SystemRng rng_;
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_file_blob_store(const std::string& dir, bool durable) {
    std::error_code error;
    const fs::path path = fs::absolute(dir, error);
    // All folders are made now, so that finishing a blob syncs one folder.
    static constexpr char kHex[] = "0123456789abcdef";
    fs::remove_all(path / "tmp", error);
    fs::create_directories(path / "tmp", error);
    for (int i = 0; i < 256 && !error; ++i) {
        const std::string name{kHex[i / 16], kHex[i % 16]};
        fs::create_directories(path / name, error);
    }
    if (error)
        return Error{.code = "StoreUnavailable",
                     .message = "cannot create folders in " + dir + ": " + error.message()};
    if (durable && (!sync_folder(path) || !sync_folder(path.parent_path()))) {
        return Error{.code = "StoreUnavailable",
                     .message = "cannot sync the folder " + dir + ": " + std::strerror(errno)};
    }
    return std::unique_ptr<BlobStore>(std::make_unique<FileBlobStore>(path, durable));
}

}  // namespace millrace::store
