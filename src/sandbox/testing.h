// What the tests of this room share.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace millrace::sandbox {

struct Entry {
    std::string path;
    std::string content;
    mode_t mode = 0644;
    std::string link;  // a symbolic link to it
};

inline std::string zip_of(const std::vector<Entry>& entries) {
    std::string bytes((1 << 20) + 256 * entries.size(), '\0');
    size_t used = 0;
    archive* writer = archive_write_new();
    archive_write_set_format_zip(writer);
    archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
    for (const Entry& entry : entries) {
        archive_entry* header = archive_entry_new();
        archive_entry_set_pathname(header, entry.path.c_str());
        archive_entry_set_perm(header, entry.mode);
        if (entry.link.empty()) {
            archive_entry_set_filetype(header, AE_IFREG);
            archive_entry_set_size(header, static_cast<la_int64_t>(entry.content.size()));
        } else {
            archive_entry_set_filetype(header, AE_IFLNK);
            archive_entry_set_symlink(header, entry.link.c_str());
        }
        archive_write_header(writer, header);
        archive_write_data(writer, entry.content.data(), entry.content.size());
        archive_entry_free(header);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    bytes.resize(used);
    return bytes;
}

}  // namespace millrace::sandbox
