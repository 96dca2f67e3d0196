// What a process in a sandbox can and cannot do, asked with a shell as the function.
#include "sandbox/launch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;

Result<Launched> launch_now(const LaunchPlan& plan) {
    MR_TRY(Prepared prepared, prepare({}));
    return launch(std::move(prepared), plan);
}

class LaunchTest : public testing::Test {
protected:
    LaunchTest() {
        std::string pattern = (fs::temp_directory_path() / "launch-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        // As in a data folder: closed to all others, the code below readable.
        fs::create_directories(folder_ + "/code");
        ::chmod((folder_ + "/code").c_str(), 0755);
        std::ofstream(folder_ + "/code/m.py") << "the code";
        std::ofstream(folder_ + "/secret") << "secret";
        choose_identity(5, plan_);
        plan_.tmp_bytes = 2 << 20;
        plan_.binds = {{folder_ + "/code", "/var/task"}};
        plan_.environment = {"PATH=/usr/bin:/bin", "SETTING=value"};
    }
    ~LaunchTest() override { fs::remove_all(folder_); }

    struct Ended {
        std::string output;
        int status = -1;
    };
    Ended run(const std::string& script) {
        plan_.arguments = {"/bin/sh", "-c", script};
        Result<Launched> launched = launch_now(plan_);
        if (!launched) return {launched.error().message, -1};
        Ended ended;
        ::waitpid(launched->pid, &ended.status, 0);
        char buffer[4096];
        for (ssize_t n = 0; (n = ::read(launched->output.get(), buffer, sizeof buffer)) > 0;)
            ended.output.append(buffer, static_cast<size_t>(n));
        return ended;
    }
    std::string folder_;
    LaunchPlan plan_;
};

TEST(LaunchPlan, ComesBackFromItsBytes) {
    LaunchPlan plan;
    plan.uid = 7;
    plan.gid = 8;
    plan.user_namespace = true;
    plan.memory_files = false;
    plan.tmp_bytes = uint64_t{10} << 30;
    plan.binds = {{"/a b", "/c"}, {"/d", ""}};
    plan.arguments = {"/bin/x", "", "--y"};
    plan.environment = {"A=1\n2"};
    LaunchPlan back;
    ASSERT_TRUE(decode(encode(plan), back));
    EXPECT_EQ(encode(back), encode(plan));
    EXPECT_EQ(back.arguments, plan.arguments);
    EXPECT_EQ(back.binds[1].source, "/d");
    const std::string bytes = encode(plan);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode(bytes.substr(0, n), back)) << n;
}

TEST_F(LaunchTest, HasNoRights) {
    const Ended ended = run("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; id -u");
    EXPECT_EQ(
        ended.output,
        "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
        "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n" +
            std::to_string(plan_.uid) + "\n");
    EXPECT_NE(plan_.uid, ::geteuid());
}

TEST_F(LaunchTest, IsAUserOfItsOwnWhenTheServerIsRoot) {
    plan_.arguments = {"/bin/sleep", "100"};
    Result<Launched> launched = launch_now(plan_);
    ASSERT_TRUE(launched) << launched.error().message;
    std::ifstream status("/proc/" + std::to_string(launched->pid) + "/status");
    const uid_t user = ::geteuid() == 0 ? 1'879'048'197 : ::geteuid();
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("Uid:"))
            EXPECT_EQ(line, fmt::format("Uid:\t{0}\t{0}\t{0}\t{0}", user));
        if (line.starts_with("Groups:") && ::geteuid() == 0)
            EXPECT_EQ(line.find_first_of("0123456789"), std::string::npos) << line;
    }
    // Closing what the server holds of it ends it.
    launched->life.reset();
    int ended = 0;
    EXPECT_EQ(::waitpid(launched->pid, &ended, 0), launched->pid);
}

