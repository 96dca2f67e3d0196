#include "store/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

namespace millrace::store {

bool sync_folder(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool ok = ::fsync(fd) == 0;
    ::close(fd);
    return ok;
}

}  // namespace millrace::store
