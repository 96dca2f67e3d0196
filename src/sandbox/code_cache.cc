#include "sandbox/code_cache.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPathBytesMax = 1024;
constexpr size_t kPathDepthMax = 100;

Error refused(std::string message) {
    return Error{.code = "InvalidParameterValueException", .message = std::move(message)};
}

Error bad_zip() {
    return refused(
        "Could not unzip uploaded file. Please check your file, then try to upload again.");
}

Error too_many() {
    return refused(fmt::format("The zip has more than {} files and folders", kZipEntriesMax));
}

// The disk is full, or worse.
Error not_written() {
    return Error{
        .code = "SandboxFailure",
        .http_status = 500,
        .message = fmt::format("the function's code was not written: {}", std::strerror(errno))};
}

struct Closer {
    void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, Closer>;

Reader make_reader() {
    Reader reader(archive_read_new());
    // By its central directory only: a stream of entries without one is no zip to others either.
    archive_read_support_format_zip_seekable(reader.get());
    return reader;
}

// A relative path without "..": nothing that an entry names leaves the folder.
bool is_confined(const fs::path& path) {
    if (path.empty() || path.is_absolute() || path.native().size() > kPathBytesMax) return false;
    size_t depth = 0;
    for (const fs::path& part : path) {
        if (part == ".." || ++depth > kPathDepthMax) return false;
    }
    return true;
}

struct FileCloser {
    void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;  // null: what is written is dropped

// `open` answers where an entry's content goes. What a zip says of sizes may be a lie: only bytes
// that came out of it count.
Result<void> walk(archive* reader,
                  const std::function<Result<File>(archive_entry*, const fs::path&)>& open) {
    uint64_t bytes = 0;
    size_t entries = 0;
    archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = archive_read_next_header(reader, &entry)) != ARCHIVE_EOF) {
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return bad_zip();
        const char* name = archive_entry_pathname(entry);
        const fs::path path = name == nullptr ? "" : name;
        const auto type = archive_entry_filetype(entry);
        // Links could point anywhere: none are unpacked.
        if (!is_confined(path) || (type != AE_IFREG && type != AE_IFDIR)) return bad_zip();
        if (++entries > kZipEntriesMax) return too_many();
        MR_TRY(File file, open(entry, path));
        const void* block = nullptr;
        size_t size = 0;
        la_int64_t offset = 0;
        while ((status = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK) {
            if (bytes += size; bytes > kUnzippedBytesMax) {
                return refused(
                    fmt::format("Unzipped size must be smaller than {} bytes", kUnzippedBytesMax));
            }
            if (file && std::fwrite(block, 1, size, file.get()) != size) return not_written();
        }
        if (status != ARCHIVE_EOF) return bad_zip();
        if (file && std::fclose(file.release()) != 0) return not_written();
    }
    if (entries == 0) return bad_zip();
    return {};
}

// Readable by the function's user whatever the server's umask. Counts those that were not there.
Result<void> make_folders(fs::path folder, const fs::path& below, size_t& made) {
    for (const fs::path& part : below) {
        folder /= part;
        if (::mkdir(folder.c_str(), 0755) != 0) {
            if (errno == EEXIST) continue;
            return not_written();
        }
        ::chmod(folder.c_str(), 0755);
        if (++made > kZipEntriesMax) return too_many();
    }
    std::error_code error;
    if (!fs::is_directory(folder, error)) return bad_zip();
    return {};
}

Result<void> unpack_into(const fs::path& folder, const std::string& zip_path) {
    std::error_code error;
    fs::remove_all(folder, error);
    fs::create_directories(folder, error);
    ::chmod(folder.c_str(), 0755);
    const Reader reader = make_reader();
    if (archive_read_open_filename(reader.get(), zip_path.c_str(), 65536) != ARCHIVE_OK)
        return bad_zip();
    size_t folders = 0;
    return walk(reader.get(), [&](archive_entry* entry, const fs::path& path) -> Result<File> {
        if (archive_entry_filetype(entry) == AE_IFDIR) {
            MR_CHECK_OK(make_folders(folder, path, folders));
            return File();
        }
        MR_CHECK_OK(make_folders(folder, path.parent_path(), folders));
        File file(std::fopen((folder / path).c_str(), "wbe"));
        if (!file) return not_written();
        // As Lambda does: readable by all, executable where the zip says so.
        const bool executable = (archive_entry_perm(entry) & 0111) != 0;
        ::fchmod(::fileno(file.get()), executable ? 0755 : 0644);
        return file;
    });
}

}  // namespace

CodeCache::CodeCache(std::string folder) : folder_(std::move(folder)) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    fs::create_directories(folder_, ignored);
    ::chmod(folder_.c_str(), 0755);
}

Result<void> check_zip(std::string_view zip) {
    const Reader reader = make_reader();
    if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK)
        return bad_zip();
    return walk(reader.get(), [](archive_entry*, const fs::path&) { return Result<File>(File()); });
}

Result<CodeLease> CodeCache::unpack(std::string_view sha256_hex, const std::string& zip_path) {
    const std::string name(sha256_hex);
    {
        MutexLock lock(mutex_);
        for (auto found = entries_.find(name); found != entries_.end();
             found = entries_.find(name)) {
            found->second.used = ++uses_;
            if (found->second.folder) return found->second.folder;
            lock.wait(unpacked_);
        }
        entries_[name].used = ++uses_;
    }
    Result<CodeLease> folder = unpack_new(name, zip_path);
    std::string unused;
    {
        const MutexLock lock(mutex_);
        if (folder) {
            entries_[name].folder = *folder;
            unused = take_unused();
        } else {
            entries_.erase(name);
        }
        unpacked_.notify_all();
    }
    std::error_code ignored;
    if (!unused.empty()) fs::remove_all(unused, ignored);
    return folder;
}

Result<CodeLease> CodeCache::unpack_new(const std::string& name,
                                        const std::string& zip_path) const {
    const fs::path target = fs::path(folder_) / name;
    const fs::path temporary = target.string() + ".new";
    std::error_code error;
    const Result<void> unpacked = unpack_into(temporary, zip_path);
    if (unpacked) fs::rename(temporary, target, error);
    if (unpacked && !error) return std::make_shared<const std::string>(target.string());
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    if (!unpacked) return unpacked.error();
    return not_written();
}

std::string CodeCache::take_unused() {
    size_t unused = 0;
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (!entry->second.folder || entry->second.folder.use_count() > 1) continue;
        unused += 1;
        if (oldest == entries_.end() || entry->second.used < oldest->second.used) oldest = entry;
    }
    if (unused <= kUnusedMax) return {};
    // Under another name, so that the same zip can be unpacked while this is deleted.
    std::string folder = *oldest->second.folder + fmt::format(".old-{}", ++uses_);
    std::error_code ignored;
    fs::rename(*oldest->second.folder, folder, ignored);
    entries_.erase(oldest);
    return folder;
}

}  // namespace millrace::sandbox
