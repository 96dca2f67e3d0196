#include "sandbox/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "millrace-";
// Lambda Developer Guide, "Configure Lambda function memory": one processor.
constexpr int kMegabytesPerProcessor = 1769;

bool write_text(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return ::close(fd) == 0 && written;
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

bool has_word(const std::string& text, const std::string& word) {
    std::istringstream words(text);
    for (std::string each; words >> each;) {
        if (each == word) return true;
    }
    return false;
}

struct Mount {
    std::string root;
    std::string folder;
    std::string kind;
    std::string options;  // of the file system, with commas
};

std::vector<Mount> read_mounts(const std::string& text) {
    std::vector<Mount> mounts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const size_t dash = line.find(" - ");
        if (dash == std::string::npos) continue;
        std::istringstream left(line.substr(0, dash));
        std::istringstream right(line.substr(dash + 3));
        std::string skip;
        Mount mount;
        left >> skip >> skip >> skip >> mount.root >> mount.folder;
        right >> mount.kind >> skip >> mount.options;
        if (mount.kind.starts_with("cgroup")) mounts.push_back(std::move(mount));
    }
    return mounts;
}

// A group's path as this process sees it: a container shows only a part of the tree.
std::string below(const Mount& mount, const std::string& path) {
    if (mount.root != "/" && path.starts_with(mount.root))
        return mount.folder + path.substr(mount.root.size());
    return path == "/" ? mount.folder : mount.folder + path;
}

}  // namespace

ControlGroup::ControlGroup(int version, std::vector<Part> parts)
    : version_(version), parts_(std::move(parts)) {
    for (const Part& part : parts_) {
        for (const std::string& controller : part.controllers) {
            if (controller == "memory") memory_ = part.folder + "/memory.stat";
            if (controller == "freezer") freezer_ = part.folder + "/cgroup.freeze";
        }
    }
}

ControlGroup::~ControlGroup() {
    for (const Part& part : parts_) ::rmdir(part.folder.c_str());
}

