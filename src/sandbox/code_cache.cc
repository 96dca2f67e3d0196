#include "sandbox/code_cache.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

Error bad_zip() {
    return Error{
        .code = "InvalidParameterValueException",
        .message =
            "Could not unzip uploaded file. Please check your file, then try to upload again."};
}

struct Closer {
    void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, Closer>;

Reader make_reader() {
    Reader reader(archive_read_new());
    archive_read_support_format_zip(reader.get());
    return reader;
}

// A relative path without "..": nothing that an entry names leaves the folder.
bool is_confined(const fs::path& path) {
    if (path.empty() || path.is_absolute()) return false;
    for (const fs::path& part : path) {
        if (part == "..") return false;
    }
    return true;
}

Result<void> walk(archive* reader,
                  const std::function<Result<void>(archive_entry*, const fs::path&)>& visit) {
    uint64_t total = 0;
    archive_entry* entry = nullptr;
    for (;;) {
        const int status = archive_read_next_header(reader, &entry);
        if (status == ARCHIVE_EOF) return {};
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return bad_zip();
        const char* name = archive_entry_pathname(entry);
        const fs::path path = name == nullptr ? "" : name;
        const auto type = archive_entry_filetype(entry);
        // Links could point anywhere: none are unpacked.
        if (!is_confined(path) || (type != AE_IFREG && type != AE_IFDIR)) return bad_zip();
        total += static_cast<uint64_t>(std::max<int64_t>(0, archive_entry_size(entry)));
        if (total > kUnzippedBytesMax) {
            return Error{.code = "InvalidParameterValueException",
                         .message = "Unzipped size must be smaller than 262144000 bytes"};
        }
        Result<void> visited = visit(entry, path);
        if (!visited) return visited;
    }
}

// Readable by the function's user whatever the server's umask.
Result<void> make_folders(fs::path folder, const fs::path& below) {
    for (const fs::path& part : below) {
        folder /= part;
        if (::mkdir(folder.c_str(), 0755) == 0) ::chmod(folder.c_str(), 0755);
    }
    std::error_code error;
    if (!fs::is_directory(folder, error)) return bad_zip();
    return {};
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
    size_t entries = 0;
    Result<void> walked = walk(reader.get(), [&](archive_entry*, const fs::path&) -> Result<void> {
        entries += 1;
        return {};
    });
    if (walked && entries == 0) return bad_zip();
    return walked;
}

Result<std::string> CodeCache::unpack(std::string_view sha256_hex, const std::string& zip_path,
                                      CodeLease* lease) {
    const MutexLock lock(mutex_);
    const std::string name(sha256_hex);
    if (const auto found = entries_.find(name); found != entries_.end()) {
        found->second.used = ++uses_;
        if (lease != nullptr) *lease = found->second.folder;
        return *found->second.folder;
    }
    const fs::path target = fs::path(folder_) / sha256_hex;
    std::error_code error;
    const fs::path temporary = target.string() + ".new";
    fs::remove_all(temporary, error);
    fs::create_directories(temporary, error);
    ::chmod(temporary.c_str(), 0755);
    const Reader reader = make_reader();
    if (archive_read_open_filename(reader.get(), zip_path.c_str(), 65536) != ARCHIVE_OK)
        return bad_zip();
    Result<void> walked =
        walk(reader.get(), [&](archive_entry* entry, const fs::path& path) -> Result<void> {
            const fs::path file = temporary / path;
            if (archive_entry_filetype(entry) == AE_IFDIR) return make_folders(temporary, path);
            MR_CHECK_OK(make_folders(temporary, path.parent_path()));
            std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(file.c_str(), "wbe"), std::fclose);
            if (!out) return bad_zip();
            const void* block = nullptr;
            size_t size = 0;
            la_int64_t offset = 0;
            uint64_t written = 0;
            int status = ARCHIVE_OK;
            while ((status = archive_read_data_block(reader.get(), &block, &size, &offset)) ==
                   ARCHIVE_OK) {
                written += size;
                // What the header says of the size may be a lie.
                if (written > kUnzippedBytesMax || std::fwrite(block, 1, size, out.get()) != size)
                    return bad_zip();
            }
            if (status != ARCHIVE_EOF) return bad_zip();
            // As Lambda does: readable by all, executable where the zip says so.
            const bool executable = (archive_entry_perm(entry) & 0111) != 0;
            ::chmod(file.c_str(), executable ? 0755 : 0644);
            return {};
        });
    if (!walked) {
        fs::remove_all(temporary, error);
        return std::move(walked.error());
    }
    fs::rename(temporary, target, error);
    if (error) return bad_zip();
    const auto folder = std::make_shared<const std::string>(target.string());
    entries_[name] = {folder, ++uses_};
    if (lease != nullptr) *lease = folder;
    trim();
    return *folder;
}

void CodeCache::trim() {
    size_t unused = 0;
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (entry->second.folder.use_count() > 1) continue;
        unused += 1;
        if (oldest == entries_.end() || entry->second.used < oldest->second.used) oldest = entry;
    }
    if (unused <= kUnusedMax) return;
    std::error_code ignored;
    fs::remove_all(*oldest->second.folder, ignored);
    entries_.erase(oldest);
}

}  // namespace millrace::sandbox
