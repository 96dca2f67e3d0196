// ControlGroups: limits of memory, processes and processor share, and freezing, through the
// kernel's control groups: version 2 where this process may make groups below its own (a delegated
// unit of systemd, a container), else version 1, else none. Thread-safety: safe from any thread
// once made. Source: the kernel's admin-guide, cgroup-v2 and cgroup-v1.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::sandbox {

struct GroupLimits {
    uint64_t memory_bytes_max = 0;
    int processes_max = 0;
    int memory_mb = 0;  // the function's: its share of the processors, as on AWS
};

// One environment's groups, which are removed with it. Everything in them has to have ended.
class ControlGroup {
public:
    struct Part {
        std::string folder;
        std::vector<std::string> controllers;
    };
    ControlGroup(int version, std::vector<Part> parts);
    ~ControlGroup();
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;
    // False when the kernel refuses.
    bool limit(const GroupLimits& limits) const;
    // The files that a process writes to in order to enter.
    std::vector<std::string> entrances() const;
    // Bytes of memory that its processes have for themselves; files of a tmpfs do not count.
    std::optional<uint64_t> memory_used() const;
    // False when there is nothing to freeze with: version 1 could, but what it freezes cannot be
    // killed, and would outlive a server that is.
    bool freeze(bool frozen) const;

private:
    int version_;
    std::vector<Part> parts_;
    std::string memory_;   // the file of statistics
    std::string freezer_;  // the file; empty: none
};

class ControlGroups {
public:
    // `root`: prefix of all paths, for tests.
    explicit ControlGroups(std::string root = "");
    ~ControlGroups();
    ControlGroups(const ControlGroups&) = delete;
    ControlGroups& operator=(const ControlGroups&) = delete;
    // Whether memory is limited; otherwise the caller has to watch it.
    bool limits_memory() const { return version_ != 0; }
    // Uses none from now on; no group may be left.
    void give_up();
    // For the log: which version, with which controllers.
    std::string describe() const;
    // Null when there are none or the kernel refuses.
    std::unique_ptr<ControlGroup> make(const std::string& name) const;

private:
    bool prepare_version_2(const std::string& folder);
    void remove_left_over() const;
    std::string root_;
    int version_ = 0;
    std::vector<ControlGroup::Part> hierarchies_;  // in which groups are made
};

}  // namespace millrace::sandbox