bool ControlGroup::limit(const GroupLimits& limits) const {
    const std::string bytes = std::to_string(limits.memory_bytes_max);
    bool good = true;
    for (const auto& [folder, controllers] : parts_) {
        for (const std::string& controller : controllers) {
            if (controller == "memory" && version_ == 2) {
                good = write_text(folder + "/memory.max", bytes) && good;
                // Not in every kernel: swap, and ending all at once.
                (void)write_text(folder + "/memory.swap.max", "0");
                (void)write_text(folder + "/memory.oom.group", "1");
            } else if (controller == "memory") {
                good = write_text(folder + "/memory.limit_in_bytes", bytes) && good;
                (void)write_text(folder + "/memory.memsw.limit_in_bytes", bytes);
            } else if (controller == "pids") {
                good =
                    write_text(folder + "/pids.max", std::to_string(limits.processes_max)) && good;
            } else if (controller == "cpu" && version_ == 2) {
                const int weight =
                    std::clamp(limits.memory_mb * 100 / kMegabytesPerProcessor, 1, 10'000);
                good = write_text(folder + "/cpu.weight", std::to_string(weight)) && good;
            } else if (controller == "cpu") {
                const int shares =
                    std::clamp(limits.memory_mb * 1024 / kMegabytesPerProcessor, 2, 262'144);
                good = write_text(folder + "/cpu.shares", std::to_string(shares)) && good;
            }
        }
    }
    return good;
}

std::vector<std::string> ControlGroup::entrances() const {
    std::vector<std::string> files;
    for (const Part& part : parts_) files.push_back(part.folder + "/cgroup.procs");
    return files;
}

std::optional<uint64_t> ControlGroup::memory_used() const {
    std::istringstream lines(read_text(memory_));
    const std::string_view wanted = version_ == 2 ? "anon" : "total_rss";
    std::string name;
    for (uint64_t value = 0; lines >> name >> value;) {
        if (name == wanted) return value;
    }
    return std::nullopt;
}

bool ControlGroup::freeze(bool frozen) const {
    return !freezer_.empty() && write_text(freezer_, frozen ? "1" : "0");
}

ControlGroups::ControlGroups(std::string root) : root_(std::move(root)) {
    const std::vector<Mount> mounts = read_mounts(read_text(root_ + "/proc/self/mountinfo"));
    std::istringstream lines(read_text(root_ + "/proc/self/cgroup"));
    std::vector<ControlGroup::Part> version_1;
    for (std::string line; std::getline(lines, line);) {
        // "4:memory:/path", of version 2 "0::/path".
        const size_t first = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string names = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        for (const Mount& mount : mounts) {
            const std::string folder = root_ + below(mount, path);
            if (names.empty() && mount.kind == "cgroup2") {
                // Root may also work at the top, as a login's own group is not for it alone.
                if (prepare_version_2(folder) ||
                    (::geteuid() == 0 && prepare_version_2(root_ + mount.folder))) {
                    version_ = 2;
                }
            } else if (!names.empty() && mount.kind == "cgroup") {
                std::string listed = mount.options;
                std::replace(listed.begin(), listed.end(), ',', ' ');
                std::string own = names;
                std::replace(own.begin(), own.end(), ',', ' ');
                ControlGroup::Part hierarchy{folder, {}};
                for (const char* controller : {"memory", "pids", "cpu"}) {
                    if (has_word(listed, controller) && has_word(own, controller))
                        hierarchy.controllers.emplace_back(controller);
                }
                const bool usable = ::access(folder.c_str(), W_OK) == 0;
                if (usable && !hierarchy.controllers.empty())
                    version_1.push_back(std::move(hierarchy));
            }
        }
    }
    if (version_ == 0 &&
        std::any_of(version_1.begin(), version_1.end(), [](const ControlGroup::Part& h) {
            return h.controllers.front() == "memory";
        })) {
        version_ = 1;
        hierarchies_ = std::move(version_1);
    }
    if (version_ == 0) return;
    remove_left_over();
    // All functions below one group: they share its processor time by their sizes, and a small one
    // does not starve beside the rest of the machine.
    for (ControlGroup::Part& hierarchy : hierarchies_) {
        hierarchy.folder += fmt::format("/{}{}", kPrefix, ::getpid());
        ::mkdir(hierarchy.folder.c_str(), 0755);
        for (const std::string& controller : hierarchy.controllers) {
            if (version_ == 2 && controller != "freezer") {
                if (!write_text(hierarchy.folder + "/cgroup.subtree_control", "+" + controller))
                    version_ = 0;
            } else if (version_ == 1 && controller == "cpu") {
                const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
                (void)write_text(hierarchy.folder + "/cpu.shares",
                                 std::to_string(1024 * processors));
            }
        }
    }
}

ControlGroups::~ControlGroups() { give_up(); }

bool ControlGroups::prepare_version_2(const std::string& folder) {
    const std::string available = read_text(folder + "/cgroup.controllers");
    if (!has_word(available, "memory")) return false;
    const std::string control = folder + "/cgroup.subtree_control";
    if (!write_text(control, "+memory")) {
        // A group with processes of its own has no limited groups below it: into one of our own.
        std::istringstream pids(read_text(folder + "/cgroup.procs"));
        if (std::distance(std::istream_iterator<std::string>(pids), {}) > 1) return false;
        const std::string own = folder + "/" + kPrefix + "server";
        ::mkdir(own.c_str(), 0755);
        if (!write_text(own + "/cgroup.procs", "0") || !write_text(control, "+memory"))
            return false;
    }
    ControlGroup::Part hierarchy{folder, {"memory"}};
    for (const char* controller : {"pids", "cpu"}) {
        if (has_word(available, controller) && write_text(control, std::string("+") + controller))
            hierarchy.controllers.emplace_back(controller);
    }
    hierarchy.controllers.emplace_back("freezer");
    hierarchies_ = {std::move(hierarchy)};
    return true;
}

// Of servers that were killed.
void ControlGroups::remove_left_over() const {
    for (const ControlGroup::Part& hierarchy : hierarchies_) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(hierarchy.folder, error)) {
            const std::string name = entry.path().filename();
            if (!name.starts_with(kPrefix)) continue;
            const long pid =
                std::strtol(name.c_str() + std::string_view(kPrefix).size(), nullptr, 10);
            if (pid <= 0 || fs::exists(fmt::format("{}/proc/{}", root_, pid), error)) continue;
            for (const auto& inner : fs::directory_iterator(entry.path(), error)) {
                if (inner.is_directory(error)) ::rmdir(inner.path().c_str());
            }
            ::rmdir(entry.path().c_str());
        }
    }
}

void ControlGroups::give_up() {
    for (const ControlGroup::Part& hierarchy : hierarchies_) ::rmdir(hierarchy.folder.c_str());
    hierarchies_.clear();
    version_ = 0;
}

std::string ControlGroups::describe() const {
    if (version_ == 0) return "no control groups";
    std::vector<std::string> all;
    for (const ControlGroup::Part& hierarchy : hierarchies_)
        all.insert(all.end(), hierarchy.controllers.begin(), hierarchy.controllers.end());
    return fmt::format("control groups version {} ({})", version_, fmt::join(all, ", "));
}

std::unique_ptr<ControlGroup> ControlGroups::make(const std::string& name) const {
    if (version_ == 0) return nullptr;
    std::vector<ControlGroup::Part> parts;
    bool good = true;
    for (const ControlGroup::Part& hierarchy : hierarchies_) {
        parts.push_back({hierarchy.folder + "/" + name, hierarchy.controllers});
        // One that could not be removed is as good: its limits are set anew.
        good = (::mkdir(parts.back().folder.c_str(), 0755) == 0 || errno == EEXIST) && good;
    }
    auto group = std::make_unique<ControlGroup>(version_, std::move(parts));
    if (!good) return nullptr;
    return group;
}

}  // namespace millrace::sandbox
