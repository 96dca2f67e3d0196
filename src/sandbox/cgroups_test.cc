// Against a folder that looks like /proc and /sys/fs/cgroup of several machines.
#include "sandbox/cgroups.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

class Machine {
public:
    Machine() {
        std::string pattern = (fs::temp_directory_path() / "cgroups-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Machine() { fs::remove_all(path_); }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    void write(const std::string& file, const std::string& text) const {
        fs::create_directories((path_ + file).substr(0, (path_ + file).rfind('/')));
        std::ofstream(path_ + file) << text;
    }
    std::string read(const std::string& file) const {
        std::ifstream in(path_ + file);
        std::stringstream text;
        text << in.rdbuf();
        return text.str();
    }
    bool has(const std::string& file) const { return fs::exists(path_ + file); }
    const std::string& path() const { return path_; }
    // Of this server.
    static std::string ours() { return fmt::format("/millrace-{}", ::getpid()); }

private:
    std::string path_;
};

constexpr GroupLimits kLimits{256 << 20, 1024, 128};

TEST(ControlGroups, Version2OfADelegatedUnit) {
    const Machine machine;
    machine.write("/proc/self/cgroup", "0::/system.slice/millrace.service\n");
    machine.write("/proc/self/mountinfo",
                  "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
    const std::string unit = "/sys/fs/cgroup/system.slice/millrace.service";
    machine.write(unit + "/cgroup.controllers", "cpu io memory pids\n");
    // Of a server that was killed.
    machine.write(unit + "/millrace-999999999/function-1/nothing", "");
    fs::remove(machine.path() + unit + "/millrace-999999999/function-1/nothing");
    const ControlGroups groups(machine.path());
    EXPECT_TRUE(groups.limits_memory());
    EXPECT_EQ(groups.describe(), "control groups version 2 (memory, pids, cpu, freezer)");
    EXPECT_FALSE(machine.has(unit + "/millrace-999999999"));
    const auto group = groups.make("function-7");
    ASSERT_NE(group, nullptr);
    EXPECT_TRUE(group->limit(kLimits));
    const std::string folder = unit + Machine::ours() + "/function-7";
    EXPECT_EQ(machine.read(folder + "/memory.max"), "268435456");
    EXPECT_EQ(machine.read(folder + "/memory.swap.max"), "0");
    EXPECT_EQ(machine.read(folder + "/pids.max"), "1024");
    EXPECT_EQ(machine.read(folder + "/cpu.weight"), "7");
    EXPECT_EQ(group->memory_used(), std::nullopt);
    machine.write(folder + "/memory.stat", "anon 4096\nfile 8192\n");
    EXPECT_EQ(group->memory_used(), 4096U);
    EXPECT_EQ(group->entrances(),
              std::vector<std::string>{machine.path() + folder + "/cgroup.procs"});
    EXPECT_TRUE(group->freeze(true));
    EXPECT_EQ(machine.read(folder + "/cgroup.freeze"), "1");
    EXPECT_TRUE(group->freeze(false));
    EXPECT_EQ(machine.read(folder + "/cgroup.freeze"), "0");
}

TEST(ControlGroups, Version1) {
    const Machine machine;
    machine.write("/proc/self/cgroup", "8:pids:/\n4:memory:/box/a\n1:cpu,cpuacct:/\n0::/\n");
    machine.write("/proc/self/mountinfo",
                  "31 30 0:27 / /g/memory rw - cgroup cgroup rw,memory\n"
                  "32 30 0:28 / /g/pids rw - cgroup cgroup rw,pids\n"
                  "33 30 0:29 / /g/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                  "35 30 0:31 / /g/unified rw - cgroup2 cgroup2 rw\n");
    machine.write("/g/unified/cgroup.controllers", "hugetlb\n");
    for (const char* folder : {"/g/memory/box/a", "/g/pids", "/g/cpu"})
        fs::create_directories(machine.path() + folder);
    const ControlGroups groups(machine.path());
    EXPECT_EQ(groups.describe(), "control groups version 1 (pids, memory, cpu)");
    const auto group = groups.make("function-0");
    ASSERT_NE(group, nullptr);
    EXPECT_TRUE(group->limit(kLimits));
    const std::string name = Machine::ours() + "/function-0";
    EXPECT_EQ(machine.read("/g/memory/box/a" + name + "/memory.limit_in_bytes"), "268435456");
    EXPECT_EQ(machine.read("/g/pids" + name + "/pids.max"), "1024");
    EXPECT_EQ(machine.read("/g/cpu" + name + "/cpu.shares"), "74");
    EXPECT_EQ(group->entrances().size(), 3U);
    machine.write("/g/memory/box/a" + name + "/memory.stat", "cache 1\nrss 2\ntotal_rss 3\n");
    EXPECT_EQ(group->memory_used(), 3U);
    EXPECT_FALSE(group->freeze(true));
}

TEST(ControlGroups, NoneWithoutTheMemoryController) {
    const Machine machine;
    machine.write("/proc/self/cgroup", "8:pids:/\n0::/\n");
    machine.write("/proc/self/mountinfo",
                  "32 30 0:28 / /g/pids rw - cgroup cgroup rw,pids\n"
                  "35 30 0:31 / /g/unified rw - cgroup2 cgroup2 rw\n");
    fs::create_directories(machine.path() + "/g/pids");
    machine.write("/g/unified/cgroup.controllers", "pids\n");
    const ControlGroups groups(machine.path());
    EXPECT_FALSE(groups.limits_memory());
    EXPECT_EQ(groups.describe(), "no control groups");
    EXPECT_EQ(groups.make("function-0"), nullptr);
}

}  // namespace
}  // namespace millrace::sandbox
