#include "app/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "store/sync_folder.h"

namespace millrace::app {
namespace {

namespace fs = std::filesystem;

Error failure(std::string message) {
    return Error{.code = "DataFolder", .http_status = 500, .message = std::move(message)};
}

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::string text;
    char buffer[4096];
    ssize_t n = 0;
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(n));
    ::close(fd);
    if (n < 0) return std::nullopt;
    return text;
}

Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
    const std::string temporary = path + ".new";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return failure(fmt::format("cannot write {}: {}", temporary, std::strerror(errno)));
    const bool written =
        ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(fd) == 0;
    ::close(fd);
    if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
        return failure(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    }
    if (!store::sync_folder(fs::path(path).parent_path()))
        return failure(fmt::format("cannot sync the folder of {}: {}", path, std::strerror(errno)));
    return {};
}

std::string value_of(std::string_view text, std::string_view name) {
    const std::string start = std::string(name) + "=";
    const size_t at = text.find(start);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + start.size());
    return std::string(rest.substr(0, rest.find('\n')));
}

}  // namespace millrace::app