TEST_F(LaunchTest, SeesItsCodeAndLittleElse) {
    EXPECT_EQ(run("cat m.py").output, "the code");
    EXPECT_EQ(run("ls /; ls /etc").output,
              "bin\ndev\netc\nlib\n" + std::string(fs::exists("/lib32") ? "lib32\n" : "") +
                  (fs::exists("/lib64") ? "lib64\n" : "") +
                  "proc\nsbin\ntmp\nusr\nvar\nalternatives\ngroup\nhosts\nld.so.cache\npasswd\n" +
                  (fs::exists("/etc/pki/tls/certs") ? "pki\n" : "") + "ssl\n");
    EXPECT_NE(run("cat " + folder_ + "/secret").output.find("No such file"), std::string::npos);
    EXPECT_EQ(run("echo /proc/[0-9]*").output, "/proc/1 /proc/2\n");
    EXPECT_EQ(run("wc -c < /proc/keys").output, "0\n");
    EXPECT_EQ(run("echo $SETTING; ls /proc/self/fd | wc -l").output, "value\n4\n");
}

TEST_F(LaunchTest, WritesNowhereButTmp) {
    for (const char* path : {"/x", "/var/task/x", "/usr/x", "/etc/x", "/dev/x", "/proc/self/comm",
                             "/proc/sys/kernel/hostname", "/proc/sys/user/max_user_namespaces"}) {
        const Ended ended = run(std::string("echo a > ") + path);
        EXPECT_NE(ended.status, 0) << path;
    }
    EXPECT_EQ(run("echo a > /tmp/x && cat /tmp/x").output, "a\n");
    EXPECT_NE(run("head -c 3000000 /dev/zero > /tmp/x").output.find("No space left"),
              std::string::npos);
    EXPECT_EQ(run("i=0; while [ $i -lt 200 ] && true > /tmp/$i; do i=$((i+1)); done 2> /dev/null; "
                  "[ $i -lt 130 ] && echo bounded")
                  .output,
              "bounded\n");
}

// A limit of 0 does not keep a core from a program that the host pipes it to; 1 does.
TEST_F(LaunchTest, LeavesNoCoreToTheHost) {
    EXPECT_EQ(run("grep -c '^Max core file size *1 *1 *bytes' /proc/self/limits").output, "1\n");
    EXPECT_NE(run("ulimit -c 0").status, 0);
    EXPECT_EQ(run("ulimit -n 100 && ulimit -n").output, "100\n");
}

TEST_F(LaunchTest, HasOnlyALoopback) {
    EXPECT_EQ(run("grep -c : /proc/net/dev; cat /proc/net/route | wc -l").output, "1\n1\n");
}

TEST_F(LaunchTest, MakesNoNamespacesOrMounts) {
    for (const char* command :
         {"unshare -U true", "unshare -Ur true", "unshare -n true", "mount -t tmpfs x /tmp",
          "mount -o remount,rw /", "chroot /tmp", "nsenter -t 1 -m true"}) {
        EXPECT_NE(run(command).status, 0) << command;
    }
}

TEST_F(LaunchTest, EndsWithItsFunctionAndSaysHow) {
    EXPECT_EQ(WEXITSTATUS(run("sleep 100 & exit 3").status), 3);
    EXPECT_EQ(WEXITSTATUS(run("kill -9 $$").status), 128 + 9);
    plan_.arguments = {"/var/task/missing"};
    Result<Launched> launched = launch_now(plan_);
    ASSERT_TRUE(launched) << launched.error().message;
    int status = 0;
    ::waitpid(launched->pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 127);
}

TEST_F(LaunchTest, SaysWhatIsMissing) {
    plan_.binds = {{folder_ + "/nothing", "/var/task"}};
    plan_.arguments = {"/bin/true"};
    const Result<Launched> launched = launch_now(plan_);
    ASSERT_FALSE(launched);
    EXPECT_EQ(launched.error().message, "the function could not be isolated: cannot open " +
                                            folder_ + "/nothing: No such file or directory");
}

}  // namespace
}  // namespace millrace::sandbox
