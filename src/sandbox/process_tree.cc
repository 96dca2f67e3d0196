#include "sandbox/process_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "sandbox/launch.h"

namespace millrace::sandbox {
namespace {

// More than a sandbox may have.
constexpr size_t kProcessesMax = 2048;
constexpr int kStopRoundsMax = 20;

std::string read_text(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char buffer[4096];
    ssize_t n = 0;
    while (file && (n = ::read(file.get(), buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(n));
    return text;
}

// Those below the first; orphans are children of the first. Each thread has children of its own.
std::vector<pid_t> processes_below(pid_t first) {
    std::vector<pid_t> all;
    const auto add_children = [&](pid_t parent) {
        std::error_code error;
        for (std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", parent), error),
             none;
             !error && task != none; task.increment(error)) {
            const std::string text = read_text(task->path().string() + "/children");
            const char* at = text.c_str();
            char* end = nullptr;
            for (long child = 0;
                 (child = std::strtol(at, &end, 10)) > 0 && all.size() < kProcessesMax; at = end) {
                all.push_back(static_cast<pid_t>(child));
            }
        }
    };
    add_children(first);
    for (size_t i = 0; i < all.size(); ++i) add_children(all[i]);
    return all;
}

uint64_t kilobytes_of(std::string_view text, std::string_view name) {
    const size_t at = text.find(name);
    return at == std::string_view::npos
               ? 0
               : std::strtoull(text.data() + at + name.size(), nullptr, 10);
}

}  // namespace

uint64_t memory_of_tree(pid_t first, uint64_t enough) {
    const std::vector<pid_t> processes = processes_below(first);
    const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    uint64_t resident = 0;
    for (const pid_t process : processes) {
        const std::string text = read_text(fmt::format("/proc/{}/statm", process));
        unsigned long total = 0;
        unsigned long pages = 0;
        if (std::sscanf(text.c_str(), "%lu %lu", &total, &pages) == 2)
            resident += pages * page_bytes;
    }
    if (resident <= enough) return resident;
    // Pages that processes share, after a fork or of a file, were counted for each.
    uint64_t kilobytes = 0;
    for (const pid_t process : processes) {
        const std::string text = read_text(fmt::format("/proc/{}/smaps_rollup", process));
        if (text.find("Pss_Shmem:") != std::string::npos) {
            kilobytes += kilobytes_of(text, "Pss_Anon:") + kilobytes_of(text, "Pss_Shmem:");
        } else {
            // Before Linux 5.4, or not for this process to read: what is shared, for each.
            const std::string status = read_text(fmt::format("/proc/{}/status", process));
            kilobytes += kilobytes_of(status, "RssAnon:") + kilobytes_of(status, "RssShmem:");
        }
    }
    return kilobytes << 10;
}

void signal_tree(pid_t first, int signal) {
    for (const pid_t process : processes_below(first)) ::kill(process, signal);
}

bool stop_tree(pid_t first) {
    std::set<pid_t> stopped;
    for (int round = 0; round < kStopRoundsMax; ++round) {
        bool found_more = false;
        for (const pid_t process : processes_below(first)) {
            if (!stopped.insert(process).second) continue;
            found_more = true;
            ::kill(process, SIGSTOP);
        }
        if (!found_more) return true;
    }
    return false;
}

}  // namespace millrace::sandbox
